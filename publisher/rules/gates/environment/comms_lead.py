"""Somebody speaks for the team when a severe event happens (R8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.nearby_events import while_near
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question
from publisher.rules.freeze.severity import effective_severity


def ask(question: Question) -> Ruling:
    """Whether every severe event near names its comms lead."""
    silent_ids = question.catalog.remember(_silent, question.policy.comms_lead_severity)
    silent = [event for event in question.near if event.id in silent_ids]
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
    return while_near(question, question.catalog.remember(_silent, question.policy.comms_lead_severity))


def _silent(catalog: Catalog, least: int) -> frozenset[str]:
    """The events from this severity on for which nobody speaks for the team."""
    without = [event for event in catalog.events if event.comms_lead is None]
    return frozenset(event.id for event in without if effective_severity(catalog, event) >= least)


GATE = Gate("risk.comms-lead", Half.ENVIRONMENT, "the lack of a comms lead", ask, boundaries, profiles=TEAM)
