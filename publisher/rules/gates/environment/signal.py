"""Signals of events near or coming were measured lately, and a person has answered what they propose (R12, R84)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.content.event import Event
from publisher.model.content.risk_register import Signal
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question
from publisher.rules.engine.uncertain_events import Reach, ago, disbelieved, edges, reaches
from publisher.rules.freeze.severity import effective_severity


def ask(question: Question) -> Ruling:
    """Whether a signal that matters now is too old, or proposes a severity that nobody has answered."""
    heard = [(signal, event, reach) for signal, event, reach in _signals(question) if _matters(question, event, reach)]
    if not heard:
        return Ruling(Outcome.NOT_APPLICABLE, public="No signal is defined for a nearby or coming event.")
    stale = {
        signal: event
        for signal, event, reach in heard
        if signal.sampled_at > question.now
        or any(silent.holds(question.now) for silent in disbelieved(question, reach, signal.sampled_at))
    }
    if stale:
        reason = english.sentences([_old_signal(question, signal, event) for signal, event in stale.items()])
        return about(
            stale.values(),
            question.now,
            Outcome.UNKNOWN,
            reason,
            public="a measurement is too old.",
            who="Operations",
            fix="Measure again, and update `value` and `sampled_at` in the signal's file, or save the answer of"
            " Prometheus in content/readings/.",
        )
    asking = {signal: event for signal, event, _ in heard if _asks(question, signal, event)}
    if asking:
        reason = english.sentences([_proposal(signal, event) for signal, event in asking.items()])
        return about(
            asking.values(),
            question.now,
            Outcome.NEEDS_APPROVAL,
            reason,
            public="the severity is under review.",
            who="The owner of the calendar",
            fix="Accept the signal under `accepted` in its file, or raise the severity of the event.",
        )
    return Ruling(
        Outcome.PASS,
        public="Signals of nearby and coming events are recent, and none proposes a higher severity.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """When events begin to matter and cease to, and when measurements become too old."""
    moments: set[datetime] = set()
    for signal, event, reach in _signals(question):
        moments.update(edges(reach, question.now))
        for silent in disbelieved(question, reach, signal.sampled_at):
            moments.update(edges(silent, question.now))
        if signal.sampled_at > question.now:
            moments.add(signal.sampled_at)
        if event.ends > question.now:  # until then it is near for releases that name it
            moments.add(event.ends)
    return sorted(moments)


def _signals(question: Question) -> list[tuple[Signal, Event, Reach | None]]:
    """The signals of events that have not happened yet, and when those events matter to this kind of change."""
    if not question.catalog.signals:
        return []
    mattering = reaches(question)
    known = [(signal, question.catalog.event(signal.event)) for signal in question.catalog.signals]
    return [
        (signal, event, mattering.get(event.id))
        for signal, event in known
        if event is not None and event.status == "planned"
    ]


def _matters(question: Question, event: Event, reach: Reach | None) -> bool:
    return event in question.near or (reach is not None and reach.holds(question.now))


def _asks(question: Question, signal: Signal, event: Event) -> bool:
    """Whether the signal proposes more than is assumed already, and nobody has answered."""
    higher = signal.proposes.score > effective_severity(question.catalog, event)
    return signal.speaks and signal.accepted is None and higher


def _old_signal(question: Question, signal: Signal, event: Event) -> str:
    return (
        f'The signal "{signal.metric}" of {titled([event])} was last measured on {english.moment(signal.sampled_at)},'
        f" {ago(question)}."
    )


def _proposal(signal: Signal, event: Event) -> str:
    return (
        f'The signal "{signal.metric}" of {titled([event])} is at {signal.value:g}; from {signal.threshold:g} on'
        f" it proposes severity {signal.proposes.score}. The proposal has not been answered."
    )


GATE = Gate(
    "risk.signal",
    Half.ENVIRONMENT,
    "an open signal",
    ask,
    boundaries,
    ceiling=Outcome.UNKNOWN,
)
