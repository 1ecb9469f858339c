"""The site's manifest as a signed target of the channel, so that `publish verify --site` notices a defaced page."""

from __future__ import annotations

import copy
from datetime import datetime

from tuf.api.metadata import Metadata, TargetFile, Targets

from publisher.channel.layout import SITE_ROLE, SITE_TARGET, target_key
from publisher.channel.repository import delegated_roles
from publisher.channel.roles import is_due
from publisher.errors import SigningError, StorageConflict, StorageError
from publisher.model.catalog import Catalog
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.storage.protocol import Body, Storage


def plan_signing(manifest: Body, bucket: Bucket, catalog: Catalog, keys: KeyRing, now: datetime) -> Publication:
    """Sign a manifest on paper, with the keys of notes, snapshot and timestamp; `targets` stays as it is live.

    Nothing where it is signed already, and the signature is not due.

    Raises StorageError when nothing is published yet, SigningError when keys are missing or `targets` does not let
    the role notes vouch for the site.
    """
    live = bucket.live
    if live is None:
        raise StorageError(
            "nothing is published in the channel's bucket yet, so the site cannot be signed there",
            fix="publish a release first, or upload without --channel-bucket",
        )
    _refuse_undelegated(live.targets)
    role = live.roles.get(SITE_ROLE)
    if role is not None and _lists(role, manifest) and not is_due(catalog.signers, SITE_ROLE, role.signed, now):
        return Publication()
    listing = copy.deepcopy(role.signed) if role else Targets(version=1, expires=now)
    listing.targets[SITE_TARGET] = TargetFile(manifest.size, {"sha256": manifest.sha256}, SITE_TARGET)
    metadata = bucket.advance(catalog.signers, keys.of, now).to(live.targets.signed, {}, {SITE_ROLE: listing})
    body = LedgerEntryBody.routine(LedgerAction.SIGN_SITE, catalog.policy_at(now))
    listed = PlannedObject.of(target_key(SITE_TARGET, manifest.sha256), manifest)
    return plan_publication(body, metadata, bucket, keys, now, before=[listed])


def apply_signing(plan: Publication, storage: Storage) -> Written:
    """Write manifest and metadata, the timestamp last. Raises StorageConflict when somebody published meanwhile."""
    try:
        return plan.apply(storage)
    except StorageConflict as error:
        raise StorageConflict(
            "somebody else has just published; their changes were kept",
            fix="run the command again; it starts from the current state",
        ) from error


def _lists(role: Metadata[Targets], manifest: Body) -> bool:
    target = role.signed.targets.get(SITE_TARGET)
    return target is not None and (target.length, target.hashes.get("sha256")) == (manifest.size, manifest.sha256)


def _refuse_undelegated(targets: Metadata[Targets]) -> None:
    role = delegated_roles(targets.signed).get(SITE_ROLE)
    if role is None or not role.is_delegated_path(SITE_TARGET):
        raise SigningError(
            f"the channel's live `targets` does not let the role {SITE_ROLE} vouch for {SITE_TARGET} yet",
            fix="publish a release with the keys of `targets`, which renews it; until then upload without"
            " --channel-bucket",
        )
