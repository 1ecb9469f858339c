"""Events that a window of maintenance keeps away from: when they may be under way, and that it waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.model.timespan import Span
from publisher.model.visibility import Visibility
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.engine.public_words import ids, titled
from publisher.rules.freeze.severity import effective_severity

DAY = timedelta(days=1)


def events_of(catalog: Catalog, severity: int) -> Iterator[Event]:
    """The events of at least this severity that take place."""
    return (
        event
        for event in catalog.events
        if event.status != "cancelled" and effective_severity(catalog, event) >= severity
    )


def may_last(catalog: Catalog, event: Event, at: datetime) -> Span:
    """From when until when an event may be under way; an estimate is wider by then, as it has grown older (R18)."""
    doubt = timedelta()
    if event.estimate is not None and at > event.estimate.as_of:
        doubt = catalog.policy_at(at).freeze.uncertainty.drift_per_day * ((at - event.estimate.as_of) / DAY)
    return Span(event.earliest - doubt, event.over + doubt)


def waits_for(events: list[Event], reason: str, until: datetime, fix: str, neutral: str | None = None) -> Ruling:
    """It waits for events; {} in the words is where they are named. `neutral` tells less, for everybody."""
    titles = [f'"{e.title if e.visibility is Visibility.PUBLIC else e.public_title}"' for e in events]
    hidden = neutral is not None or any(event.visibility is not Visibility.PUBLIC for event in events)
    return Ruling(
        Outcome.WAITING,
        reason=reason.format(titled(events)) if hidden else "",
        public=(neutral or reason).format(english.few(titles)),
        fix=fix,
        until=until,
        sources=ids(events),
    )
