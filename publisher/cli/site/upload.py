"""What `publish build --upload` wires: the site's bucket, the channel that signs its manifest, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from publisher.cli.options import open_ready
from publisher.cli.output.emit import Report
from publisher.errors import StorageConflict, StorageError, StorageMissing, StorageTooLarge, VerificationError
from publisher.model.catalog import Catalog
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.progress import Track
from publisher.pipeline.publication.plan import Publication
from publisher.pipeline.site.files import SiteFile
from publisher.pipeline.site.signing import apply_signing
from publisher.pipeline.site.upload import SitePlan, Uploaded, apply_upload, plan_upload, refuse_same_place
from publisher.storage.open import open_storage
from publisher.storage.protocol import Body, Storage
from publisher.text.terminal import versions, whole, wrapped


@dataclass(frozen=True)
class Places:
    """The buckets of an upload, found fit."""

    site: Storage
    channel: Storage | None
    """Of the channel that signs the site's manifest."""


@dataclass(frozen=True)
class Done:
    """What was planned and, unless it was a dry run, done."""

    plan: SitePlan
    signing: Publication | None
    uploaded: Uploaded | None


def open_places(site: str, channel: str | None, catalog: Catalog, now: datetime, *, dry_run: bool) -> Places:
    """Before any work: both buckets, tried out unless nothing will be written. Raises InputError, StorageError.

    The site's bucket must lie apart from the channel's, also from the one that the configuration names.
    """
    for other in (channel, catalog.endpoints.storage):
        refuse_same_place(open_storage(site).url, open_storage(other).url if other else None)
    ready = open_storage if dry_run else partial(open_ready, now=now)
    places = Places(ready(site), ready(channel) if channel is not None else None)
    if places.channel is not None and not places.channel.is_prepared():
        raise StorageError(
            f"there is no channel in {channel}, so the site cannot be signed there",
            fix="publish a release first, or upload without --channel-bucket",
        )
    return places


def published(site: Storage, paths: Iterable[str]) -> dict[str, bytes]:
    """Some files as they were uploaded before, by path, without those that are missing or larger than any of ours."""
    files = {}
    for path in paths if site.is_prepared() else ():
        with suppress(StorageMissing, StorageTooLarge):
            files[path] = site.read(path, SMALL)[0]
    return files


def upload(
    files: tuple[SiteFile, ...],
    places: Places,
    sign: Callable[[Body, Storage], Publication],
    track: Track,
    *,
    everything: bool,
    dry_run: bool,
) -> Done:
    """Plan all of it, signatures too; then upload, and publish the signed manifest last."""
    plan = plan_upload(files, places.site, everything=everything)
    signing = sign(plan.manifest, places.channel) if places.channel is not None else None
    if dry_run:
        return Done(plan, signing, None)
    uploaded = apply_upload(plan, places.site, track)
    if places.channel is not None and signing is not None:
        try:
            apply_signing(signing, places.channel)
        except (StorageConflict, VerificationError) as error:
            raise type(error)(f"the site is uploaded, but not signed: {error.what}", fix=error.fix) from error
    return Done(plan, signing, uploaded)


@dataclass(frozen=True)
class BuildReport(Report):
    """Where the site was built, and what was uploaded of it."""

    directory: Path | None
    upload: Done | None

    def lines(self, width: int) -> Iterator[str]:
        if self.directory is not None:
            yield from wrapped(f"Site built in {whole(self.directory)}", width)
        if self.upload is not None:
            yield from _lines(self.upload)

    def data(self) -> dict[str, object]:
        return {"directory": self.directory, "upload": _data(self.upload) if self.upload else None}


def _lines(done: Done) -> Iterator[str]:
    plan, signing = done.plan, done.signing
    if done.uploaded is None:
        yield f"Plan for {plan.url}; nothing was written there."
        yield from (f"  {'create' if put.tag is None else 'replace':8} {put.path}" for put in plan.puts)
        yield from (f"  {'delete':8} {key}" for key in plan.stale)
        yield f"  {plan.unchanged} files unchanged."
    elif plan.nothing_to_do:
        yield f"{plan.url} already holds exactly this site; nothing was written."
    else:
        size = sum(put.body.size for put in plan.puts)
        counts = f"{len(plan.puts)} files, {size:,} bytes; {len(plan.stale)} deleted, {plan.unchanged} unchanged"
        yield f"Uploaded to {plan.url}: {counts}"
    if signing is None:
        yield "Not signed; sign it with --channel-bucket, so that `publish verify --site` can detect a defaced page."
    elif signing.nothing_to_do:
        yield "Its manifest is signed already."
    else:
        yield f"{'Would sign' if done.uploaded is None else 'Signed'}: {versions(signing.changed_roles)}"


def _data(done: Done) -> dict[str, object]:
    plan, signing, uploaded = done.plan, done.signing, done.uploaded
    return {
        "storage": plan.url,
        "dry_run": uploaded is None,
        "plan": {"write": [put.path for put in plan.puts], "delete": plan.stale, "unchanged": plan.unchanged},
        "written": uploaded.written.keys if uploaded else [],
        "bytes_written": uploaded.written.size if uploaded else 0,
        "deleted": uploaded.deleted if uploaded else [],
        "manifest_sha256": plan.manifest.sha256,
        "signed": signing is not None and (uploaded is not None or signing.nothing_to_do),
        "roles": dict(signing.changed_roles) if signing else {},
    }
