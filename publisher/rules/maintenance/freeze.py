"""No maintenance while an event is under way."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.maintenance.condition import WindowCondition
from publisher.rules.maintenance.events import events_of, may_last, waits_for
from publisher.rules.staffing.occurrences import Occurrence


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether the window touches the time in which any event may be under way."""
    spans = {event.id: may_last(catalog, event, window.start) for event in events_of(catalog, 1)}
    events = [event for event in events_of(catalog, 1) if window.span.overlaps(spans[event.id])]
    if not events:
        return Ruling(Outcome.PASS, public="No event is under way during it.")
    until = max(spans[event.id][1] for event in events)
    return waits_for(
        events,
        f"No maintenance takes place during {{}}, until {english.moment(until)}.",
        until,
        "Choose a time after the event.",
    )


CONDITION = WindowCondition("maintenance.freeze", ask)
