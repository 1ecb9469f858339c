"""A state that the ledger told of, put together again after somebody else has published.

Whoever holds the keys of snapshot and timestamp, and can write into the bucket, can make live what no entry announces,
numbered as far ahead as they like (a fast-forward attack). What people signed stays theirs: each file carries their
signatures and its own number, and entries say which numbers belonged together. So a state needs no more than its entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError, SerializationError

from publisher.channel.advance import says_enough
from publisher.channel.brakes import can_be_read, every_brake
from publisher.channel.findings import metadata_limit
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key, numbered
from publisher.channel.repository import MAX_VERSION, Read, Repository, left_at, parse, verifies, verify_role_duties
from publisher.channel.roles import ONLINE_ROLES
from publisher.errors import InputError, StorageForeign, VerificationError
from publisher.model.records.ledger_entry import Entry, LedgerAction, Stamp
from publisher.signing.digests import digest_bytes
from publisher.wire.stopping.brakes import BRAKES

S = TypeVar("S", Timestamp, Snapshot)

NO_NUMBER = 2**63
"""What is numbered from here on is as good as unreadable."""

AHEAD = 1000
"""By how much another's numbers may exceed ours, and ours still go on above them. Beyond that a thief wants to use the
numbers up, and only new keys help."""


@dataclass(frozen=True)
class Claimed:
    """The live state as it is stored, whoever wrote it; nothing in it is verified."""

    data: bytes | None
    """Bytes of timestamp.json; None when there is none."""
    timestamp: Metadata[Timestamp] | None
    """None when it cannot be read."""
    snapshot: Metadata[Snapshot] | None
    """The one that it names; None when it is missing or cannot be read."""

    @property
    def stamp(self) -> Stamp | None:
        """As the ledger names it; None when there is no timestamp that can be read."""
        if self.data is None or self.timestamp is None:
            return None
        return Stamp(version=self.timestamp.signed.version, sha256=digest_bytes(self.data).sha256)

    def version_of(self, role: str) -> int | None:
        if role == Timestamp.type:
            return self.timestamp.signed.version if self.timestamp else None
        if role == Snapshot.type:
            return self.timestamp.signed.snapshot_meta.version if self.timestamp else None
        meta = self.snapshot.signed.meta.get(f"{role}.json") if self.snapshot else None
        return meta.version if meta else None


def read_claimed(read: Read) -> Claimed:
    """Read what lies there. It may be anything."""
    try:
        data = read(TIMESTAMP_KEY)
    except StorageForeign:
        data = b""
    timestamp = _lenient(data, Timestamp)
    if timestamp is None or not 0 < timestamp.signed.snapshot_meta.version <= MAX_VERSION:
        return Claimed(data, timestamp, None)
    try:
        snapshot = read(metadata_key(Snapshot.type, timestamp.signed.snapshot_meta.version))
    except StorageForeign:
        snapshot = None
    return Claimed(data, timestamp, _lenient(snapshot, Snapshot))


def versions_at(entries: Sequence[Entry], number: int) -> dict[str, int]:
    """Role -> version of the whole state that an entry made live, as it and those before it tell.

    Raises InputError when that entry made nothing live, VerificationError when the way to it has a hole.
    """
    by_number = {entry.number: entry for entry in entries}
    entry = by_number.get(number)
    if entry is None or entry.result is None:
        raise InputError(
            f"entry {number} made nothing live", fix="choose one of the entries that `publish recover` lists"
        )
    versions: dict[str, int] = {}
    while True:
        versions = {**entry.roles, **versions}
        if entry.base is None or entry.action in (LedgerAction.RECOVER, LedgerAction.KEYS):
            return versions
        before = [
            earlier
            for earlier in entries
            if earlier.number < entry.number
            and earlier.result is not None
            and earlier.result.sha256 == entry.base.sha256
        ]
        if not before:
            raise VerificationError(
                f"entry {entry.number} builds on timestamp {entry.base.version}, which no earlier entry announces",
                fix="choose an earlier entry",
            )
        entry = before[-1]


def state_of(read: Read, roots: Sequence[Metadata[Root]], versions: Mapping[str, int], claimed: Claimed) -> Repository:
    """That state, as far as people sign it; snapshot and timestamp are there by number only, to be signed anew.

    `roots` are all of them, the trusted one first. Raises VerificationError when a part is missing, or its signatures
    no longer suffice.
    """
    root = roots[-1]
    targets = _read(read, Targets.type, versions)
    if not verifies(root.signed, Targets.type, targets):
        raise VerificationError(
            f"targets {targets.signed.version} is not signed by keys that clients accept today",
            fix="choose an entry after the last change of keys",
        )
    roles: dict[str, Metadata[Targets]] = {}
    for role in sorted(set(versions) - {Root.type, Targets.type, *ONLINE_ROLES}):
        roles[role] = _read(read, role, versions)
        if not verifies(targets.signed, role, roles[role]):
            raise VerificationError(f"{role} {versions[role]} is not signed by enough of its keys")
        verify_role_duties(targets.signed, role, roles[role])
    signed = claimed.timestamp is not None and verifies(root.signed, Timestamp.type, claimed.timestamp)
    theirs = claimed.version_of if signed else lambda _role: None  # clients have not seen what nobody signed
    snapshot = Snapshot(version=_above(versions.get(Snapshot.type, 0), theirs(Snapshot.type)))
    timestamp = Timestamp(
        version=_above(versions.get(Timestamp.type, 0), theirs(Timestamp.type)),
        snapshot_meta=MetaFile(snapshot.version),
    )
    stamp = claimed.stamp or Stamp(version=timestamp.version, sha256=digest_bytes(claimed.data or b"").sha256)
    return Repository(root, tuple(roots[1:]), Metadata(timestamp), stamp, Metadata(snapshot), targets, roles)


def distrusted(
    read: Read, claimed: Claimed, state: Repository, versions: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Role -> ids of the keys whose valid signatures are on what is replaced: somebody else can use them.

    A snapshot or a role counts only where its number is above that of `versions`; an older one was signed by us, and
    is used again.
    """
    by_role: dict[str, tuple[str, ...]] = {}
    if claimed.timestamp is not None:
        by_role[Timestamp.type] = signers_of(state.root.signed, Timestamp.type, claimed.timestamp)
    if claimed.snapshot is not None and claimed.snapshot.signed.version > versions.get(Snapshot.type, 0):
        by_role[Snapshot.type] = signers_of(state.root.signed, Snapshot.type, claimed.snapshot)
    judges: dict[str, Root | Targets] = dict.fromkeys(state.roles, state.targets.signed)
    for role, judge in {Targets.type: state.root.signed, **judges}.items():
        version, before = claimed.version_of(role), state.of(role)
        if version is None or before is None or not before.signed.version < version <= MAX_VERSION:
            continue
        try:
            theirs = parse(left_at(read, metadata_key(role, version)) or b"", Targets, role)
        except VerificationError:
            continue
        by_role[role] = signers_of(judge, role, theirs)
    return {role: keyids for role, keyids in by_role.items() if keyids}


def with_newest_brakes(state: Repository, read: Read, keys: Iterable[str], today: Targets | None) -> Repository:
    """The same state, which stops all that brakes stop today: only the channel's people let go of anything.

    `keys` are those of metadata objects, `today` is the newest `targets`, whose keys count. Raises VerificationError
    when it stops more than clients of that state could verify.
    """
    numbers = sorted((version for version, role in filter(None, map(numbered, keys)) if role == BRAKES), reverse=True)
    judges = (state.targets.signed, *((today,) if today is not None else ()))
    by_today = _first_that_verifies(read, numbers, judges[-1:])
    by_both = _first_that_verifies(read, numbers, judges)
    if by_today is None:
        return state
    known = set(every_brake(by_both.signed)) if by_both is not None else set()
    lost = [str(listed) for listed in every_brake(by_today.signed) if listed not in known]
    if by_both is None or lost:
        raise VerificationError(
            f"brakes {by_today.signed.version} is signed by keys that the targets of that state do not name"
            + (f", so {lost[0]} would end" if lost else ""),
            fix="choose an entry after the last change of keys",
        )
    return replace(state, roles={**state.roles, BRAKES: by_both})


def _first_that_verifies(read: Read, numbers: Sequence[int], judges: Sequence[Targets]) -> Metadata[Targets] | None:
    for number in numbers:
        key = metadata_key(BRAKES, number)
        data = left_at(read, key) or b""
        if len(data) > (metadata_limit(key) or 0):
            continue
        try:
            brakes = parse(data, Targets, key)
        except VerificationError:
            continue
        # What no client can read was no publisher's work, and would stop everything for good.
        readable = brakes.signed.version == number and can_be_read(brakes.signed)
        if readable and all(says_enough(judge, BRAKES, brakes) for judge in judges):
            return brakes
    return None


def signers_of(judge: Root | Targets, role: str, metadata: Metadata[S] | Metadata[Targets]) -> tuple[str, ...]:
    """Ids of the role's keys whose signatures on it are valid."""
    result = judge.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return tuple(sorted(result.signed))


def _above(ours: int, theirs: int | None) -> int:
    """What to go on from, so that clients who have seen theirs follow, where that costs no numbers to speak of."""
    return theirs if theirs is not None and ours < theirs <= ours + AHEAD else ours


def _read(read: Read, role: str, versions: Mapping[str, int]) -> Metadata[Targets]:
    version = versions.get(role)
    if version is None:
        raise VerificationError(f"the entries give no version of {role}", fix="choose another entry")
    name = metadata_key(role, version)
    data = read(name)
    if data is None:
        raise VerificationError(f"{name} is missing", fix="bring it back from the bucket's version history")
    if (limit := metadata_limit(name)) is not None and len(data) > limit:
        raise VerificationError(
            f"{name} has {len(data)} bytes, and clients read at most {limit}: somebody has overwritten it",
            fix="bring it back from the bucket's version history",
        )
    metadata = parse(data, Targets, name)
    if metadata.signed.version != version:
        raise VerificationError(
            f"{name} says that it is version {metadata.signed.version}",
            fix="bring it back from the bucket's version history",
        )
    return metadata


def _lenient(data: bytes | None, kind: type[S]) -> Metadata[S] | None:
    try:
        metadata = Metadata[S].from_bytes(data or b"")
        _ = metadata.signed_bytes
    except (DeserializationError, SerializationError):
        return None
    version = metadata.signed.version
    return metadata if metadata.signed.type == kind.type and type(version) is int and version < NO_NUMBER else None
