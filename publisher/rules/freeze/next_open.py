"""When a kind of change may ship again: freezes that follow one another count as one wait."""

from __future__ import annotations

from datetime import datetime

from publisher.rules.freeze.timeline import Timeline
from publisher.rules.freeze.windows import Window


def opening(timeline: Timeline, now: datetime) -> tuple[datetime, Window] | None:
    """The first moment at which no freeze stops the class, and the window that ends last before it.

    None when nothing stops it at `now`. `timeline` is that of one kind of change.
    """
    until = timeline.stopping.until(now)
    return None if until is None else (until, timeline.stopping.last(until))
