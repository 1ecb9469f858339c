"""The site's manifest and the security advisories as signed targets of the channel (R86).

So `publish verify --site` notices a defaced page, and programs read advisories that nobody can forge or withhold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tuf.api.metadata import Metadata, TargetFile, Targets

from publisher.channel.layout import SITE_ROLE, SITE_TARGET, advisories_target, is_advisories_target, target_key
from publisher.channel.mitigations import notes_to_sign
from publisher.channel.repository import Repository, delegated_roles
from publisher.channel.roles import is_due, lifetime_of
from publisher.errors import InputError, SigningError, StorageConflict, StorageError
from publisher.model.catalog import Catalog
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.storage.protocol import Body, Storage


def plan_signing(
    manifest: Body,
    advisories: Mapping[str, bytes],
    bucket: Bucket,
    catalog: Catalog,
    keys: KeyRing,
    now: datetime,
) -> Publication:
    """Sign a manifest and the advisories of each product, with the keys of notes, snapshot and timestamp.

    `targets` stays as it is live. Nothing where all of it is signed already, and the signature is not due.

    Raises StorageError when nothing is published yet, SigningError when keys are missing or `targets` does not let
    the role notes vouch for the site and the advisories, InputError when advisories are too large to be read again.
    """
    files = {SITE_TARGET: manifest, **{advisories_target(product): _body(data) for product, data in advisories.items()}}
    live = bucket.live
    if live is None:
        raise StorageError(
            "nothing is published in the channel's bucket yet, so the site cannot be signed there",
            fix="publish a release first, or upload without --channel-bucket",
        )
    _refuse_undelegated(live.targets, files)
    role = live.roles.get(SITE_ROLE)
    before = {path: target for path, target in role.signed.targets.items() if _is_ours(path)} if role else {}
    after = {path: TargetFile(body.size, {"sha256": body.sha256}, path) for path, body in files.items()}
    if role is not None and before == after and not is_due(catalog.signers, SITE_ROLE, role.signed, now):
        return Publication()
    listing = notes_to_sign(live, now)
    listing.targets = {path: target for path, target in listing.targets.items() if path not in before} | after
    metadata = bucket.advance(catalog.signers, keys.of, now).to(live.targets.signed, {}, {SITE_ROLE: listing})
    body = LedgerEntryBody.routine(LedgerAction.SIGN_SITE, catalog.policy_at(now))
    objects = [
        PlannedObject.of(target_key(path, file.sha256), file)
        for path, file in files.items()
        if before.get(path) != after[path]
    ]
    return plan_publication(body, metadata, bucket, keys, now, before=objects)


def site_signed_at(live: Repository | None, signers: Signers) -> datetime | None:
    """When the role notes last vouched for the site's pages, as its end and its configured life tell; None where it
    does not.
    """
    role = live.roles.get(SITE_ROLE) if live is not None else None
    if role is None or SITE_TARGET not in role.signed.targets or signers.policy_of(SITE_ROLE) is None:
        return None
    return role.signed.expires - lifetime_of(signers, SITE_ROLE, role.signed)


def apply_signing(plan: Publication, storage: Storage) -> Written:
    """Write manifest and metadata, the timestamp last. Raises StorageConflict when somebody published meanwhile."""
    try:
        return plan.apply(storage)
    except StorageConflict as error:
        raise StorageConflict(
            "somebody else has just published; their changes were kept",
            fix="run the command again; it starts from the current state",
        ) from error


def _is_ours(path: str) -> bool:
    """Whether a target of the role is signed with the site, and not by whoever corrects notes."""
    return path == SITE_TARGET or is_advisories_target(path)


def _body(data: bytes) -> Body:
    if len(data) > SMALL:
        raise InputError(
            f"the advisories of one product have {len(data):,} bytes, more than the {SMALL:,} allowed",
            fix="move details elsewhere and name the place in `details_url`",
        )
    return Body.from_bytes(data)


def _refuse_undelegated(targets: Metadata[Targets], paths: Iterable[str]) -> None:
    role = delegated_roles(targets.signed).get(SITE_ROLE)
    for path in paths:
        if role is None or not role.is_delegated_path(path):
            raise SigningError(
                f"the channel's live `targets` does not let the role {SITE_ROLE} vouch for {path} yet",
                fix="publish a release with the keys of `targets`, which renews it; until then upload without"
                " --channel-bucket",
            )
