"""How both freezes rule: that one holds and until when, or that none does and when the next begins."""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.engine.question import Question
from publisher.rules.freeze.consecutive_freezes import Stretch
from publisher.rules.freeze.timeline import Part
from publisher.rules.freeze.windows import arithmetic


def waits(stretch: Stretch, question: Question, reason: str, fix: str) -> Ruling:
    """The release waits for the end of the stretch; `reason` is a clause without a full stop."""
    reason, neutral = f"{reason[0].upper()}{reason[1:]}.", stretch.neutrally_named(question.now)
    return Ruling(
        Outcome.WAITING,
        reason=reason if neutral else "",
        public=f"{neutral}: releases of this kind wait until {english.moment(stretch.until)}." if neutral else reason,
        fix=fix,
        until=stretch.until,
        arithmetic="; then ".join(arithmetic(stretch.windows)),
        sources=stretch.sources,
    )


def none_holds(hardness: str, part: Part, question: Question) -> Ruling:
    """No such freeze holds now; says when the next one begins."""
    if not question.timeline.windows:
        return Ruling(Outcome.NOT_APPLICABLE, public=f"No event causes a {hardness} freeze for this kind of change.")
    if (start := part.next_start(question.now)) is not None:
        begins = english.moment(start)
        return Ruling(Outcome.PASS, public=f"No {hardness} freeze is in force; the next begins on {begins}.")
    return Ruling(Outcome.PASS, public=f"No {hardness} freeze is in force, and none is planned.")
