"""Candidates that somebody has rejected: nobody signs or ships them any more, and clients refuse them."""

from __future__ import annotations

from contextlib import suppress

from tuf.api.metadata import Targets

from publisher.channel.brakes import channel_brakes
from publisher.channel.candidates.candidate import Candidate, signers_of
from publisher.channel.layout import metadata_key
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.repository import left_at, parse
from publisher.errors import StorageConflict, VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import Entry, LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.ledger_append import from_the_end
from publisher.rules import english
from publisher.wire.stopping.brakes import BRAKES


def refuse_rejected(candidate: Candidate, bucket: Bucket, signers: Signers) -> None:
    """Raise StorageConflict for a candidate that brakes reject, with who said no, when and why, as the ledger tells."""
    if candidate.digest not in channel_brakes(bucket.live, candidate.role).rejected:
        return
    what = f"candidate {candidate.digest[:12]} of {candidate.role} was rejected"
    if (entry := _rejection(candidate.digest, bucket, signers)) is not None:
        by = _signed_by(entry, bucket)
        what += f" on {english.moment(entry.at)}" + (f" by {english.listed(by)}" if by else "")
        what += f': "{entry.because}"' if entry.because else ""
    raise StorageConflict(what, fix="stage the release again with a change and --replace; it needs new signatures")


def _rejection(digest: str, bucket: Bucket, signers: Signers) -> Entry | None:
    """The entry that tells of it, by a key that counts today; None where none does."""
    live = bucket.published()
    today = CurrentKeys(live.root.signed, live.targets.signed, signers)
    for logged in from_the_end(bucket.storage):
        entry = logged.entry
        if entry is not None and entry.action is LedgerAction.REJECT and entry.candidate == digest:
            with suppress(VerificationError):
                return today.entry(logged)
    return None


def _signed_by(entry: Entry, bucket: Bucket) -> list[str]:
    """Persons with their duties who signed the brakes that the entry made live."""
    data = left_at(bucket.read, metadata_key(BRAKES, entry.roles.get(BRAKES, 0)))
    try:
        return signers_of(bucket.published().targets, BRAKES, parse(data or b"", Targets, BRAKES))
    except VerificationError:
        return []
