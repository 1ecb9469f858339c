"""What `publish build --upload` wires: the site's bucket, the channel that signs its manifest, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.errors import StorageConflict, StorageError
from publisher.model.catalog import Catalog
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.progress import Track
from publisher.pipeline.site_files import read_site
from publisher.pipeline.site_signing import SigningPlan, apply_signing, plan_signing
from publisher.pipeline.site_upload import SitePlan, Uploaded, apply_upload, plan_upload, refuse_same_place
from publisher.storage.open import open_storage


@dataclass(frozen=True)
class UploadTo:
    """Where the site goes."""

    url: str
    channel: str | None
    """Bucket of the channel that signs the site's manifest."""
    everything: bool


@dataclass(frozen=True)
class Done:
    """What was planned and, unless it was a dry run, done."""

    plan: SitePlan
    signing: SigningPlan | None
    uploaded: Uploaded | None


def refuse_unfit(to: UploadTo, catalog: Catalog) -> None:
    """Before any work: refuse a place that is a channel's, by its address. Raises InputError, StorageError."""
    site = open_storage(to.url)
    for channel in (to.channel, catalog.endpoints.storage):
        refuse_same_place(site.url, open_storage(channel).url if channel else None)
    if to.channel is not None and not open_storage(to.channel).is_prepared():
        raise StorageError(
            f"there is no channel in {to.channel}, so the site cannot be signed there",
            fix="publish a release first, or upload without --channel-bucket",
        )


def upload(
    directory: Path,
    to: UploadTo,
    catalog: Catalog,
    root: bytes,
    keys: KeyRing | None,
    clock: Callable[[], datetime],
    track: Track,
    *,
    dry_run: bool,
) -> Done:
    """Plan all of it, signatures too; then upload, and publish the signed manifest last."""
    storage = open_storage(to.url)
    plan = plan_upload(read_site(directory), storage, everything=to.everything)
    signing = None
    channel = open_storage(to.channel) if to.channel is not None else None
    if channel is not None and keys is not None:
        signing = plan_signing(plan.manifest, channel, root, catalog.signers, keys, clock())
    if dry_run:
        return Done(plan, signing, None)
    uploaded = apply_upload(plan, storage, track)
    if channel is not None and signing is not None:
        try:
            apply_signing(signing, channel)
        except StorageConflict as error:
            raise StorageConflict(f"the site is uploaded, but not signed: {error.what}", fix=error.fix) from error
    return Done(plan, signing, uploaded)


def lines_of(done: Done) -> list[str]:
    """The result for people."""
    plan, signing = done.plan, done.signing
    lines: list[str] = []
    if done.uploaded is None:
        lines.append(f"Plan for {plan.url}; nothing was written there.")
        lines.extend(f"  {'create' if one.tag is None else 'replace':8} {one.path}" for one in plan.puts)
        lines.extend(f"  {'delete':8} {key}" for key in plan.stale)
        lines.append(f"  {plan.unchanged} files stay as they are.")
    elif plan.nothing_to_do:
        lines.append(f"{plan.url} already holds exactly this site; nothing was written.")
    else:
        size = sum(one.body.size for one in plan.puts)
        counts = f"{len(plan.puts)} files, {size:,} bytes; {len(plan.stale)} deleted, {plan.unchanged} unchanged"
        lines.append(f"Uploaded to {plan.url}: {counts}")
    if signing is None:
        lines.append("Not signed: with --channel-bucket, `publish verify --site` would notice a defaced page.")
    elif signing.nothing_to_do:
        lines.append("Its manifest is signed already.")
    else:
        roles = ", ".join(f"{role} {version}" for role, version in signing.changed_roles)
        lines.append(f"{'Would sign' if done.uploaded is None else 'Signed'}: {roles}")
    return lines


def as_json_of(done: Done) -> dict[str, object]:
    """The result for machines."""
    plan, signing, uploaded = done.plan, done.signing, done.uploaded
    return {
        "storage": plan.url,
        "dry_run": uploaded is None,
        "plan": {"write": [one.path for one in plan.puts], "delete": list(plan.stale), "unchanged": plan.unchanged},
        "written": list(uploaded.written.keys) if uploaded else [],
        "bytes_written": uploaded.written.size if uploaded else 0,
        "deleted": list(uploaded.deleted) if uploaded else [],
        "manifest_sha256": plan.manifest.sha256,
        "signed": signing is not None and (uploaded is not None or signing.nothing_to_do),
        "roles": dict(signing.changed_roles) if signing else {},
    }
