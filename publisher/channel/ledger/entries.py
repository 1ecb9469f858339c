"""The ledger's entries as bytes and back, and what proves that none was removed, edited or slipped in.

Each entry is a signed envelope that names the SHA-256 of the one before it, and every entry names the timestamp.json
that was live when it was planned. So a hole, an edit or an exchange breaks a link; and an end that was cut off shows as
soon as a flip is in it. Whatever else was cut off at the end, only a head that somebody noted earlier can show.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Targets

from publisher.channel.findings import Finding, Level
from publisher.channel.layout import LEDGER, TIMESTAMP_KEY, ledger_key, metadata_key
from publisher.channel.repository import Read, follow_roots, left_at, parse
from publisher.errors import VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody, PublicEntry, Stamp
from publisher.signing.envelope import payload_of, seal, verify_envelope
from publisher.signing.key_files import OpenSigner
from publisher.signing.public_keys import public_key

PAYLOAD_TYPE = "application/vnd.tidegate.ledger+json"

LEAP = 1000
"""No entry has a number so far beyond the one before it; whatever has is a stranger's."""

_KEY = re.compile(re.escape(LEDGER) + r"([0-9]{8})\.json")


@dataclass(frozen=True)
class Head:
    """The last entry of a ledger as somebody saw it; it pins every entry before it."""

    number: int
    """0 for an empty ledger."""
    sha256: str | None
    """Of the entry's object; None for an empty ledger."""

    def __str__(self) -> str:
        return f"{self.number}:{self.sha256}"


NO_ENTRY = Head(0, None)


@dataclass(frozen=True)
class LedgerCheck:
    """What was found, and who signed what was found good."""

    findings: tuple[Finding, ...]
    """By key; each refutes the ledger."""
    signers: Mapping[int, tuple[Key, ...]]
    """Number -> keys, of entries that verify."""

    @property
    def sound(self) -> bool:
        return not self.findings


@dataclass(frozen=True)
class Logged:
    """One object of the ledger."""

    number: int
    """By its key."""
    data: bytes

    @property
    def head(self) -> Head:
        """How the next entry links to it."""
        return Head(self.number, hashlib.sha256(self.data).hexdigest())

    @cached_property
    def entry(self) -> Entry | None:
        """What it says, whoever signed it; None when it cannot be read."""
        try:
            return Entry.model_validate_json(payload_of(self.data, PAYLOAD_TYPE))
        except (VerificationError, ValueError):
            return None


def number_of(key: str) -> int | None:
    """The number of an entry's key; None for any other object."""
    match = _KEY.fullmatch(key)
    return int(match[1]) or None if match else None


def in_sequence(numbers: Iterable[int], begin: int = 0) -> list[int]:
    """The numbers in order, from `begin` to the first gap wider than LEAP, so that a planted far one uses none up."""
    taken: list[int] = []
    for number in sorted(numbers):
        if number > (taken[-1] if taken else begin) + LEAP:
            break
        taken.append(number)
    return taken


def seal_entry(
    body: LedgerEntryBody, head: Head, at: datetime, key: OpenSigner, number: int | None = None
) -> tuple[str, bytes]:
    """The entry that follows on `head`, signed, as (key, bytes). Raises SigningError.

    `number` is given where objects that are no entries have taken the next ones.
    """
    number = number or head.number + 1
    # Sections are copied as they are: what is a model stays one.
    fields = {name: getattr(body, name) for name in LedgerEntryBody.model_fields}
    public = None
    if body.visibility == "public":
        decision = body.decision.public() if body.decision else None
        public = PublicEntry(**{**fields, "decision": decision}, number=number, at=at)
    digest = _digest(body.decision.model_dump(mode="json")) if body.decision else None
    entry = Entry(**fields, number=number, previous=head.sha256, at=at, decision_sha256=digest, public=public)
    return ledger_key(number), seal(_canonical(entry.model_dump(mode="json")), PAYLOAD_TYPE, key)


def named_keys(read: Read, trusted_root: bytes, versions: Iterable[int], signers: Signers) -> dict[str, Key]:
    """Every key, by id, that the channel's roots and targets have ever named, and those of signers.yaml.

    `versions` are those of `targets` to look at; metadata that these keys did not sign is skipped. minisign keys are
    not among them: they sign whole files, and so could be made to sign what passes for an entry.
    """
    configured = [public_key(signer) for signer in signers.signers if set(signer.roles) != {"minisign"}]
    keys: dict[str, Key] = {key.keyid: key for key in configured}
    roots = tuple(follow_roots(read, trusted_root))
    for root in roots:
        keys |= root.signed.keys
    for version in versions:
        try:
            targets = parse(left_at(read, metadata_key(Targets.type, version)) or b"", Targets, Targets.type)
        except VerificationError:
            continue
        for root in roots:
            try:
                root.signed.verify_delegate(Targets.type, targets.signed_bytes, targets.signatures)
            except (RepositoryError, ValueError):
                continue
            keys |= targets.signed.delegations.keys if targets.signed.delegations else {}
    return keys


def check_ledger(
    logged: Sequence[Logged], strays: Sequence[str], keys: Mapping[str, Key], live: Stamp | None, noted: Head | None
) -> LedgerCheck:
    """Everything wrong with a ledger, its `strays` or a `noted` head; `live` must have been read before the entries."""
    findings = [Finding(Level.ERROR, "is not a ledger entry", key) for key in strays]
    findings.extend(_links(logged))
    entries: list[Entry] = []
    signers: dict[int, tuple[Key, ...]] = {}
    for logged_entry in logged:
        try:
            entries.append(verified_entry(logged_entry, keys))
            signers[logged_entry.number] = verify_envelope(logged_entry.data, PAYLOAD_TYPE, keys)
        except VerificationError as error:
            findings.append(Finding(Level.ERROR, error.what, ledger_key(logged_entry.number)))
    findings.extend(_flips(entries, live))
    findings.extend(_noted(logged, noted))
    return LedgerCheck(tuple(sorted(findings, key=lambda finding: finding.where)), signers)


def verified_entry(logged: Logged, keys: Mapping[str, Key]) -> Entry:
    """An entry that one of `keys` has signed, and that is what its name says. Raises VerificationError."""
    verify_envelope(logged.data, PAYLOAD_TYPE, keys)
    return _whole(logged)


def took_effect(entries: Iterable[Entry], live: str | None) -> frozenset[int]:
    """Numbers of the flips that clients have seen: `live` by its SHA-256, or something was planned on it later."""
    entries = tuple(entries)
    seen = {live, *(entry.base.sha256 for entry in entries if entry.base)}
    return frozenset(entry.number for entry in entries if entry.result and entry.result.sha256 in seen)


def _whole(logged: Logged) -> Entry:
    """The entry, if it is the one that its name and its digest say. Raises VerificationError."""
    entry = logged.entry
    if entry is None:
        raise VerificationError("cannot be read as an entry of the ledger")
    if entry.number != logged.number:
        raise VerificationError(f"contains entry {entry.number}")
    # As it was written, and not as this version of the model would write it.
    decision = json.loads(payload_of(logged.data, PAYLOAD_TYPE)).get("decision")
    if (_digest(decision) if decision is not None else None) != entry.decision_sha256:
        raise VerificationError("does not contain the decision whose SHA-256 it gives")
    return entry


def _links(logged: Sequence[Logged]) -> Iterator[Finding]:
    """Each entry follows on the very bytes before it.

    Numbers that an entry passed by, since a stranger's object had taken them, are no gap: it names what is before them.
    """
    before = NO_ENTRY
    for link in logged:
        follows = link.entry is not None and link.entry.previous == before.sha256
        if link.number > before.number + 1 and not follows:
            first, last = before.number + 1, link.number - 1
            missing = f"entry {first} is" if first == last else f"entries {first} to {last} are"
            yield Finding(Level.ERROR, f"comes after a gap: {missing} missing", ledger_key(link.number))
        elif link.entry is not None and not follows:
            what = f"does not link to entry {before.number}: one of the two was edited or replaced"
            what = what if before.number else "is not a valid first entry"
            yield Finding(Level.ERROR, what, ledger_key(link.number))
        before = link.head


def _flips(entries: Sequence[Entry], live: Stamp | None) -> Iterator[Finding]:
    """Whatever was live has been announced by an entry; so a ledger that was begun anew is found too."""
    announced: set[str] = set()
    for entry in entries:
        # A recovery says itself that it replaces what no entry announced.
        if entry.base is not None and entry.base.sha256 not in announced and entry.action != LedgerAction.RECOVER:
            announced.add(entry.base.sha256)
            what = f"builds on timestamp {entry.base.version}, which no earlier entry announces"
            yield Finding(Level.ERROR, what, ledger_key(entry.number))
        if entry.result is not None:
            announced.add(entry.result.sha256)
    if live is not None and live.sha256 not in announced:
        what = f"is version {live.version}, which no entry announces: the end of the ledger was cut off, or somebody"
        yield Finding(Level.ERROR, f"{what} published without an entry", TIMESTAMP_KEY)
    elif live is not None:
        seen = took_effect(entries, live.sha256)
        newest = next(entry for entry in reversed(entries) if entry.number in seen)
        assert newest.result is not None
        if newest.result.sha256 != live.sha256:
            what = f"is version {live.version}, which was replaced: entry {newest.number} made version"
            yield Finding(Level.ERROR, f"{what} {newest.result.version} live after it", TIMESTAMP_KEY)


def _noted(logged: Sequence[Logged], noted: Head | None) -> Iterator[Finding]:
    if noted is None:
        return
    there = next((link.head for link in logged if link.number == noted.number), None)
    if there is None:
        what = f"was noted as the head and is missing; the last entry here is {logged[-1].number if logged else 0}"
        yield Finding(Level.ERROR, what, ledger_key(noted.number))
    elif there != noted:
        yield Finding(Level.ERROR, f"is not what was noted: its SHA-256 is {there.sha256}", ledger_key(noted.number))


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(value: object) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()
