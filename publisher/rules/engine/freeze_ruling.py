"""How both freezes rule: that one holds and until when, or that none does and when the next begins."""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.engine.public_words import about, titled
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


def lifted(hardness: str, part: Part, question: Question) -> Ruling | None:
    """The ruling where only the freeze of the event that the release is for holds; None where it does not hold."""
    requirement = question.lifts
    if requirement is None or all(window.cause.id != requirement.event.id for window in part.holding(question.now)):
        return None
    required, until = requirement.required, english.moment(requirement.due(question.policy))
    return about(
        [requirement.event],
        question.now,
        Outcome.PASS,
        f"The {hardness} freeze around {titled([requirement.event])} does not stop it, since this event requires"
        f" {required.at_least} or later and no published version meets that. This holds until {until}.",
        public=f"the {hardness} freeze does not stop this release.",
        who="",
        fix="",
    )


def none_holds(hardness: str, part: Part, question: Question) -> Ruling:
    """No such freeze holds now; says when the next one begins."""
    if not question.timeline.windows:
        return Ruling(Outcome.NOT_APPLICABLE, public=f"No event causes a {hardness} freeze for this kind of change.")
    if (start := part.next_start(question.now)) is not None:
        begins = english.moment(start)
        return Ruling(Outcome.PASS, public=f"No {hardness} freeze is in force; the next begins on {begins}.")
    return Ruling(Outcome.PASS, public=f"No {hardness} freeze is in force, and none is planned.")
