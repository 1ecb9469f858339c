"""`publish log`: entries of the ledger, each with what later entries and the live state say of it."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.ledger.entries import LedgerCheck, Logged, took_effect
from publisher.channel.ledger.withdrawals import TakenBack, taken_back
from publisher.model.records.ledger_entry import Entry, PublicEntry
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.ledger_append import Ledger
from publisher.signing.digests import digest_bytes
from publisher.signing.public_keys import described


@dataclass(frozen=True)
class Shown:
    """One entry as it is shown."""

    logged: Logged
    entry: Entry | PublicEntry | None
    """What may be told of it; None when it cannot be read."""
    took_effect: bool | None
    """Whether clients have seen it; None when it was not about something that they see."""
    signed_by: tuple[str, ...]
    """Persons with their duties; empty where nothing was verified."""
    refuted: bool
    """Whether it was verified, and is not ours."""
    taken_back: Entry | None
    """The entry that took its release back, if it was published and taken back since; itself for a rollback."""


def shown_entries(ledger: Ledger, check: LedgerCheck | None, storage: Readable, *, public: bool) -> list[Shown]:
    """Entries with what follows from others, only public ones if `public`; `check` is None if nobody verified them."""
    timestamp = reader(storage)(TIMESTAMP_KEY)
    live = digest_bytes(timestamp).sha256 if timestamp else None
    shown: list[Shown] = []
    entries = [
        logged.entry for logged in ledger.logged if logged.entry and (check is None or logged.number in check.signers)
    ]
    seen = took_effect(entries, live)
    back = taken_back(entries, live)
    for logged in ledger.logged:
        entry = logged.entry
        if entry is not None and public and entry.public is None:
            continue
        signers = check.signers.get(logged.number, ()) if check else ()
        shown.append(
            Shown(
                logged=logged,
                entry=entry.public if entry is not None and public else entry,
                took_effect=logged.number in seen if entry is not None and entry.result else None,
                signed_by=tuple(described(key) for key in signers),
                refuted=check is not None and logged.number not in check.signers,
                taken_back=_taken_back(entry, back) if logged.number in seen and entry is not None else None,
            )
        )
    return shown


def _taken_back(entry: Entry, back: TakenBack) -> Entry | None:
    if entry.release is None:
        return None
    role, version = entry.release
    return back.get(role, {}).get(version)
