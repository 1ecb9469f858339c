"""The ledger in a bucket: entries appended one after the other, however many write at once, and read back.

The head is found by listing, at one request a thousand entries on S3; so there is no pointer that could disagree with
what lies there. Nothing is ever taken back: whoever announces a change and dies, or loses a race, announces the next
try in an entry of its own. Which of them clients have seen follows from `result` and `base`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tuf.api.metadata import Key, Targets

from publisher.channel.layout import LEDGER, METADATA, channel_role, ledger_key, metadata_key, numbered
from publisher.channel.ledger.entries import (
    NO_ENTRY,
    Head,
    LedgerCheck,
    Logged,
    check_ledger,
    in_sequence,
    named_keys,
    number_of,
    seal_entry,
)
from publisher.channel.ledger.recovery import read_claimed
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.repository import Repository, follow_roots, parse, read_top, verifies
from publisher.errors import (
    RefusedByPolicy,
    StorageConflict,
    StorageError,
    StorageForeign,
    TidegateError,
    VerificationError,
)
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LAST_NUMBER, Entry, LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.decide import Clock
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import CHANGING
from publisher.pipeline.objects.writing import Written
from publisher.signing.key_files import OpenSigner
from publisher.storage.protocol import Body, ObjectMeta, Storage

WORKERS = 8
"""Entries that are read at once."""

PRIVATE = ObjectMeta("application/json", CHANGING, private=True)


@dataclass(frozen=True)
class Ledger:
    """What lies below the prefix."""

    logged: tuple[Logged, ...]
    """In their order; the last ones only, where no more were asked for."""
    strays: tuple[str, ...]
    """Keys that are no entry's."""

    @property
    def head(self) -> Head:
        return self.logged[-1].head if self.logged else NO_ENTRY


@dataclass(frozen=True)
class Draft:
    """An entry that has no number yet."""

    body: LedgerEntryBody
    at: datetime
    key: OpenSigner
    """What signs it."""

    def with_decision(self, decision: Decision, at: datetime) -> Draft:
        return replace(self, body=self.body.with_decision(decision), at=at)


def read_ledger(storage: Readable, last: int | None = None) -> Ledger:
    """Every entry, or the `last` ones, read and not verified. Raises StorageError."""
    keys = [stat.key for stat in storage.list(LEDGER)]
    numbers = _taken(keys)
    strays = set(keys) - {ledger_key(number) for number in numbers}
    asked = numbers[-last:] if last else numbers
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ledger") as pool:
        entries = tuple(zip(asked, pool.map(_reader(storage), asked), strict=True))
    strays |= {ledger_key(number) for number, data in entries if data == NO_OBJECT} & set(keys)
    return Ledger(tuple(Logged(number, data) for number, data in entries if data), tuple(sorted(strays)))


NO_OBJECT = b""
"""What is too large to be read, or no object, is none of ours, and must not keep the others from being read."""


def _reader(storage: Readable) -> Callable[[int], bytes | None]:
    """Entries by number; NO_OBJECT for what cannot be one."""
    read = reader(storage)

    def entry(number: int) -> bytes | None:
        try:
            return read(ledger_key(number))
        except StorageForeign:
            return NO_OBJECT

    return entry


def verify_ledger(
    storage: Readable, trusted_root: bytes, signers: Signers, noted: Head | None = None
) -> tuple[Ledger, LedgerCheck]:
    """The whole ledger, and what is wrong with it; `noted` is a head that somebody wrote down earlier.

    What is live is taken as it lies there, verified or not: whoever asks may have to know in just that hour. Raises
    VerificationError when the roots do not verify, StorageError.
    """
    live = read_claimed(reader(storage)).stamp
    keys = keys_ever_named(storage, trusted_root, signers)
    ledger = read_ledger(storage)
    return ledger, check_ledger(ledger.logged, ledger.strays, keys, live, noted)


def keys_ever_named(storage: Readable, trusted_root: bytes, signers: Signers) -> dict[str, Key]:
    """Every key that may have signed an entry. Raises VerificationError when the roots do not verify."""
    return named_keys(reader(storage), trusted_root, _targets_versions(storage), signers)


def read_current_keys(storage: Readable, trusted_root: bytes, signers: Signers) -> CurrentKeys:
    """As the newest root and the newest `targets` that it vouches for say. Raises VerificationError."""
    read = reader(storage)
    root = tuple(follow_roots(read, trusted_root))[-1].signed
    for version in reversed(_targets_versions(storage)):
        try:
            targets = parse(read(metadata_key(Targets.type, version)) or b"", Targets, Targets.type)
        except (VerificationError, StorageForeign):
            continue
        if verifies(root, Targets.type, targets) and targets.signed.version == version:
            return CurrentKeys(root, targets.signed, signers)
    return CurrentKeys(root, None, signers)


def _targets_versions(storage: Readable) -> list[int]:
    versions = (numbered(stat.key) for stat in storage.list(METADATA))
    return sorted(version[0] for version in versions if version is not None and version[1] == Targets.type)


def why_not_ours(live: Repository, storage: Readable, signers: Signers) -> str | None:
    """Why what is live may be somebody else's doing; None where an entry told of it and none of what came after it.

    An older timestamp.json is signed and told of, so whoever can write there could put it back without a key. Of what
    came after it, only what another entry was planned on was live for sure.
    """
    stamp, today = live.stamp, CurrentKeys(live.root.signed, live.targets.signed, signers)
    built_on: set[str] = set()
    after: Entry | None = None
    for logged in from_the_end(storage):
        if logged.entry is not None and logged.entry.result is not None and logged.entry.result.sha256 == stamp.sha256:
            return older_than(after) if after is not None else None
        with suppress(VerificationError):
            entry = today.entry(logged)
            if after is None and entry.result is not None and entry.result.sha256 in built_on:
                after = entry
            if entry.base is not None:
                built_on.add(entry.base.sha256)
    return f"timestamp {stamp.version} is live, but the ledger has no entry for it"


def older_than(later: Entry) -> str:
    """That what is live was replaced before, by what an entry tells of."""
    return f"the live state is older than entry {later.number} of the ledger, so somebody has put an old one back"


def refuse_unannounced(live: Repository | None, storage: Readable, signers: Signers) -> None:
    """Nothing is built on what somebody else made live, or has put back. Raises VerificationError."""
    if live is not None and (why := why_not_ours(live, storage, signers)) is not None:
        raise VerificationError(
            why, fix="run `publish recover` first: somebody else has published, or an entry was removed"
        )


UNDER_WAY = timedelta(hours=1)
"""No command takes longer between its entry and the flip that it announces."""


def unfinished(live: Repository, storage: Readable, signers: Signers, now: datetime) -> VerificationError | None:
    """That a change was announced in the place of what is live, and is not live; None where none was.

    Either its run was killed, or it was live, and whoever can write there has put back what was live before it: then a
    timer that signs that anew would undo the change for good.
    """
    change: Entry | None = None
    today = CurrentKeys(live.root.signed, live.targets.signed, signers)
    for logged in from_the_end(storage):
        try:
            entry = today.entry(logged)
        except VerificationError:
            continue
        if entry.result is not None and entry.result.sha256 == live.stamp.sha256:
            if change is None:
                return None
            return VerificationError(
                f"entry {change.number} of the ledger announced a change ({change.action}) that is not live: its run"
                " was killed, or somebody has put back what was live before it",
                fix="run that command again to finish it; to keep what is live instead, run `publish recover"
                f" --disown --entry {logged.head}`",
            )
        announced = entry.result is not None and entry.action is not LedgerAction.REFRESH
        if announced and entry.base == live.stamp and entry.at <= now - UNDER_WAY:
            change = entry
    return None


def append(draft: Draft, storage: Storage) -> Written:
    """Put an entry behind the last one; when somebody else takes its number, behind theirs.

    Raises StorageError when the ledger cannot be read or written, SigningError. Then there is no entry, and what it
    would have told must not happen.
    """
    taken = 0
    while True:
        head, last = _head(storage)
        if last < taken:
            raise StorageConflict(
                f"{ledger_key(taken)} exists, but the listing does not show it",
                fix="run the command again; if this happens again, the store cannot keep a ledger",
            )
        if last == LAST_NUMBER:
            raise StorageError(
                f"{ledger_key(last)} is the last entry that a ledger can have",
                fix="remove it at the store: somebody planted it, and `publish log --verify` reports it",
            )
        name, data = seal_entry(draft.body, head, draft.at, draft.key, last + 1)
        body = Body.from_bytes(data)
        try:
            # The same bytes from somebody else are an entry of their own, and ours comes after it.
            if storage.create(name, body, PRIVATE):
                return Written((name,), body.size)
        except StorageConflict:
            pass
        taken = last + 1


def _head(storage: Readable) -> tuple[Head, int]:
    """The last entry that can be read, and the last number that is taken, which may be that of a stranger's object."""
    numbers = _numbers(storage)
    for number in reversed(numbers):
        data = _reader(storage)(number)
        if data is None:
            raise StorageError(f"{ledger_key(number)} was just removed, although nobody may remove entries")
        if data != NO_OBJECT:
            return Logged(number, data).head, numbers[-1]
    return NO_ENTRY, max(numbers, default=0)


def _numbers(storage: Readable) -> list[int]:
    return _taken(stat.key for stat in storage.list(LEDGER))


def _taken(keys: Iterable[str], begin: int = 0) -> list[int]:
    """Numbers in sequence, counted from `begin` on. In a directory, a folder of that name takes one as well."""
    names = ("/".join(key.split("/")[:2]) for key in keys)
    return in_sequence({number for name in names if (number := number_of(name)) is not None}, begin)


def from_the_end(storage: Readable) -> Iterator[Logged]:
    """Entries, the last first, read one by one: what is asked for is nearly always near the end."""
    read = _reader(storage)
    for number in reversed(_numbers(storage)):
        if data := read(number):
            yield Logged(number, data)


def batches_from_the_end(storage: Readable, size: int) -> Iterator[list[Logged]]:
    """The same, so many at once: for whoever looks further back."""
    numbers = _numbers(storage)[::-1]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ledger") as pool:
        for start in range(0, len(numbers), size):
            batch = numbers[start : start + size]
            entries = zip(batch, pool.map(_reader(storage), batch), strict=True)
            yield [Logged(number, data) for number, data in entries if data]


def objects_from_the_end(storage: Readable, after: int) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of whatever has the place of an entry after the number `after`, the last first.

    No bytes where it cannot be read as one. All that there is where none has: then the ledger was cut off before that
    number, and who goes on starts below it. A bundle holds what comes after it only, and begins there.
    """
    keys = [stat.key for stat in storage.list(LEDGER)]
    taken = _taken(keys)
    numbers = [number for number in taken if number > after] or taken or _taken(keys, after)
    numbers.reverse()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ledger") as pool:
        for number, data in zip(numbers, pool.map(_reader(storage), numbers), strict=True):
            yield number, data or NO_OBJECT


@contextmanager
def refusals_logged(
    action: LedgerAction,
    release: Release,
    trusted_root: bytes,
    storage: Storage,
    keys: KeyRing,
    clock: Clock,
    unlogged: Callable[[TidegateError], None],
) -> Iterator[None]:
    """A refusal by policy inside gets its entry, and passes on. What keeps it from being logged goes to `unlogged`."""
    try:
        yield
    except RefusedByPolicy as refused:
        decision = refused.decision
        assert isinstance(decision, Decision)
        try:
            live = read_top(reader(storage), trusted_root)
            body = LedgerEntryBody.of_decision(action, release, decision).planned_on(live.stamp if live else None)
            key = keys.for_ledger(channel_role(decision.product, decision.channel))
            append(Draft(body, clock(), key), storage)
        except TidegateError as error:
            unlogged(error)
        raise
