"""Every event near has been scored; until then the worst is assumed, and a person must agree (R15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.nearby_events import while_near
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether severity and lead time of every event near are known."""
    unscored = [event for event in question.near if not event.scored]
    if not unscored:
        return Ruling(Outcome.PASS, public="All nearby events are scored.")
    reason = f"No score is recorded for {titled(unscored)}, so severity 5 with no time to prepare is assumed."
    return about(
        unscored,
        question.now,
        Outcome.NEEDS_APPROVAL,
        reason,
        public="the risk has not been assessed yet.",
        who="The owner of the calendar",
        fix="Score severity and lead time in the event's file, each with a reason.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where any event has no score."""
    return while_near(question, question.catalog.remember(_unscored))


def _unscored(catalog: Catalog) -> frozenset[str]:
    return frozenset(event.id for event in catalog.events if not event.scored)


GATE = Gate(
    "risk.score",
    Half.ENVIRONMENT,
    "the missing score of an event",
    ask,
    boundaries,
    ceiling=Outcome.NEEDS_APPROVAL,
)
