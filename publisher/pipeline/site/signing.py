"""The site's manifest as a signed target of the channel, so that `publish verify --site` notices a defaced page."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, TargetFile, Targets

from publisher.channel.advance import Advance
from publisher.channel.layout import SITE_ROLE, SITE_TARGET, TIMESTAMP_KEY, target_key
from publisher.channel.repository import follow_roots, read_repository
from publisher.channel.roles import is_due
from publisher.errors import SigningError, StorageConflict, StorageError
from publisher.model.catalog import Catalog
from publisher.model.records.ledger import Action, Told
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.publication.commit import Flip, commit, plan_flip
from publisher.pipeline.reading import Readable, reader
from publisher.storage.protocol import Body, Storage


@dataclass(frozen=True)
class SigningPlan:
    """What signing a manifest writes; nothing, when it is signed already and the signature is not due."""

    objects: tuple[PlannedObject, ...] = ()
    flip: Flip | None = None
    changed_roles: tuple[tuple[str, int], ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether this very manifest is signed."""
        return self.flip is None


def plan_signing(
    manifest: Body, storage: Readable, root: bytes, catalog: Catalog, keys: KeyRing, now: datetime
) -> SigningPlan:
    """Sign a manifest on paper, with the keys of notes, snapshot and timestamp; `targets` stays as it is live.

    Raises StorageError when nothing is published yet, SigningError when keys are missing or `targets` does not let
    the role notes vouch for the site.
    """
    read = reader(storage)
    stat = storage.stat(TIMESTAMP_KEY)
    live = read_repository(read, root)
    if live is None:
        raise StorageError(
            "nothing is published in the channel's bucket yet, so the site cannot be signed there",
            fix="publish a release first, or upload without --channel-bucket",
        )
    _refuse_undelegated(live.targets)
    role = live.roles.get(SITE_ROLE)
    if role is not None and _lists(role, manifest) and not is_due(catalog.signers, SITE_ROLE, role.signed, now):
        return SigningPlan()
    wanted = copy.deepcopy(role.signed) if role else Targets(version=1, expires=now)
    wanted.targets[SITE_TARGET] = TargetFile(manifest.size, {"sha256": manifest.sha256}, SITE_TARGET)
    current_root = tuple(follow_roots(read, root))[-1]
    advance = Advance(live, current_root, catalog.signers, keys.of, read, now)
    metadata = advance.to(live.targets.signed, {}, {SITE_ROLE: wanted})
    told = Told.routine(Action.SIGN_SITE, catalog.policy_at(now))
    return SigningPlan(
        objects=(
            PlannedObject.of(target_key(SITE_TARGET, manifest.sha256), manifest),
            *(PlannedObject.of(key, Body.from_bytes(data)) for key, data in metadata.objects),
        ),
        flip=plan_flip(told, metadata, live, stat.tag if stat else None, keys, now),
        changed_roles=metadata.changed,
    )


def apply_signing(plan: SigningPlan, storage: Storage) -> Written:
    """Write manifest and metadata, the timestamp last. Raises StorageConflict when somebody published in between."""
    if plan.flip is None:
        return Written()
    try:
        written = write_objects(plan.objects, storage, silent)
        return commit(plan.flip, storage, written)
    except StorageConflict as error:
        raise StorageConflict(
            "somebody else published in between; nothing of theirs was touched",
            fix="run the command again; it starts from what is there now",
        ) from error


def _lists(role: Metadata[Targets], manifest: Body) -> bool:
    target = role.signed.targets.get(SITE_TARGET)
    return target is not None and (target.length, target.hashes.get("sha256")) == (manifest.size, manifest.sha256)


def _refuse_undelegated(targets: Metadata[Targets]) -> None:
    delegations = targets.signed.delegations
    role = delegations.roles.get(SITE_ROLE) if delegations and delegations.roles else None
    if role is None or not role.is_delegated_path(SITE_TARGET):
        raise SigningError(
            f"the channel's live `targets` does not let the role {SITE_ROLE} vouch for {SITE_TARGET} yet",
            fix="publish a release with the keys of `targets` at hand, which renews it; until then upload without"
            " --channel-bucket",
        )
