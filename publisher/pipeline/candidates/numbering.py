"""What the ledger tells of stagings: which candidate of a role is the newest, and which number the next one gets.

A signature cannot be taken back. So the ledger is asked whether a candidate was replaced; and every candidate that was
staged uses up its number, so that whatever ships next has a higher one, and clients that know it refuse the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from tuf.api.metadata import Key, Metadata, Root, Targets

from publisher.channel.candidates.candidate import next_free_version, payload_digest
from publisher.channel.candidates.release_candidate import ReleaseCandidate, approval_basis_named
from publisher.channel.layout import back_key
from publisher.channel.ledger.entries import Logged, verified_entry
from publisher.errors import StorageConflict, VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import Entry, LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.ledger_append import NO_OBJECT, keys_ever_named, objects_from_the_end, read_current_keys
from publisher.rules import english

LEAP = 100
"""A number that is further ahead of all others is a thief's, and is not followed."""


@dataclass(frozen=True)
class Stagings:
    """What was staged for a role, the last first."""

    role: str
    live: int
    """The highest number that is live, or that metadata has which takes the live release back; 0 for none."""
    entries: tuple[Entry, ...]
    """By keys that may say so today."""
    damaged: tuple[int, ...]
    """Numbers in the ledger at which no key of ours, today's or a former one, has signed an entry, or at which another
    one lies than the entry after it follows on."""
    head: int
    """The last number in the ledger; 0 for none."""
    next_free: Callable[[int], int]
    """The first number after another that no object has."""

    def highest_number(self, but: str | None = None) -> int:
        """The highest number that is live or was staged, but for the candidate of the digest `but`."""
        highest = self.live
        for entry in reversed(self.entries):
            number = entry.roles.get(self.role, 0)
            if entry.candidate != but and number > highest and self._is_near(number, highest):
                highest = number
        return highest

    def may_have(self, number: int, digest: str) -> bool:
        """Whether a candidate may have this number: above all others, and not far ahead of them."""
        highest = self.highest_number(but=digest)
        return highest < number and self._is_near(number, highest)

    def number_after(self, pointed: int | None) -> int:
        """The number for a new candidate, after all others and after the one that staging points to."""
        highest = self.highest_number()
        if pointed is not None and pointed > highest and self._is_near(pointed, highest):
            highest = pointed
        return self.next_free(highest)

    def tell_of(self, digest: str) -> bool:
        return any(entry.candidate == digest for entry in self.entries)

    def _is_near(self, number: int, highest: int) -> bool:
        # Ours may be further ahead where strangers have taken the numbers between.
        return number <= highest + LEAP or number <= self.next_free(highest)


def read_stagings(role: str, bucket: Bucket, signers: Signers) -> Stagings:
    """Read the ledger for what was staged for a role. Raises VerificationError, StorageError.

    As far back as to where it ended when the live release was staged: a candidate from before that has a lower number,
    and was made to replace something else. The release says where that was, by signatures of all who approved it; a
    thief of one key could write any entry to make a search end early. Not for root, whose numbers have no gaps (TUF
    specification, 5.3).
    """
    storage, trusted_root = bucket.storage, bucket.trusted_root
    current = bucket.live.of(role) if bucket.live else None
    since = _ledger_at_staging(current)
    current_keys = read_current_keys(storage, trusted_root, signers)

    @cache
    def ever_named() -> Mapping[str, Key]:
        return keys_ever_named(storage, trusted_root, signers)

    entries: list[Entry] = []
    damaged: list[int] = []
    head = 0
    after: int | None = None
    follower: Entry | None = None
    for number, data in objects_from_the_end(storage, since):
        head = max(head, number)
        if after is not None:
            damaged.extend(range(after - 1, number, -1))
        after = number
        logged = Logged(number, data)
        if data != NO_OBJECT:  # entries follow on what could be read
            if follower is not None and follower.previous != logged.head.sha256:
                damaged.append(number)
            follower = logged.entry
        try:
            entry = current_keys.entry(logged)
        except VerificationError:
            if not _is_ours(logged, ever_named()):
                damaged.append(number)
            continue
        if entry.action is LedgerAction.STAGE and not entry.refused and _is_about(entry, role):
            entries.append(entry)
    highest = current.signed.version if current else 0
    if current is not None and isinstance(current.signed, Targets):
        # Metadata that takes a release back is signed with it, and has the number after it.
        highest += storage.stat(back_key(role, payload_digest(current.signed))) is not None
    read = reader(storage)
    return Stagings(
        role, highest, tuple(entries), tuple(damaged), head, lambda above: next_free_version(role, read, above)
    )


def refuse_superseded(candidate: ReleaseCandidate, stagings: Stagings) -> None:
    """The ledger must tell that the channel's people staged the candidate, and nothing after it.

    An entry is written once its candidate is the one that the channel works on, so the last entry names the last one.
    Raises StorageConflict.
    """
    fix = "find out who wrote to the bucket, then stage it again with --replace"
    entries = [entry for entry in stagings.entries if entry.channel_role == candidate.role]
    # The oldest one counts: a thief of one key could tell of it again.
    own = next((entry for entry in reversed(entries) if entry.candidate == candidate.digest), None)
    basis = candidate.approval_basis
    if own is not None and basis is not None and basis.ledger is not None and basis.ledger >= own.number:
        raise StorageConflict(
            f"candidate {candidate.digest[:12]} claims to be staged after entry {basis.ledger} of the ledger, but entry"
            f" {own.number} records its staging",
            fix=fix,
        )
    if own is None:
        raise StorageConflict(
            f"the ledger has no entry, by a key of {candidate.role}, for the staging of candidate"
            f" {candidate.digest[:12]}",
            fix=fix,
        )
    later = next((entry for entry in entries if entry.number > own.number and entry.candidate != own.candidate), None)
    if later is not None:
        raise StorageConflict(
            f"candidate {candidate.digest[:12]} of {candidate.product} {candidate.release} was replaced on"
            f" {english.moment(later.at)}, as entry {later.number} of the ledger records; its signatures are void",
            fix=fix,
        )
    if (damaged := min((number for number in stagings.damaged if number > own.number), default=None)) is not None:
        raise StorageConflict(
            f"entry {damaged} of the ledger, which follows the staging of candidate {candidate.digest[:12]}, is"
            " missing, altered or not signed by your keys; it may have recorded that the candidate was replaced",
            fix=fix,
        )


def _ledger_at_staging(current: Metadata[Root] | Metadata[Targets] | None) -> int:
    basis = (
        approval_basis_named(current.signed) if current is not None and isinstance(current.signed, Targets) else None
    )
    return basis.ledger or 0 if basis is not None else 0


def _is_about(entry: Entry, role: str) -> bool:
    """Whether a staging is the role's. Whose key may sign an entry for one role has no say about another's numbers."""
    return entry.channel_role == role or (entry.channel_role is None and set(entry.roles) == {role})


def _is_ours(logged: Logged, keys: Mapping[str, Key]) -> bool:
    """Whether a key that was ever named has signed an entry."""
    try:
        verified_entry(logged, keys)
    except VerificationError:
        return False
    return True
