"""When an event whose start or severity is uncertain matters, and while what was measured of it is not believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.rules import english
from publisher.rules.engine.question import Question
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline


@dataclass(frozen=True)
class Reach:
    """When an event matters to a kind of change: from `near` before its first freeze until its last one is over."""

    start: datetime
    end: datetime
    """The first moment after it."""

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies in [start, end)."""
        return self.start <= now < self.end


def uncertain_events(catalog: Catalog) -> tuple[Event, ...]:
    """The events to come that a block or an epoch starts, or of which signals are measured."""
    heard = {signal.event for signal in catalog.signals}
    return tuple(
        event for event in catalog.events if event.status == "planned" and (event.trigger or event.id in heard)
    )


def reaches(question: Question) -> dict[str, Reach]:
    """When each uncertain event matters; events that do not freeze this kind of change are left out."""
    return question.catalog.remember(_reaches, question.subject, question.policy.freeze.uncertainty.near)


def _reaches(catalog: Catalog, subject: Subject, near: timedelta) -> dict[str, Reach]:
    names = {event.id for event in catalog.remember(uncertain_events)}
    by_event: dict[str, Reach] = {}
    for window in timeline(catalog, subject).of_events.windows if names else ():
        if (name := window.cause.id) in names:
            reach = by_event.get(name, Reach(window.start - near, window.end))
            by_event[name] = Reach(min(reach.start, window.start - near), max(reach.end, window.end))
    return by_event


def disbelieved(question: Question, reach: Reach | None, since: datetime) -> list[Reach]:
    """What is left of a reach while something that was looked at `since` is not believed: before that, and once old.

    A date that is still to come is a slip of the pen, and proves nothing before it has come.
    """
    if reach is None:
        return []
    old = since + question.policy.freeze.uncertainty.stale_after
    parts = (Reach(reach.start, min(reach.end, since)), Reach(max(reach.start, old), reach.end))
    return [part for part in parts if part.start < part.end]


def edges(reach: Reach | None, now: datetime) -> Iterator[datetime]:
    """Its start and its end, as far as they are to come."""
    if reach is not None:
        yield from (edge for edge in (reach.start, reach.end) if edge > now)


def ago(question: Question) -> str:
    """How long ago what is not believed any more was measured."""
    return f"{english.length(question.policy.freeze.uncertainty.stale_after)} ago or more"
