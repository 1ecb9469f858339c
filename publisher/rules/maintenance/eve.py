"""On the eve of an event, maintenance needs people around the clock, meanwhile and for a day after it (R61)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.maintenance.condition import WindowCondition, policy_of
from publisher.rules.maintenance.events import DAY, events_of, may_last, waits_for
from publisher.rules.staffing.coverage import lacking, missing
from publisher.rules.staffing.occurrences import Occurrence


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether the window lies before an event that is about to begin, and if so, whether people are there."""
    policy = policy_of(catalog, window)
    near = [
        event for event in events_of(catalog, policy.eve_severity) if window.span.overlaps(_eve(catalog, event, window))
    ]
    if not near:
        return Ruling(
            Outcome.PASS,
            public=f"No event of severity {policy.eve_severity} or more begins"
            f" within {english.length(policy.eve)} after it.",
        )
    if not (gaps := missing(catalog, ("on-call", "support"), window.start, window.end + DAY)):
        return Ruling(
            Outcome.PASS,
            public="An event is about to begin, and on-call and support are staffed around the clock during the window"
            " and for the day after it.",
        )
    until = max(may_last(catalog, event, window.start)[1] for event in near)
    return waits_for(
        near,
        f"It is on the eve of {{}}, which needs staff around the clock. {lacking(catalog, gaps)}.",
        until,
        "Choose a time after the event, or fill the gaps in staffing.yaml.",
        neutral=f"It is on the eve of {{}} and cannot take place before {english.moment(until)}.",
    )


def _eve(catalog: Catalog, event: Event, window: Occurrence) -> Span:
    """From the eve of an event to the last moment at which it may begin."""
    first, over = may_last(catalog, event, window.start)
    return Span(first - policy_of(catalog, window).eve, over - (event.ends - event.starts))


CONDITION = WindowCondition("maintenance.eve", ask)
