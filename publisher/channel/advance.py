"""From what is live to what shall be live: new versions of the roles that change, then snapshot, then timestamp.

Nothing is written here. A version that a killed run left behind is taken up again when it says the same, and passed
over when it does not, so that a write-once object never has to change. Online signatures and thresholds are verified
before a byte leaves this module.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from publisher.channel.layout import metadata_key
from publisher.channel.repository import Read, Repository, delegated_roles, left_at, parse, verifies, verify_role_duties
from publisher.channel.roles import PASSING_FIELDS, is_due, lifetime_of, role_policy
from publisher.errors import ApprovalsMissing, InputError, SigningError, StorageConflict, VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.config.signer import Signers
from publisher.signing.key_files import OpenSigner
from publisher.wire.errors import ClientError
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD, withdrawn_versions
from publisher.wire.version import Version

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)

KeysAtHand = Callable[[str], Sequence[OpenSigner]]
"""The private keys of a role that can be used here; empty when none can."""


@dataclass(frozen=True)
class NewMetadata:
    """Metadata objects to write once, in order, and the timestamp that makes them public."""

    objects: tuple[tuple[str, bytes], ...]
    timestamp: bytes | None
    """New bytes of timestamp.json; None when nothing has changed and nothing is due."""
    changed: tuple[tuple[str, int], ...]
    """Roles that get a new version, with the version."""


@dataclass(frozen=True)
class Advance:
    """The inputs that every role's new version needs."""

    live: Repository | None
    root: Metadata[Root]
    signers: Signers
    keys: KeysAtHand
    read: Read
    now: datetime

    def to(
        self,
        targets: Targets,
        signed: Mapping[str, Metadata[Targets]],
        shared: Mapping[str, Targets] = MappingProxyType({}),
        signed_targets: Metadata[Targets] | None = None,
    ) -> NewMetadata:
        """New metadata that says `targets` and holds the delegated roles in `signed`, which their people have signed.

        `shared` is what shared roles shall say from now on; they are signed with the keys at hand. `signed_targets` is
        `targets` as its people have signed it, without stray signatures; else the keys at hand sign what has changed
        there. Other roles stay; shared ones begin or are renewed along the way when due and their keys are at hand.
        Raises SigningError when signatures of a role in `signed` do not suffice, or a role has to change without keys
        here.
        """
        objects: list[tuple[str, bytes]] = []
        changed: list[tuple[str, int]] = []

        live_targets = self.live.targets if self.live else None
        if signed_targets is not None:
            new_targets = self._take(Targets.type, signed_targets, live_targets, self.root, changed, objects)
        else:
            self._refuse_unsigned_change(targets)
            new_targets = self._role(Targets.type, targets, live_targets, self.root, changed, objects)

        current = dict(self.live.roles) if self.live else {}
        refuse_orphans(current, targets)
        for role, metadata in sorted(signed.items()):
            good = only_good_signatures(role, metadata, new_targets.signed)
            current[role] = self._take(role, good, current.get(role), new_targets, changed, objects)
        for role in SHARED_ROLES:
            live = current.get(role)
            if role in shared or self._may_renew(role, live):
                shared_role = shared.get(role) or (live.signed if live else Targets(version=1, expires=self.now))
                current[role] = self._role(role, shared_role, live, new_targets, changed, objects)
                verify_role_duties(new_targets.signed, role, current[role])

        fresh = dict(objects)
        meta = {
            f"{role}.json": self._meta(role, metadata.signed.version, fresh)
            for role, metadata in sorted({**current, Targets.type: new_targets}.items())
        }
        snapshot = Snapshot(version=1, expires=self.now, meta=meta)
        live_snapshot = self.live.snapshot if self.live else None
        new_snapshot = self._role(Snapshot.type, snapshot, live_snapshot, self.root, changed, objects)

        timestamp = self._timestamp(new_snapshot, dict(objects))
        if timestamp is not None:
            changed.append((Timestamp.type, timestamp.signed.version))
        return NewMetadata(tuple(objects), to_bytes(timestamp) if timestamp else None, tuple(changed))

    def _refuse_unsigned_change(self, targets: Targets) -> None:
        """A changed configuration has to be signed by people; whoever runs this may not be able to."""
        threshold = self.root.signed.roles[Targets.type].threshold
        changed = self.live is not None and not says_the_same(self.live.targets.signed, targets)
        if changed and len(self.keys(Targets.type)) < threshold:
            raise ApprovalsMissing(
                "signers, products or addresses have changed, and `targets` is not signed for that yet",
                fix="publish keys stage, approve targets, publish keys promote; then run this again",
            )

    def _expiry(self, role: str, signed: Signed) -> datetime:
        return self.now + lifetime_of(self.signers, role, signed)

    def _may_renew(self, role: str, live: Metadata[Targets] | None) -> bool:
        """Whether an unchanged role is renewed (or a shared one begun) along the way: due, and its keys are here."""
        due = live is None or is_due(self.signers, role, live.signed, self.now)
        return due and len(self.keys(role)) >= role_policy(self.signers, role).threshold

    def _take(
        self,
        role: str,
        metadata: Metadata[Targets],
        live: Metadata[Targets] | None,
        delegator: Metadata[Root] | Metadata[Targets],
        changed: list[tuple[str, int]],
        objects: list[tuple[str, bytes]],
    ) -> Metadata[Targets]:
        """Metadata that people have signed, as it is; what a killed run wrote of it is kept."""
        if live is not None and live.signed == metadata.signed:
            return live
        if live is not None and live.signed.version >= metadata.signed.version:
            raise StorageConflict(
                f"{role} {live.signed.version} is live already, so {metadata.signed.version} cannot follow it",
                fix="stage it again with --replace, which takes the next free version",
            )
        require_threshold(role, metadata, delegator.signed)
        if isinstance(delegator.signed, Targets):
            verify_role_duties(delegator.signed, role, metadata)
        key = metadata_key(role, metadata.signed.version)
        left = left_at(self.read, key)
        if left is not None:
            earlier = _usable(left, Targets, role, delegator, metadata.signatures)
            enough = not isinstance(delegator.signed, Targets) or (
                earlier and says_enough(delegator.signed, role, earlier)
            )
            if earlier is None or not enough or earlier.signed != metadata.signed:
                raise StorageConflict(
                    f"{key} already exists, and is not what was signed here",
                    fix="stage it again with --replace, which takes the next free version",
                )
            metadata = earlier
        changed.append((role, metadata.signed.version))
        objects.append((key, left or to_bytes(metadata)))
        return metadata

    def _role(
        self,
        role: str,
        content: S,
        live: Metadata[S] | None,
        delegator: Metadata[Root] | Metadata[Targets],
        changed: list[tuple[str, int]],
        objects: list[tuple[str, bytes]],
    ) -> Metadata[S]:
        """The role's metadata: the live one when it says the same and is not due, else a new version."""
        if live is not None and says_the_same(live.signed, content) and verifies(delegator.signed, role, live):
            if not is_due(self.signers, role, live.signed, self.now):
                return live
            if not self.keys(role) and live.signed.expires > self.now:
                return live
        signed = copy.deepcopy(content)
        signed.expires = self._expiry(role, signed)
        signed.version = live.signed.version + 1 if live else 1
        metadata, data = self._settle(role, signed, delegator)
        changed.append((role, metadata.signed.version))
        objects.append((metadata_key(role, metadata.signed.version), data))
        return metadata

    def _settle(self, role: str, signed: S, delegator: Metadata[Root] | Metadata[Targets]) -> tuple[Metadata[S], bytes]:
        """Find the version to write: one that a killed run left and that says the same, or the next free one."""
        ours = {key.public_key.keyid for key in self.keys(role)}
        while (left := left_at(self.read, metadata_key(role, signed.version))) is not None:
            earlier = _usable(left, type(signed), role, delegator, ours)
            if (
                earlier is not None
                and earlier.signed.version == signed.version
                and says_the_same(earlier.signed, signed)
                and earlier.signed.expires <= signed.expires
                and not is_due(self.signers, role, earlier.signed, self.now)
            ):
                return earlier, left
            signed.version += 1
        metadata = sign(role, signed, self.keys(role), delegator)
        return metadata, to_bytes(metadata)

    def _meta(self, role: str, version: int, fresh: Mapping[str, bytes]) -> MetaFile:
        """Version, length and digest of a role's metadata file, so that nobody can exchange it for another."""
        key = metadata_key(role, version)
        data = fresh.get(key) or self.read(key)
        if data is None:
            raise VerificationError(f"{key} is missing")
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})

    def _timestamp(self, snapshot: Metadata[Snapshot], fresh: Mapping[str, bytes]) -> Metadata[Timestamp] | None:
        live = self.live.timestamp if self.live else None
        version = snapshot.signed.version
        if (
            live is not None
            and live.signed.snapshot_meta.version == version
            and verifies(self.root.signed, Timestamp.type, live)
            and not is_due(self.signers, Timestamp.type, live.signed, self.now)
        ):
            return None
        timestamp = Timestamp(
            version=live.signed.version + 1 if live else 1,
            expires=self.now + role_policy(self.signers, Timestamp.type).expires,
            snapshot_meta=self._meta(Snapshot.type, version, fresh),
        )
        return sign(Timestamp.type, timestamp, self.keys(Timestamp.type), self.root)


def refuse_orphans(current: Mapping[str, Metadata[Targets]], targets: Targets) -> None:
    """Raise InputError where a role that is published is delegated to no more.

    One that was once in a snapshot stays: clients reject a snapshot that drops one (specification, 5.5.5).
    """
    if gone := sorted(set(current) - set(delegated_roles(targets))):
        raise InputError(
            f"{', '.join(gone)} has been published, but the configuration no longer knows it",
            fix="put the product and its channel back into products.yaml; a channel can be emptied, not removed",
        )


def says_enough(targets: Targets, role: str, metadata: Metadata[Targets]) -> bool:
    """Whether the signatures satisfy the role's threshold, persons and duties."""
    try:
        require_threshold(role, metadata, targets)
        verify_role_duties(targets, role, metadata)
    except (SigningError, VerificationError):
        return False
    return True


def says_the_same(first: Signed, other: Signed) -> bool:
    """Equal but for version, expiry, what they were made to replace, and what that rested on.

    Which of the two fields names a version that was taken back makes no difference.
    """

    def content(signed: Signed) -> dict[str, Any]:
        passing = ("version", "expires", BACK_FIELD, WITHDRAWN_FIELD, *PASSING_FIELDS)
        return {name: value for name, value in signed.to_dict().items() if name not in passing}

    return content(first) == content(other) and _withdrawn(first) == _withdrawn(other)


def _withdrawn(signed: Signed) -> tuple[Version, ...] | str:
    """The versions that it says were taken back; what cannot be read is like nothing that this program writes."""
    try:
        return withdrawn_versions(signed)
    except ClientError:
        return "unreadable"


def sign(
    role: str, signed: S, keys: Sequence[OpenSigner], delegator: Metadata[Root] | Metadata[Targets]
) -> Metadata[S]:
    """Sign with every key at hand and prove that it is enough. Raises SigningError naming what is missing."""
    metadata = Metadata(signed)
    for key in keys:
        metadata.sign(key, append=True)
    require_threshold(role, metadata, delegator.signed)
    return metadata


def require_threshold(role: str, metadata: Metadata[S], delegator: Root | Targets) -> None:
    """Enough valid signatures by the role's keys. Raises SigningError with how many there are."""
    result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    if not result:
        raise SigningError(
            f"{role} needs {result.threshold} signature{'s' if result.threshold != 1 else ''},"
            f" and has {len(result.signed)}",
            fix="give the directory of the missing keys with --keys",
        )


def to_bytes(metadata: Metadata[Any]) -> bytes:
    """Compact JSON, as it is stored."""
    return metadata.to_bytes(JSONSerializer(compact=True))


def only_good_signatures(role: str, metadata: Metadata[Targets], delegator: Root | Targets) -> Metadata[Targets]:
    """The same metadata without signatures that do not verify, or are by keys that the role does not have."""
    result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    good = {keyid: signature for keyid, signature in metadata.signatures.items() if keyid in result.signed}
    return Metadata(metadata.signed, good)


def _usable(
    data: bytes, kind: type[S], role: str, delegator: Metadata[Root] | Metadata[Targets], along: Collection[str]
) -> Metadata[S] | None:
    """Metadata that an earlier run left, when its signatures still verify and it is written as we write it.

    Bytes around what is signed are nobody's: other spellings, and signatures that are none of the role's, are a
    stranger's, who wants clients to get them, or more than they read. `along` are ids of keys that sign along, such as
    those that are being replaced.
    """
    try:
        metadata = parse(data, kind, role)
        result = delegator.signed.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    except (VerificationError, RepositoryError, DeserializationError, ValueError):
        return None
    strange = set(metadata.signatures) - set(result.signed) - (set(along) - set(result.unsigned))
    return metadata if result and not strange and to_bytes(metadata) == data else None
