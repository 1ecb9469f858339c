"""The one span of time: half-open, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """From `start` on, and over at `end`: [start, end). Spans sort by start."""

    start: datetime
    end: datetime
    """The first moment after it."""

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def overlaps(self, other: Span) -> bool:
        return max(self.start, other.start) < min(self.end, other.end)
