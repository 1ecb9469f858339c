"""Whether a window of planned maintenance may take place: short, away from users and events, with people (R60-R65).

A window is judged for the moment at which it begins, and not for the moment of asking; so what is said of an event
that was embargoed is never for the public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Degree, Maintenance
from publisher.model.content.policy import MaintenancePolicy
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.values import Visibility
from publisher.rules import english
from publisher.rules.engine.profile import not_required
from publisher.rules.engine.public_words import few, ids, titled
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.staffing import usage
from publisher.rules.staffing.coverage import DUTIES, lacking, missing, shift_spans
from publisher.rules.staffing.local_time import Span, days, hours, overlap
from publisher.rules.staffing.occurrences import Occurrence, occurrences

DAY = timedelta(days=1)


def judge(catalog: Catalog, maintenance: Maintenance, occurrence_start: datetime) -> tuple[Verdict, ...]:
    """What every rule says of the window that begins at `occurrence_start`; the worst outcome is the answer.

    The maintenance's product must be in the catalog. Worked out once for each catalog and window.
    """
    key = ("maintenance", maintenance.id, occurrence_start)
    if key not in catalog.memo:
        window = Occurrence(maintenance, occurrence_start)
        catalog.memo[key] = tuple(_approved(maintenance, rule(catalog, window)) for rule in RULES)
    verdicts: tuple[Verdict, ...] = catalog.memo[key]
    return verdicts


def _approved(maintenance: Maintenance, verdict: Verdict) -> Verdict:
    """What needs an approval passes with one, and says so."""
    given = maintenance.approval
    if verdict.outcome is not Outcome.NEEDS_APPROVAL or given is None:
        return verdict
    approved = f" It was approved on {english.moment(given.at)}"
    public = verdict.public_reason
    if public is None and maintenance.visibility is not Visibility.PUBLIC:
        public = verdict.reason
    return verdict.model_copy(
        update={
            "outcome": Outcome.PASS_OVERRIDDEN,
            "reason": f"{verdict.reason}{approved}: {given.because}",
            "public_reason": public and f"{public}{approved}.",
            "who": "",
            "fix": "",
        }
    )


def peak(catalog: Catalog, window: Occurrence) -> Verdict:
    """Not while many users are there, unless somebody says why it must be (R60)."""
    product = catalog.products[window.maintenance.product]
    if not product.usage:
        return Verdict(
            rule="maintenance.peak",
            outcome=Outcome.UNKNOWN,
            reason=f"The busy hours of {product.name} are not known.",
            who="Operations",
            fix="Add `usage` to the product in products.yaml.",
        )
    limit = _policy(catalog, window).busy_percent
    moment, percent = usage.busiest(product.usage, window.start, window.end)
    if percent < limit:
        return Verdict(
            rule="maintenance.peak",
            outcome=Outcome.PASS,
            reason=f"It has at most {percent} % of the users of the busiest hour; an hour is busy from {limit} %.",
        )
    many = f"{moment:%H:%M} UTC has {percent} % of the users of the busiest hour"
    if window.maintenance.peak_because is not None:
        public = window.maintenance.visibility is Visibility.PUBLIC
        return Verdict(
            rule="maintenance.peak",
            outcome=Outcome.PASS,
            reason=f"It is at a busy hour: {many}. The reason: {window.maintenance.peak_because}",
            public_reason=None if public else "It is at a busy hour, for a reason that will be published later.",
        )
    return Verdict(
        rule="maintenance.peak",
        outcome=Outcome.BLOCKED,
        reason=f"It is at a busy hour: {many}, and an hour is busy from {limit} %.",
        who="Operations",
        fix="Choose a quieter hour, or give the reason in `peak_because`.",
    )


def freeze(catalog: Catalog, window: Occurrence) -> Verdict:
    """Not while an event is under way."""
    spans = {event.id: _may_last(catalog, event, window.start) for event in _events(catalog, 1)}
    events = [event for event in _events(catalog, 1) if overlap(window.span, spans[event.id])]
    if not events:
        return Verdict(rule="maintenance.freeze", outcome=Outcome.PASS, reason="No event is under way during it.")
    until = max(spans[event.id][1] for event in events)
    return _around(
        "maintenance.freeze",
        events,
        f"No maintenance takes place during {{}}, until {english.moment(until)}.",
        until,
        "Choose a time after the event.",
    )


def eve(catalog: Catalog, window: Occurrence) -> Verdict:
    """On the eve of an event only with people around the clock, meanwhile and for a day after it (R61)."""
    policy = _policy(catalog, window)
    near = [
        event for event in _events(catalog, policy.eve_severity) if overlap(window.span, _eve(catalog, event, window))
    ]
    if not near:
        return Verdict(
            rule="maintenance.eve",
            outcome=Outcome.PASS,
            reason=f"No event of severity {policy.eve_severity} or more begins"
            f" within {english.length(policy.eve)} after it.",
        )
    if not (gaps := missing(catalog, ("on-call", "support"), window.start, window.end + DAY)):
        return Verdict(
            rule="maintenance.eve",
            outcome=Outcome.PASS,
            reason="An event is about to begin, and on-call and support are staffed around the clock during the window"
            " and for the day after it.",
        )
    until = max(_may_last(catalog, event, window.start)[1] for event in near)
    return _around(
        "maintenance.eve",
        near,
        f"It is on the eve of {{}}, which needs staff around the clock. {lacking(catalog, gaps)}.",
        until,
        "Choose a time after the event, or fill the gaps in staffing.yaml.",
        neutral=f"It is on the eve of {{}} and cannot take place before {english.moment(until)}.",
    )


def coverage(catalog: Catalog, window: Occurrence) -> Verdict:
    """On-call, comms and support are there meanwhile, and for the first day after it (R62)."""
    if (verdict := not_required("maintenance.coverage", catalog.policy_at(window.start))) is not None:
        return verdict
    length_after = _policy(catalog, window).after
    after = english.length(length_after)
    gaps = missing(catalog, DUTIES, window.start, window.end + length_after)
    if not gaps:
        return Verdict(
            rule="maintenance.coverage",
            outcome=Outcome.PASS,
            reason=f"{english.listed(DUTIES).capitalize()} are staffed during it and for {after} after it.",
        )
    return Verdict(
        rule="maintenance.coverage",
        outcome=Outcome.BLOCKED,
        reason=f"{lacking(catalog, gaps)}. {english.listed(DUTIES).capitalize()} must be staffed"
        f" from its start until {after} after its end.",
        public_reason="It waits until the people who may be needed are on duty.",
        who="Operations",
        fix="Choose a time at which all duties are staffed, or fill the gaps in staffing.yaml.",
    )


def length(catalog: Catalog, window: Occurrence) -> Verdict:
    """Short rather than heroic, and shorter where data suffers (R63, R65)."""
    policy, maintenance = _policy(catalog, window), window.maintenance
    suffers = maintenance.impact.data is not Degree.NONE
    limit = policy.longest_with_data if suffers else policy.longest
    where = " if it affects seeding, sync or storage" if suffers else ""
    if maintenance.length > limit:
        return Verdict(
            rule="maintenance.length",
            outcome=Outcome.NEEDS_APPROVAL,
            reason=f"It lasts {english.length(maintenance.length)}."
            f" A window of more than {english.length(limit)} needs an approval{where}.",
            who="Operations",
            fix="Split it into shorter windows, or have it approved, and record that under `approval`.",
        )
    advice = "" if maintenance.repeats else " Consider a weekly slot, which users can get used to."
    return Verdict(
        rule="maintenance.length",
        outcome=Outcome.PASS,
        reason=f"It lasts {english.length(maintenance.length)}."
        f" Up to {english.length(limit)} is allowed{where}.{advice}",
    )


def night(catalog: Catalog, window: Occurrence) -> Verdict:
    """Nobody works many nights of a week for maintenance, by the clock where they are (R63)."""
    clocks = _clocks(catalog)
    if unknown := [person for person in window.maintenance.crew if person not in clocks]:
        return Verdict(
            rule="maintenance.night",
            outcome=Outcome.UNKNOWN,
            reason=f"No shift names the time zone of {len(unknown)} of the crew.",
            public_reason=_NIGHT,
            who="Operations",
            fix="Add a shift for each of the crew to staffing.yaml.",
        )
    allowed = _policy(catalog, window).nights_per_week
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
        return Verdict(
            rule="maintenance.night",
            outcome=Outcome.NEEDS_APPROVAL,
            reason=f"One person would work {english.counted(most, 'night')} that week."
            f" More than {english.counted(allowed, 'night')} {'needs' if allowed == 1 else 'need'} an approval.",
            public_reason=_NIGHT,
            who="Operations",
            fix="Choose an hour that is daytime for the crew, or another week, or have it approved, and record that"
            " under `approval`.",
        )
    return Verdict(
        rule="maintenance.night",
        outcome=Outcome.PASS,
        reason="It needs no night work."
        if most == 0
        else f"No one works more than {english.counted(allowed, 'night')} that week for maintenance.",
    )


RULES: tuple[Callable[[Catalog, Occurrence], Verdict], ...] = (peak, freeze, eve, coverage, length, night)
"""Every rule for a window, in the order in which verdicts are shown."""

_NIGHT = "It waits until working hours are settled."


def _events(catalog: Catalog, severity: int) -> Iterator[Event]:
    return (
        event
        for event in catalog.events
        if event.status != "cancelled" and effective_severity(catalog, event) >= severity
    )


def _may_last(catalog: Catalog, event: Event, at: datetime) -> Span:
    """From when until when an event may be under way; an estimate is wider by then, as it has grown older (R18)."""
    doubt = timedelta()
    if event.estimate is not None and at > event.estimate.as_of:
        doubt = catalog.policy_at(at).freeze.uncertainty.drift_per_day * ((at - event.estimate.as_of) / DAY)
    return event.earliest - doubt, event.over + doubt


def _eve(catalog: Catalog, event: Event, window: Occurrence) -> Span:
    """From the eve of an event to the last moment at which it may begin."""
    first, over = _may_last(catalog, event, window.start)
    return first - _policy(catalog, window).eve, over - (event.ends - event.starts)


def _around(
    rule: str, events: list[Event], reason: str, until: datetime, fix: str, neutral: str | None = None
) -> Verdict:
    """It waits for events; {} in the words is where they are named. `neutral` tells less, for everybody."""
    hidden = any(event.visibility is not Visibility.PUBLIC for event in events)
    public = [f'"{e.title if e.visibility is Visibility.PUBLIC else e.public_title}"' for e in events]
    return Verdict(
        rule=rule,
        outcome=Outcome.WAITING,
        reason=reason.format(titled(events)),
        public_reason=(neutral or reason).format(few(public)) if hidden or neutral else None,
        fix=fix,
        until=until,
        sources=ids(events),
    )


def _policy(catalog: Catalog, window: Occurrence) -> MaintenancePolicy:
    return catalog.policy_at(window.start).maintenance


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
    policy = _policy(catalog, window)
    clocks = _clocks(catalog)
    working = [(person, zone, window.span) for person in window.maintenance.crew for zone in clocks.get(person, ())]
    for shift in catalog.staffing.shifts if catalog.staffing else ():
        if shift.duty == "on-call":
            for begins, ends in shift_spans(shift, *window.span):
                span = max(begins, window.start), min(ends, window.end)
                working += [(person, shift.zone, span) for person in shift.people]
    for person, zone, span in working:
        for day in days(*span, zone):
            if overlap(span, hours(day, policy.night_from, policy.night_to, zone)):
                yield person, zone, day
