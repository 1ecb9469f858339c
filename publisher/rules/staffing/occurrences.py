"""When planned maintenance takes place: once, or in a weekly slot by the clock on the wall (R60, R63)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from publisher.model.config.staffing import WEEKDAYS
from publisher.model.content.maintenance import Maintenance, Slot
from publisher.model.timespan import Span
from publisher.rules.staffing.local_time import wall

LAST = datetime(2200, 1, 1, tzinfo=UTC)
"""Later than anything that content can name; slots without an end stop here."""


@dataclass(frozen=True)
class Occurrence:
    """One window of a maintenance, [start, end) in UTC."""

    maintenance: Maintenance
    start: datetime

    @property
    def end(self) -> datetime:
        """The first moment after it. A length is time that passes, so the clocks may change meanwhile."""
        return self.start + self.maintenance.length

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def upcoming(maintenance: Maintenance, now: datetime) -> Iterator[Occurrence]:
    """Every window that is not over at `now`, in order; of a slot without an end one after the other for many years."""
    return (occurrence for occurrence in _from(maintenance, now) if occurrence.end > now)


def occurrences(maintenance: Maintenance, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """The windows that overlap [start, end)."""
    return tuple(takewhile(lambda occurrence: occurrence.start < end, upcoming(maintenance, start)))


def _from(maintenance: Maintenance, now: datetime) -> Iterator[Occurrence]:
    """The windows in order, without most of those that were over long before `now`."""
    slot = maintenance.repeats
    if slot is None:
        yield Occurrence(maintenance, maintenance.starts)
        return
    step = timedelta(weeks=slot.every_weeks)
    day = first = _first_day(slot, maintenance.starts)
    if now > maintenance.starts + maintenance.length:
        passed = (min(now, LAST) - maintenance.length).astimezone(ZoneInfo(slot.zone)).date() - first
        day = first + max(passed // step - 1, 0) * step
    while day < LAST.date():
        # An hour that the clocks skip on this day is moved to the first moment that exists; see `wall`.
        start = wall(day, slot.start, slot.zone)
        if maintenance.until is not None and start >= maintenance.until:
            return
        yield Occurrence(maintenance, start)
        day += step


def _first_day(slot: Slot, starts: datetime) -> date:
    """The day of the first slot that begins at or after `starts`; every second or fourth week is counted from it."""
    # One day back, since "24:00" of the day before is midnight of this one.
    day = starts.astimezone(ZoneInfo(slot.zone)).date() - timedelta(days=1)
    while WEEKDAYS[day.weekday()] != slot.day or wall(day, slot.start, slot.zone) < starts:
        day += timedelta(days=1)
    return day
