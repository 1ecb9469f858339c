"""What was staged since the live version: which candidate is the newest, and which number the next one gets.

A signature cannot be taken back. So the ledger is asked whether a candidate was replaced; and whatever ships next has a
higher number than every candidate that anyone has signed, so that clients which know it refuse the others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tuf.api.metadata import Targets

from publisher.channel.candidate import (
    SIGNATURES,
    Candidate,
    next_free_version,
    payload_digest,
    read_candidate,
    read_signatures,
)
from publisher.channel.layout import back_key
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.channel.repository import Repository
from publisher.errors import StorageConflict, StorageForeign, VerificationError
from publisher.model.ledger import Entry
from publisher.model.signer import Signers
from publisher.pipeline.ledger import staged_entries
from publisher.pipeline.reading import Readable, reader
from publisher.pipeline.staged import listed, role_keys
from publisher.rules import words
from publisher.signing.keys import signed_by

LEAP = 100
"""A signed number that is further ahead of all others is a thief's, and is not followed."""


@dataclass(frozen=True)
class Staging:
    """One candidate that the ledger tells of."""

    entry: Entry
    number: int | None
    """The version that the candidate would give its role; None when it is not there any more."""
    signed: bool
    """Whether a key that may sign the role has signed it."""


@dataclass(frozen=True)
class Stagings:
    """What was staged for a role since its live version, the last first."""

    live: int
    """The highest number that is live, or that metadata has which takes the live release back; 0 for none."""
    entries: tuple[Staging, ...]
    next_free: Callable[[int], int]
    """The first number after another that no object has."""

    def highest_number(self, but: str | None = None) -> int:
        """The highest number that is live, or that somebody has signed since.

        `but` is the digest of a candidate that is left out: for whoever asks which number that one may have.
        """
        highest = self.live
        for staging in reversed(self.entries):
            number = staging.number or 0
            if not staging.signed or staging.entry.candidate == but or number <= highest:
                continue
            # Ours may be further ahead where strangers have taken the numbers between.
            if number <= highest + LEAP or number <= self.next_free(highest):
                highest = number
        return highest

    def tell_of(self, digest: str) -> bool:
        """Whether this candidate is among them."""
        return any(staging.entry.candidate == digest for staging in self.entries)


def read_stagings(
    role: str, live: Repository | None, storage: Readable, trusted_root: bytes, signers: Signers
) -> Stagings:
    """Read the whole ledger for what was staged since the live version. Raises VerificationError, StorageError.

    Not for root, whose numbers have no gaps (TUF specification, 5.3).
    """
    current = live.of(role) if live else None
    number = current.signed.version if current else 0
    read, stagings = reader(storage), list[Staging]()
    for entry in staged_entries(role, storage, trusted_root, signers):
        candidate = None
        with suppress(VerificationError, StorageForeign):
            candidate = read_candidate(read, Candidate, role, str(entry.candidate))
        if candidate is None:
            stagings.append(Staging(entry, None, signed=False))
            continue
        if candidate.metadata.signed.version <= number:
            continue  # and no end of it: a thief of one key could stage an old number, to hide all that came before
        signed = _is_signed(candidate, storage, signers)
        stagings.append(Staging(entry, candidate.metadata.signed.version, signed))
    if current is not None and isinstance(current.signed, Targets):
        # Metadata that takes a release back is signed with it, and has the number after it.
        number += storage.stat(back_key(role, payload_digest(current.signed))) is not None
    return Stagings(number, tuple(stagings), lambda above: next_free_version(role, read, above))


def refuse_superseded(candidate: ReleaseCandidate, stagings: Stagings) -> None:
    """The ledger must tell that the channel's people staged the candidate, and no other after it.

    Two that were staged in the place of the same pointer have raced, and the pointer says which of them won. Raises
    StorageConflict.
    """
    entries = [staging.entry for staging in stagings.entries if staging.entry.channel_role == candidate.role]
    # The oldest one counts: a thief of one key could tell of it again.
    own = next((entry for entry in reversed(entries) if entry.candidate == candidate.digest), None)
    if own is None:
        raise StorageConflict(
            f"no entry of the ledger, by a key of {candidate.role}, tells that candidate {candidate.digest[:12]} was"
            " staged",
            fix="find out who wrote to staging/, then stage it again with --replace",
        )
    for entry in entries:
        if entry.number > own.number and entry.staged_over != own.staged_over:
            raise StorageConflict(
                f"candidate {candidate.digest[:12]} of {candidate.product} {candidate.release} was replaced on"
                f" {words.moment(entry.at)}, says entry {entry.number} of the ledger; its signatures are void",
                fix="find out who wrote to staging/, then stage it again with --replace",
            )


def _is_signed(candidate: Candidate, storage: Readable, signers: Signers) -> bool:
    keys = role_keys(signers, candidate.role)
    names = listed(storage, candidate.role, candidate.digest, SIGNATURES, keys.keys())
    data = candidate.metadata.signed_bytes
    return any(
        signature.keyid in keys and signed_by(keys[signature.keyid], signature, data)
        for signature in read_signatures(reader(storage), names)
    )
