"""Renewals of what people sign, a twelfth of its life ahead: staged once, named until signed, then made live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Root

from publisher.channel.keys.rotation import renewal
from publisher.channel.repository import Repository
from publisher.channel.roles import ONLINE_ROLES, is_due, role_policy
from publisher.errors import StorageForeign, VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.configuration import Configuration
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.roles.change import KeySet, apply_keys, plan_keys, stage_roles, staged_role, works_on
from publisher.storage.protocol import Storage


@dataclass(frozen=True)
class DueRole:
    """A role of people that is due, or has expired."""

    role: str
    expires: datetime
    missing: tuple[str, ...]
    """Who has to sign its renewal, as parts of a list."""
    under_way: str | None
    """What the role works on instead, and what renews it as well when it is promoted: a release or a change of keys."""


@dataclass(frozen=True)
class Renewals:
    """What is due."""

    staged: KeySet
    """With a renewal of each role, there already or still to be staged."""
    waiting: tuple[DueRole, ...]
    """Roles that people have to act on."""

    @property
    def ready(self) -> KeySet:
        """Renewals that everybody has signed."""
        return KeySet(self.staged.bucket, tuple(role for role in self.staged.roles if not role.missing))


def find_renewals(bucket: Bucket, configuration: Configuration, keys: KeyRing, now: datetime) -> Renewals:
    """What people have to sign anew soon. Raises StorageError when nothing is published, VerificationError."""
    live, newest = bucket.published(), bucket.root
    staged, waiting = [], []
    for role, expires in sorted(_due(live, newest.signed, configuration, now).items()):
        if _renewed_along_the_way(role, configuration, keys):
            continue
        to_sign = renewal(live, newest, role, configuration.signers, now)
        try:
            role_staged = staged_role(to_sign, bucket, configuration.signers, now)
            other = works_on(to_sign, bucket.storage, configuration.signers, now) if role_staged.fresh else None
        except (VerificationError, StorageForeign) as error:  # the others are renewed all the same
            waiting.append(DueRole(role, expires, (), f"something unreadable ({error.what})"))
            continue
        if other is not None:
            waiting.append(DueRole(role, expires, (), other))
            continue
        staged.append(role_staged)
        if role_staged.missing:
            waiting.append(DueRole(role, expires, role_staged.missing, None))
    return Renewals(KeySet(bucket, tuple(staged)), tuple(waiting))


def renew(renewals: Renewals, storage: Storage, configuration: Configuration, keys: KeyRing, now: datetime) -> Written:
    """Stage what is not staged yet, and make live what everybody has signed. Raises StorageError, SigningError."""
    written = stage_roles(renewals.staged, storage, configuration, keys, now, replace=False)
    if not renewals.ready.roles:
        return written
    return written.then(apply_keys(plan_keys(renewals.ready, configuration, keys, now), storage))


def _due(live: Repository, root: Root, configuration: Configuration, now: datetime) -> dict[str, datetime]:
    """Roles of people that are in the last part of their life, with their expiry."""
    signed = {**{role: signed_part for role, (signed_part, _) in live.signed.items()}, Root.type: root}
    return {
        role: signed_part.expires
        for role, signed_part in signed.items()
        if role not in ONLINE_ROLES and is_due(configuration.signers, role, signed_part, now)
    }


def _renewed_along_the_way(role: str, configuration: Configuration, keys: KeyRing) -> bool:
    """Whether it is a shared role whose keys are at hand: the refresh of the online roles signs it too."""
    return role in SHARED_ROLES and len(keys.of(role)) >= role_policy(configuration.signers, role).threshold
