"""Somebody speaks for the team when a severe event happens (R8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.nearby_events import while_near
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question
from publisher.rules.freeze.severity import effective_severity


def ask(question: Question) -> Ruling:
    """Whether every severe event near names its comms lead."""
    silent = [event for event in question.near if _silent(question, event)]
    if not silent:
        return Ruling(Outcome.PASS, public="Every severe event nearby has a comms lead.")
    reason = f"No comms lead is named for {titled(silent)}."
    return about(
        silent,
        question.now,
        Outcome.BLOCKED,
        reason,
        public="no comms lead is named yet.",
        who="Comms",
        fix="Name the person as `comms_lead` in the event's file.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where nobody speaks for the team at any severe one."""
    return while_near(question, GATE.id, lambda event: _silent(question, event))


def _silent(question: Question, event: Event) -> bool:
    """Whether the event is severe and nobody speaks for the team."""
    least = question.policy.comms_lead_severity
    return event.comms_lead is None and effective_severity(question.catalog, event) >= least


GATE = Gate("risk.comms-lead", Half.ENVIRONMENT, "the lack of a comms lead", ask, boundaries, profiles=TEAM)
