"""The clock on the wall: days and hours of a time zone as moments in UTC, right on the days when clocks change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from publisher.model.timespan import Span
from publisher.rules import english

NONE = timedelta()


def wall(day: date, clock: str, zone: str) -> datetime:
    """The moment at which the clocks of `zone` show `clock` on `day`; "24:00" is the end of the day.

    An hour that the clocks skip becomes the first moment that exists after it; of an hour that they show twice it is
    the first.
    """
    hour, minute = int(clock[:2]), int(clock[3:])
    there = ZoneInfo(zone)
    shown = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute), there)
    before, after = shown.utcoffset() or NONE, shown.replace(fold=1).utcoffset() or NONE
    moment = shown.replace(tzinfo=UTC) - before
    if before == after:
        return moment
    # Read by the offset before a change, a skipped hour lies after the change, and by the one after it, before.
    other = shown.replace(tzinfo=UTC) - after
    return _change(other, moment, there) if other < moment else moment


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the new offset, somewhere in (before, after]."""
    old = before.astimezone(zone).utcoffset()
    seconds = (after - before) // timedelta(seconds=1)
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def hours(day: date, start: str, end: str, zone: str) -> Span:
    """The hours that begin on `day`; an `end` at or before `start` is on the next day."""
    return Span(wall(day, start, zone), wall(day + timedelta(days=end <= start), end, zone))


def days(start: datetime, end: datetime, zone: str) -> tuple[date, ...]:
    """The days of `zone` on which hours may begin that overlap [start, end), two more on either side."""
    there = ZoneInfo(zone)
    first, last = start.astimezone(there).date() - timedelta(days=2), end.astimezone(there).date() + timedelta(days=2)
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


def merged(spans: Iterable[tuple[datetime, datetime]]) -> list[Span]:
    """The same time in as few spans as it takes, in order; spans that touch become one."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, end))
        else:
            result.append(Span(start, end))
    return result


def local(span: Span, zone: str) -> str:
    """Tuesday, 09:00 to 10:30, Europe/Lisbon: a span as the clocks of its zone show it.

    Where clocks are set back in it, or show an hour twice, each hour is told with its offset.
    """
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in span)
    turned = start.utcoffset() != end.utcoffset() or any(_comes_twice(moment) for moment in (start, end))
    shown = [f"{moment:%H:%M} ({_offset(moment)})" if turned else f"{moment:%H:%M}" for moment in (start, end)]
    return f"{english.weekday(start)}, {shown[0]} to {shown[1]}, {zone}"


def _comes_twice(moment: datetime) -> bool:
    return moment.replace(fold=1 - moment.fold).utcoffset() != moment.utcoffset()


def _offset(moment: datetime) -> str:
    """UTC+01:00."""
    return f"UTC{moment.isoformat()[-6:]}"
