"""Who is there when: shifts as moments in UTC, and the gaps between them (R61, R62)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from publisher.model.catalog import Catalog
from publisher.model.config.staffing import WEEKDAYS, Shift, ShiftDuty, Staffing, Weekday
from publisher.model.content.event import Event
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.staffing.local_time import days, hours, merged

DUTIES: tuple[ShiftDuty, ...] = ("on-call", "comms", "support")
"""Those who must be there around a release near an event, and around maintenance."""

KNOWN = (datetime(2000, 1, 5, tzinfo=UTC), datetime(2199, 12, 25, tzinfo=UTC))
"""The years that content can name; outside them nobody is there."""

BLOCK = timedelta(weeks=4)
"""So much of the shifts is worked out at a time."""


def shift_spans(shift: Shift, start: datetime, end: datetime) -> Iterator[Span]:
    """The hours of one shift, whole, that overlap [start, end), but for what lies outside its `since` and `until`."""
    since, until = shift.since or KNOWN[0], shift.until or KNOWN[1]
    first, last = max(start, since), min(end, until)
    if first >= last:
        return
    for begins, finishes in _weekly(shift.zone, shift.days, shift.start, shift.end, first, last):
        if finishes > first and begins < last:
            yield Span(max(begins, since), min(finishes, until))


@lru_cache(maxsize=1024)  # shifts of several duties share their hours
def _weekly(
    zone: str, weekdays: tuple[Weekday, ...], start: str, end: str, first: datetime, last: datetime
) -> tuple[Span, ...]:
    """The hours of a pattern of the week that overlap [first, last), and a few more on either side."""
    numbers = {WEEKDAYS.index(day) for day in weekdays}
    return tuple(hours(day, start, end, zone) for day in days(first, last, zone) if day.weekday() in numbers)


def covered(staffing: Staffing | None, duty: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    """When somebody of the duty is there in [start, end); shifts that touch or overlap count as one."""
    shifts = [shift for shift in (staffing.shifts if staffing else ()) if shift.duty == duty]
    there = merged(span for shift in shifts for span in shift_spans(shift, start, end))
    return tuple(Span(max(begins, start), min(ends, end)) for begins, ends in there)


def gaps(staffing: Staffing | None, duty: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    """When nobody of the duty is there in [start, end), in order. Where nothing is known, nobody is there."""
    there = covered(staffing, duty, start, end)
    edges = [start, *(moment for span in there for moment in span), end]
    return tuple(Span(begins, ends) for begins, ends in zip(edges[::2], edges[1::2], strict=True) if begins < ends)


def missing(catalog: Catalog, duties: Iterable[str], start: datetime, end: datetime) -> dict[str, tuple[Span, ...]]:
    """The gaps in [start, end) of each duty that has any; shifts are read once for each catalog and block of weeks."""
    gaps_by_duty = {duty: tuple(merged(_known_gaps(catalog, duty, start, end))) for duty in duties}
    return {duty: spans for duty, spans in gaps_by_duty.items() if spans}


def _known_gaps(catalog: Catalog, duty: str, start: datetime, end: datetime) -> Iterator[Span]:
    """The gaps in [start, end), cut where a block ends."""
    if catalog.staffing is None:
        yield Span(start, end)
        return
    for block in blocks(start, end):
        for begins, ends in catalog.remember(_block_gaps, duty, block):
            if begins < end and start < ends:
                yield Span(max(begins, start), min(ends, end))


def _block_gaps(catalog: Catalog, duty: str, block: datetime) -> tuple[Span, ...]:
    return gaps(catalog.staffing, duty, block, block + BLOCK)


def blocks(start: datetime, end: datetime) -> Iterator[datetime]:
    """The beginnings of the blocks of weeks that [start, end) touches; the same ones whatever is asked for."""
    first = datetime.min.replace(tzinfo=UTC)
    block = first + (start - first) // BLOCK * BLOCK
    while block < end:
        yield block
        block += BLOCK


def uncovered(catalog: Catalog, event: Event) -> bool:
    """Whether on-call or support has a gap in the event's week, Monday to Sunday UTC (R24); yes if nothing is known."""
    midnight = event.starts.replace(hour=0, minute=0, second=0, microsecond=0)
    return catalog.remember(_uncovered_week, midnight - timedelta(days=midnight.weekday()))


def _uncovered_week(catalog: Catalog, monday: datetime) -> bool:
    return bool(missing(catalog, ("on-call", "support"), monday, monday + timedelta(weeks=1)))


def lacking(catalog: Catalog, gaps_by_duty: dict[str, tuple[Span, ...]]) -> str:
    """Support is not staffed from Tuesday 29 December 2026, 18:00 UTC to Wednesday 30 December 2026, 00:00 UTC.

    A sentence about the gaps in `gaps_by_duty`, without its end.
    """
    if catalog.staffing is None:
        return "There is no staffing.yaml, so no duty counts as staffed"
    named = [
        f"{duty} is not staffed from {english.period(*span)}" for duty, spans in gaps_by_duty.items() for span in spans
    ]
    return english.upfirst(
        english.listed(named if len(named) <= 3 else [*named[:2], f"there are {len(named) - 2} more gaps"])
    )
