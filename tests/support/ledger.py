"""Entries of a ledger that flips make: each replaces the timestamp before it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from publisher.model.records.ledger import Entry, LedgerAction, Stamp

BEGUN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def stamp(number: int) -> Stamp:
    """A timestamp of that number."""
    return Stamp(version=number, sha256=hashlib.sha256(str(number).encode()).hexdigest())


def flip(
    number: int, action: LedgerAction, version: str | None = None, channel: str = "stable", **fields: object
) -> Entry:
    """Entry `number`, which made timestamp `number` live in the place of the one before it, an hour after that."""
    return Entry.model_validate(
        {
            "number": number,
            "previous": None,
            "at": BEGUN + timedelta(hours=number),
            "public": None,
            "action": action,
            "policy_version": 1,
            "policy_digest": "a" * 64,
            "product": "node" if version else None,
            "channel": channel if version else None,
            "version": version,
            "base": stamp(number - 1) if number > 1 else None,
            "result": stamp(number),
            **fields,
        }
    )
