"""Estimates and signals are believed for a while only; what is no longer known stops a release (R12, R18, R84)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.register import Signal
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.public_words import ids, neutral, sentences, titled
from publisher.rules.engine.question import Question
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.freeze.timeline import Timeline


@dataclass(frozen=True)
class Reach:
    """When an event matters to a kind of change: from `near` before its first freeze until its last one is over."""

    start: datetime
    end: datetime
    """The first moment after it."""

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies in [start, end)."""
        return self.start <= now < self.end


def estimate(question: Question) -> Verdict:
    """The block or epoch that starts an event has been estimated lately (R18)."""
    triggered = _stale_estimates(question)
    if not triggered:
        return Verdict(
            rule="risk.estimate",
            outcome=Outcome.NOT_APPLICABLE,
            reason="No event that freezes this kind of change starts at a block or epoch.",
        )
    stale = [event for event, reaches in triggered if any(reach.holds(question.now) for reach in reaches)]
    if not stale:
        return Verdict(
            rule="risk.estimate",
            outcome=Outcome.PASS,
            reason="Every estimate of a block or epoch is recent enough.",
        )
    return Verdict(
        rule="risk.estimate",
        outcome=Outcome.UNKNOWN,
        reason=sentences([_old_estimate(question, event) for event in stale]),
        public_reason=neutral(stale, question.now, "the time must be estimated again."),
        who="Operations",
        fix="Look up the chain, and update `seen`, `as_of`, `earliest`, `latest` and `starts` in the event's file.",
        sources=ids(stale),
    )


def estimate_boundaries(question: Question) -> Iterable[datetime]:
    """When estimates become too old, and when they no longer matter."""
    estimates = _stale_estimates(question)
    return sorted({edge for _, reaches in estimates for reach in reaches for edge in _edges(reach, question.now)})


def signal(question: Question) -> Verdict:
    """Signals of events near or coming were measured lately, and a person has answered what they propose (R12, R84)."""
    heard = [(signal, event, reach) for signal, event, reach in _signals(question) if _matters(question, event, reach)]
    if not heard:
        reason = "No signal is defined for a nearby or coming event."
        return Verdict(rule="risk.signal", outcome=Outcome.NOT_APPLICABLE, reason=reason)
    stale = {
        signal: event
        for signal, event, reach in heard
        if signal.sampled_at > question.now
        or any(silent.holds(question.now) for silent in _disbelieved(question, reach, signal.sampled_at))
    }
    if stale:
        return Verdict(
            rule="risk.signal",
            outcome=Outcome.UNKNOWN,
            reason=sentences([_old_signal(question, signal, event) for signal, event in stale.items()]),
            public_reason=neutral(_once(stale.values()), question.now, "a measurement is too old."),
            who="Operations",
            fix="Measure again, and update `value` and `sampled_at` in the signal's file, or save the answer of"
            " Prometheus in content/readings/.",
            sources=ids(stale.values()),
        )
    asking = {signal: event for signal, event, _ in heard if _asks(question, signal, event)}
    if asking:
        return Verdict(
            rule="risk.signal",
            outcome=Outcome.NEEDS_APPROVAL,
            reason=sentences([_proposal(signal, event) for signal, event in asking.items()]),
            public_reason=neutral(_once(asking.values()), question.now, "the severity is under review."),
            who="The owner of the calendar",
            fix="Accept the signal under `accepted` in its file, or raise the severity of the event.",
            sources=ids(asking.values()),
        )
    return Verdict(
        rule="risk.signal",
        outcome=Outcome.PASS,
        reason="Signals of nearby and coming events are recent, and none proposes a higher severity.",
    )


def signal_boundaries(question: Question) -> Iterable[datetime]:
    """When events begin to matter and cease to, and when measurements become too old."""
    edges: set[datetime] = set()
    for signal, event, reach in _signals(question):
        edges.update(_edges(reach, question.now))
        for silent in _disbelieved(question, reach, signal.sampled_at):
            edges.update(_edges(silent, question.now))
        if signal.sampled_at > question.now:
            edges.add(signal.sampled_at)
        if event.ends > question.now:  # until then it is near for releases that name it
            edges.add(event.ends)
    return sorted(edges)


def _stale_estimates(question: Question) -> list[tuple[Event, list[Reach]]]:
    """Every event to come that a block or an epoch starts, and when its estimate is not believed while it matters."""
    reaches = _reaches(question)
    return [
        (event, _disbelieved(question, reaches[event.id], event.trigger.as_of))
        for event in _uncertain(question.catalog)
        if event.trigger is not None and event.id in reaches
    ]


def _signals(question: Question) -> list[tuple[Signal, Event, Reach | None]]:
    """The signals of events that have not happened yet, and when those events matter to this kind of change."""
    if not question.catalog.signals:
        return []
    reaches = _reaches(question)
    known = [(signal, question.catalog.event(signal.event)) for signal in question.catalog.signals]
    return [
        (signal, event, reaches.get(event.id))
        for signal, event in known
        if event is not None and event.status == "planned"
    ]


def _uncertain(catalog: Catalog) -> tuple[Event, ...]:
    """The events to come that a block or an epoch starts, or of which signals are measured."""
    key = "events with triggers or signals"
    if key not in catalog.memo:
        heard = {signal.event for signal in catalog.signals}
        catalog.memo[key] = tuple(
            event for event in catalog.events if event.status == "planned" and (event.trigger or event.id in heard)
        )
    events: tuple[Event, ...] = catalog.memo[key]
    return events


def _reaches(question: Question) -> dict[str, Reach]:
    """When each uncertain event matters; events that do not freeze this kind of change are left out."""
    uncertain = _uncertain(question.catalog)
    if not uncertain:
        return {}
    near = question.policy.freeze.uncertainty.near
    key = ("reaches", question.subject, near)
    known: tuple[Timeline, dict[str, Reach]] | None = question.catalog.memo.get(key)
    if known is not None and known[0] is question.timeline:
        return known[1]
    names = {event.id for event in uncertain}
    reaches: dict[str, Reach] = {}
    for window in question.timeline.windows:
        if isinstance(window.cause, Event) and (name := window.cause.id) in names:
            reach = reaches.get(name, Reach(window.start - near, window.end))
            reaches[name] = Reach(min(reach.start, window.start - near), max(reach.end, window.end))
    question.catalog.memo[key] = question.timeline, reaches
    return reaches


def _disbelieved(question: Question, reach: Reach | None, since: datetime) -> list[Reach]:
    """What is left of a reach while something that was looked at `since` is not believed: before that, and once old.

    A date that is still to come is a slip of the pen, and proves nothing before it has come.
    """
    if reach is None:
        return []
    old = since + question.policy.freeze.uncertainty.stale_after
    parts = (Reach(reach.start, min(reach.end, since)), Reach(max(reach.start, old), reach.end))
    return [part for part in parts if part.start < part.end]


def _edges(reach: Reach | None, now: datetime) -> Iterator[datetime]:
    if reach is not None:
        yield from (edge for edge in (reach.start, reach.end) if edge > now)


def _matters(question: Question, event: Event, reach: Reach | None) -> bool:
    return event in question.near or (reach is not None and reach.holds(question.now))


def _asks(question: Question, signal: Signal, event: Event) -> bool:
    """Whether the signal proposes more than is assumed already, and nobody has answered."""
    higher = signal.proposes.score > effective_severity(question.catalog, event)
    return signal.speaks and signal.accepted is None and higher


def _once(events: Iterable[Event]) -> list[Event]:
    return list(dict.fromkeys(events))


def _old_estimate(question: Question, event: Event) -> str:
    assert event.trigger is not None
    trigger = event.trigger
    return (
        f"The start of {titled([event])} ({trigger.kind} {trigger.height:,} of {trigger.chain}) was last estimated on"
        f" {english.moment(trigger.as_of)}, {_ago(question)}."
    )


def _old_signal(question: Question, signal: Signal, event: Event) -> str:
    return (
        f'The signal "{signal.metric}" of {titled([event])} was last measured on {english.moment(signal.sampled_at)},'
        f" {_ago(question)}."
    )


def _ago(question: Question) -> str:
    return f"{english.length(question.policy.freeze.uncertainty.stale_after)} ago or more"


def _proposal(signal: Signal, event: Event) -> str:
    return (
        f'The signal "{signal.metric}" of {titled([event])} is at {signal.value:g}; from {signal.threshold:g} on'
        f" it proposes severity {signal.proposes.score}. The proposal has not been answered."
    )
