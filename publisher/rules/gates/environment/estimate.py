"""The block or epoch that starts an event has been estimated lately; an estimate is believed for a while only (R18)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question
from publisher.rules.engine.uncertain_events import Reach, ago, disbelieved, edges, reaches, uncertain_events


def ask(question: Question) -> Ruling:
    """Whether the estimates of events that matter now are recent enough."""
    triggered = _stale_estimates(question)
    if not triggered:
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public="No event that freezes this kind of change starts at a block or epoch.",
        )
    stale = [event for event, parts in triggered if any(part.holds(question.now) for part in parts)]
    if not stale:
        return Ruling(Outcome.PASS, public="Every estimate of a block or epoch is recent enough.")
    reason = english.sentences([_old_estimate(question, event) for event in stale])
    return about(
        stale,
        question.now,
        Outcome.UNKNOWN,
        reason,
        public="the time must be estimated again.",
        who="Operations",
        fix="Look up the chain, and update `seen`, `as_of`, `earliest`, `latest` and `starts` in the event's file.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """When estimates become too old, and when they no longer matter."""
    estimates = _stale_estimates(question)
    return sorted({edge for _, parts in estimates for part in parts for edge in edges(part, question.now)})


def _stale_estimates(question: Question) -> list[tuple[Event, list[Reach]]]:
    """Every event to come that a block or an epoch starts, and when its estimate is not believed while it matters."""
    known = reaches(question)
    return [
        (event, disbelieved(question, known[event.id], event.trigger.as_of))
        for event in question.catalog.remember(uncertain_events)
        if event.trigger is not None and event.id in known
    ]


def _old_estimate(question: Question, event: Event) -> str:
    assert event.trigger is not None
    trigger = event.trigger
    return (
        f"The start of {titled([event])} ({trigger.kind} {trigger.height:,} of {trigger.chain}) was last estimated on"
        f" {english.moment(trigger.as_of)}, {ago(question)}."
    )


GATE = Gate(
    "risk.estimate",
    Half.ENVIRONMENT,
    "an outdated estimate",
    ask,
    boundaries,
    ceiling=Outcome.UNKNOWN,
)
