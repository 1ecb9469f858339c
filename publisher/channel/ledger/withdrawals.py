"""Versions that channels have taken back, as the ledger tells it: which entry did, and whether it still holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from publisher.channel.ledger.entries import took_effect
from publisher.model.records.ledger_entry import SHIPS, Entry, LedgerAction
from publisher.wire.version import Version

TakenBack = Mapping[str, Mapping[Version, Entry]]
"""Channel role -> version -> the entry that took it back."""


def taken_back(entries: Iterable[Entry], live: str | None) -> TakenBack:
    """What entries, in their order, tell of versions that were taken back and not made live again.

    `live` is the SHA-256 of timestamp.json. A recovery puts back what held at the entry whose state it restores.
    """
    entries = tuple(entries)
    seen = took_effect(entries, live)
    now: TakenBack = {}
    numbers: list[int] = []
    states: list[TakenBack] = []
    for entry in entries:
        if entry.number in seen:
            if entry.action is LedgerAction.RECOVER and entry.restored is not None:
                before = bisect_right(numbers, entry.restored)
                now = states[before - 1] if before else {}
            elif entry.release is not None and entry.action in (*SHIPS, LedgerAction.ROLLBACK):
                role, version = entry.release
                others = {other: past for other, past in now.get(role, {}).items() if other != version}
                now = {**now, role: {**others, version: entry} if entry.action is LedgerAction.ROLLBACK else others}
        numbers.append(entry.number)
        states.append(now)
    return now
