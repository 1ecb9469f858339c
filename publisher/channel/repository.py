"""The TUF repository as it stands in a bucket: read, and verified from a trusted root before anything builds on it.

Expiry is not judged here: a publisher may renew what has expired, an auditor reports it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import DelegatedRole, Metadata, MetaFile, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError, SerializationError

from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.errors import StorageForeign, VerificationError
from publisher.model.records.ledger_entry import Stamp
from publisher.wire.duties import check_duties
from publisher.wire.errors import ClientError
from publisher.wire.limits import refuse_web_page
from publisher.wire.stopping.brakes import silenced_by
from publisher.wire.stopping.withdrawn import (
    BACK_STATE_FIELD,
    WITHDRAWN_FIELD,
    GoingBack,
    going_back,
    withdrawn_versions,
)
from publisher.wire.version import Version

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)

Read = Callable[[str], bytes | None]
"""Reads an object by key; None when there is none."""

MAX_ROOTS = 1024
"""Longer chains of roots are refused: a new root a day for nearly three years."""

MAX_VERSION = 2**31
"""No role gets here by honest work; a thief who jumps ahead should not take the publisher along."""


@dataclass(frozen=True)
class Repository:
    """All current metadata of a channel bucket."""

    root: Metadata[Root]
    roots: tuple[Metadata[Root], ...]
    """Every root after the trusted one, oldest first; empty when the trusted one is current."""
    timestamp: Metadata[Timestamp]
    stamp: Stamp
    """The timestamp by its bytes, as the ledger names it."""
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]
    roles: Mapping[str, Metadata[Targets]]
    """Delegated roles that the snapshot lists."""

    def of(self, role: str) -> Metadata[Root] | Metadata[Targets] | None:
        """The metadata of a role that people sign: root, targets or a delegated one; None when there is none."""
        if role == Root.type:
            return self.root
        return self.targets if role == Targets.type else self.roles.get(role)

    @property
    def signed(self) -> dict[str, tuple[Signed, int]]:
        """Role -> signed part and number of signatures, for all roles, the four top-level ones first."""
        top = (self.root, self.timestamp, self.snapshot, self.targets)
        return {
            **{metadata.signed.type: (metadata.signed, len(metadata.signatures)) for metadata in top},
            **{role: (metadata.signed, len(metadata.signatures)) for role, metadata in self.roles.items()},
        }

    @property
    def versions(self) -> dict[str, int]:
        """Role -> version, of all that the timestamp leads to."""
        return {
            **{role: metadata.signed.version for role, metadata in self.roles.items()},
            Snapshot.type: self.snapshot.signed.version,
            Targets.type: self.targets.signed.version,
        }


DEEPEST = 64
"""So many arrays and objects are read within one another; ours need ten."""


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(item, levels - 1) for item in inner)


def parse(data: bytes, kind: type[S], name: str) -> Metadata[S]:
    """Metadata of the expected kind. Raises VerificationError."""
    try:
        metadata = Metadata[S].from_bytes(data)
        # What has no canonical form, such as a fraction, cannot have been signed.
        _ = metadata.signed_bytes
    except (DeserializationError, SerializationError) as error:
        try:
            refuse_web_page(name, data)
        except ClientError as page:
            raise VerificationError(page.what, fix=page.fix) from error
        raise VerificationError(f"{name} is not TUF metadata") from error
    # Whoever copies or writes such a thing would run out of stack, in the middle of a hold.
    if _is_deeper(json.loads(data), DEEPEST):
        raise VerificationError(
            f"{name} is nested too deeply", fix="run `publish recover`: this program did not write that"
        )
    if metadata.unrecognized_fields or any(signature.unrecognized_fields for signature in metadata.signatures.values()):
        raise VerificationError(f"{name} has fields outside its signed part")
    if not 0 < metadata.signed.version <= MAX_VERSION:
        raise VerificationError(
            f"{name} claims an impossibly high version",
            fix="run `publish recover`: somebody has your keys and has taken version numbers far ahead",
        )
    if metadata.signed.type != kind.type:
        raise VerificationError(f"{name} is metadata of the role type {metadata.signed.type}, not {kind.type}")
    return metadata


def follow_roots(read: Read, trusted_root: bytes) -> Iterator[Metadata[Root]]:
    """The trusted root and every later one, each signed by its predecessor and by itself (specification, 5.3).

    Raises VerificationError for whatever else lies at the next number: clients walk number by number, and stop there.
    """
    root = parse(trusted_root, Root, "the trusted root")
    try:
        root.verify_delegate(Root.type, root)
    except RepositoryError as error:
        raise VerificationError("the trusted root is not signed by its own keys", fix="check --root") from error
    yield root
    for _ in range(MAX_ROOTS):
        key = metadata_key(Root.type, root.signed.version + 1)
        try:
            following = _next_root(root, read(key))
        except (VerificationError, StorageForeign) as error:
            raise VerificationError(
                f"{key} is where the next root belongs, and every client stops there: {error.what}",
                fix=f"have the holder of the break-glass identity delete {key}, as docs/key-runbooks.md says",
            ) from error
        if following is None:
            return
        root = following
        yield root
    raise VerificationError(
        f"more than {MAX_ROOTS} roots follow the trusted one, and no more are read",
        fix="give a later root.json that you trust",
    )


def _next_root(root: Metadata[Root], data: bytes | None) -> Metadata[Root] | None:
    if data is None:
        return None
    version = root.signed.version + 1
    name = f"{version}.root.json"
    following = parse(data, Root, name)
    if following.signed.version != version:
        raise VerificationError(f"{name} says that it is version {following.signed.version}")
    for signer in (root, following):
        _verify(signer, Root.type, following, name)
    return following


def left_at(read: Read, key: str) -> bytes | None:
    """What lies at a number of metadata that is to be used next; None where it is free.

    Empty, so that nobody takes it for metadata, for what is too large or no object: that number is taken all the same.
    """
    try:
        return read(key)
    except StorageForeign:
        return b""


def read_top(read: Read, trusted_root: bytes) -> Repository | None:
    """The four top-level roles, verified; `roles` stays empty. None when nothing has been published yet."""
    roots = tuple(follow_roots(read, trusted_root))
    root = roots[-1]
    data = read(TIMESTAMP_KEY)
    if data is None:
        return None
    timestamp = parse(data, Timestamp, "timestamp.json")
    _verify(root, Timestamp.type, timestamp, "timestamp.json")
    snapshot = _read_version(read, Snapshot, Snapshot.type, timestamp.signed.snapshot_meta)
    _verify(root, Snapshot.type, snapshot, "snapshot")
    meta = snapshot.signed.meta.get(f"{Targets.type}.json")
    if meta is None:
        raise VerificationError("the snapshot does not list the role targets")
    targets = _read_version(read, Targets, Targets.type, meta)
    _verify(root, Targets.type, targets, "targets")
    stamp = Stamp(version=timestamp.signed.version, sha256=hashlib.sha256(data).hexdigest())
    return Repository(root, roots[1:], timestamp, stamp, snapshot, targets, {})


def silent_channels(repository: Repository, role: str) -> tuple[str, ...]:
    """The channels, by role, that clients offer nothing of while `role` is expired."""
    return silenced_by(role, sorted(name for name in delegated_roles(repository.targets.signed) if "." in name))


def delegated_roles(targets: Targets) -> Mapping[str, DelegatedRole]:
    """The roles that `targets` delegates to, by name, whether they have signed anything yet or not."""
    return (targets.delegations.roles if targets.delegations else None) or {}


def delegated_files(repository: Repository) -> dict[str, MetaFile]:
    """Delegated role -> what the snapshot says of its metadata."""
    versions = {name.removesuffix(".json"): meta for name, meta in repository.snapshot.signed.meta.items()}
    versions.pop(Targets.type, None)
    return dict(sorted(versions.items()))


def read_delegated(read: Read, targets: Metadata[Targets], role: str, meta: MetaFile) -> Metadata[Targets]:
    """One delegated role, its signatures, persons and duties verified. Raises VerificationError."""
    metadata = _read_version(read, Targets, role, meta)
    _verify(targets, role, metadata, role)
    if metadata.signed.delegations is not None:
        raise VerificationError(f"{role} delegates to others, which only targets may")
    verify_role_duties(targets.signed, role, metadata)
    return metadata


def read_repository(read: Read, trusted_root: bytes) -> Repository | None:
    """Everything that the timestamp leads to, verified; None when nothing has been published yet.

    Raises VerificationError when any part is missing, unsigned or of another version than announced.
    """
    top = read_top(read, trusted_root)
    if top is None:
        return None
    roles = {role: read_delegated(read, top.targets, role, meta) for role, meta in delegated_files(top).items()}
    return replace(top, roles=roles)


def verifies(judge: Root | Targets, role: str, metadata: Metadata[Any]) -> bool:
    """Whether enough of the role's keys, as `judge` names them, have signed."""
    try:
        judge.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError):
        return False
    return True


def verify_role_duties(targets: Targets, role: str, metadata: Metadata[Targets]) -> None:
    """Persons and duties of a delegated role's signatures. Raises VerificationError naming what is missing."""
    try:
        check_duties(targets, role, metadata)
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error


def withdrawn_by(role: Signed | None) -> tuple[Version, ...]:
    """The versions that a channel's metadata says were taken back, ascending. Raises VerificationError."""
    try:
        return withdrawn_versions(role) if role is not None else ()
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error


def going_back_from(role: Signed) -> Mapping[Version, GoingBack]:
    """Version that was taken back -> what users do first; compatible ones are missing. Raises VerificationError."""
    try:
        return going_back(role)
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error


def taken_back_fields(role: Signed | None) -> dict[str, object]:
    """Signed fields by which later metadata of a channel goes on telling what was taken back, and how to go back.

    Raises VerificationError for metadata in which that cannot be read.
    """
    fields: dict[str, object] = {}
    if role is None:
        return fields
    if withdrawn := withdrawn_by(role):
        fields[WITHDRAWN_FIELD] = [str(version) for version in withdrawn]
    try:
        if going_back(role):
            fields[BACK_STATE_FIELD] = role.unrecognized_fields[BACK_STATE_FIELD]
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error
    return fields


def _read_version(read: Read, kind: type[S], role: str, meta: MetaFile) -> Metadata[S]:
    version = meta.version
    name = f"{version}.{role}.json"
    data = read(metadata_key(role, version))
    if data is None:
        raise VerificationError(f"{name} is missing, although the metadata above it announces it")
    try:
        meta.verify_length_and_hashes(data)
    except RepositoryError as error:
        raise VerificationError(f"{name} does not have the bytes that the metadata above it announces") from error
    metadata = parse(data, kind, name)
    if metadata.signed.version != version:
        raise VerificationError(f"{name} says that it is version {metadata.signed.version}")
    return metadata


def _verify(delegator: Metadata[Root] | Metadata[Targets], role: str, metadata: Metadata[S], name: str) -> None:
    try:
        delegator.signed.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError) as error:
        raise VerificationError(f"{name} is not signed as its role requires: {error}") from error
