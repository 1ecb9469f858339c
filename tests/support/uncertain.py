"""Events that a block starts or of which signals are measured, and a question near them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Signal
from publisher.model.records.evidence import Evidence
from publisher.model.values import format_time
from publisher.rules.engine.question import Question
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# A listing freezes a feature of a node for seven days before it and 72 hours after it; estimates and signals must be
# fresh from fourteen days before that on, and are believed for three days.
STARTS, ENDS = at("2026-03-10 10:00"), at("2026-03-10 22:00")
BELIEVED = 3 * DAY
# A block makes the freeze begin seven days before the earliest moment, and end 72 hours after the latest end.
EARLIEST, LATEST = STARTS - timedelta(hours=6), STARTS + timedelta(hours=6)
NEEDED, USELESS = EARLIEST - 21 * DAY, LATEST + (ENDS - STARTS) + 3 * DAY


def listing(**fields: Any) -> Event:
    """The example listing."""
    return build.event("2026-03-10 10:00", "2026-03-10 22:00", **fields)


def forked(as_of: datetime, **fields: Any) -> Event:
    """A listing that a block starts, as it was estimated at a moment."""
    trigger = {
        "kind": "block",
        "chain": "BitTorrent Chain",
        "height": 71_000_000,
        "seen": 71_000_000 - int((STARTS - as_of).total_seconds() / 2),
        "as_of": format_time(as_of),
        "spacing_seconds": 2.0,
        "earliest": format_time(EARLIEST),
        "latest": format_time(LATEST),
    }
    return listing(trigger=trigger, **fields)


def measured(moment: datetime, event: str = "example-listing", *, accepted: bool = False, **fields: Any) -> Signal:
    """A signal that proposes severity 4."""
    return build.signal(event, 4, accepted=accepted, sampled_at=format_time(moment), **fields)


def ask(catalog: Catalog, release: Release, moment: datetime) -> Question:
    """A question about the stable channel."""
    return Question(catalog, release, "stable", Evidence(), moment)
