"""Where an event ends what users take for granted and the product shows it, the notes say what changes (R6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.nearby_events import while_near
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether the notes say what an event near changes of what the product shows."""
    shown = question.product.shows
    if not shown:
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public="This product shows nothing that an event could change, such as balances or units.",
        )
    if question.release.notes.unit_statement is not None:
        return Ruling(Outcome.PASS, public="The notes say what changes in balances and units.")
    ending = [event for event in question.near if set(event.invalidates) & set(shown)]
    if not ending:
        return Ruling(Outcome.PASS, public="No nearby event changes what this product shows.")
    what = english.listed(
        [
            assumption.replace("-", " ")
            for assumption in shown
            if any(assumption in event.invalidates for event in ending)
        ]
    )
    verb = "changes" if len(ending) == 1 else "change"
    reason = f"{titled(ending)} {verb} things that users rely on ({what}), and the notes do not mention it."
    return about(
        ending,
        question.now,
        Outcome.BLOCKED,
        reason,
        public="the notes do not say yet what changes for users.",
        who="Comms",
        fix="Say in `unit_statement` under `notes` what changes for users, or that nothing does.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where the notes do not say what they change."""
    shown = question.product.shows
    if not shown or question.release.notes.unit_statement is not None:
        return ()
    return while_near(question, question.catalog.remember(_ending, shown))


def _ending(catalog: Catalog, shown: tuple[str, ...]) -> frozenset[str]:
    return frozenset(event.id for event in catalog.events if not set(shown).isdisjoint(event.invalidates))


GATE = Gate(
    "risk.assumptions",
    Half.ENVIRONMENT,
    "the lack of a note on what changes for users",
    ask,
    boundaries,
)
