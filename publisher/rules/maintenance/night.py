"""Nobody works many nights of a week for maintenance, by the clock where they are (R63)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.maintenance.condition import WindowCondition, policy_of
from publisher.rules.staffing.coverage import shift_spans
from publisher.rules.staffing.local_time import days, hours
from publisher.rules.staffing.occurrences import Occurrence, occurrences

_NIGHT = "It waits until working hours are settled."


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether somebody works more nights of the week than may be without an approval."""
    clocks = _clocks(catalog)
    if unknown := [person for person in window.maintenance.crew if person not in clocks]:
        return Ruling(
            Outcome.UNKNOWN,
            reason=f"The time zone of {len(unknown)} of the crew is unknown, since they have no shift.",
            public=_NIGHT,
            who="Operations",
            fix="Add a shift for each crew member to staffing.yaml.",
        )
    allowed = policy_of(catalog, window).nights_per_week
    most = 0
    for person, zone, on in set(_nights(catalog, window)):
        monday = on - timedelta(days=on.weekday())
        week = hours(monday, "00:00", "24:00", zone)[0], window.end
        worked = {
            other
            for maintenance in catalog.maintenance
            for earlier in occurrences(maintenance, *week)
            for name, _, other in _nights(catalog, earlier)
            if name == person and monday <= other <= on
        }
        most = max(most, len(worked | {on}))
    if most > allowed:
        return Ruling(
            Outcome.NEEDS_APPROVAL,
            reason=f"One person would work {english.counted(most, 'night')} that week."
            f" More than {english.counted(allowed, 'night')} {'needs' if allowed == 1 else 'need'} an approval.",
            public=_NIGHT,
            who="Operations",
            fix="Choose an hour that is daytime for the crew, or another week, or have it approved, and record that"
            " under `approval`.",
        )
    return Ruling(
        Outcome.PASS,
        public="It needs no night work."
        if most == 0
        else f"No one works more than {english.counted(allowed, 'night')} that week for maintenance.",
    )


def _clocks(catalog: Catalog) -> dict[str, set[str]]:
    """The zones of everybody's shifts."""
    clocks: dict[str, set[str]] = {}
    for shift in catalog.staffing.shifts if catalog.staffing else ():
        for person in shift.people:
            clocks.setdefault(person, set()).add(shift.zone)
    return clocks


def _nights(catalog: Catalog, window: Occurrence) -> Iterator[tuple[str, str, date]]:
    """Who works for this window in which night: person, zone, and the day on which the night begins.

    The crew works through the whole window, those who are on call for as much of it as their shift lasts.
    """
    policy = policy_of(catalog, window)
    clocks = _clocks(catalog)
    working = [(person, zone, window.span) for person in window.maintenance.crew for zone in clocks.get(person, ())]
    for shift in catalog.staffing.shifts if catalog.staffing else ():
        if shift.duty == "on-call":
            for begins, ends in shift_spans(shift, *window.span):
                span = Span(max(begins, window.start), min(ends, window.end))
                working += [(person, shift.zone, span) for person in shift.people]
    for person, zone, span in working:
        for day in days(*span, zone):
            if span.overlaps(hours(day, policy.night_from, policy.night_to, zone)):
                yield person, zone, day


CONDITION = WindowCondition("maintenance.night", ask)
