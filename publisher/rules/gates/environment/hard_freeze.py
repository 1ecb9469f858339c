"""A hard freeze stops everything that it does not exempt (R19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.freeze_ruling import lifted, none_holds, waits
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.overrides import duties_needed
from publisher.rules.engine.question import Question
from publisher.rules.freeze.consecutive_freezes import stretch
from publisher.rules.freeze.fix_confidence import FIXES
from publisher.rules.requirements.required import requiring


def ask(question: Question) -> Ruling:
    """Nothing of this class ships while a hard freeze holds."""
    hard = question.freezes.hard
    if (holding := stretch(hard, question.now)) is None:
        return lifted("hard", question.timeline.hard, question) or none_holds("hard", hard, question)
    until = english.moment(holding.until)
    return waits(
        holding,
        question,
        f"hard freeze around {holding.named}: {_releases_like_it(question)} wait until {until}",
        f"Wait for the end of the freeze, or move the change into a release of an exempt class.{_way_out(question)}",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Starts and ends of hard freezes."""
    return question.freeze_boundaries(attrgetter("hard"))


def _releases_like_it(question: Question) -> str:
    release, product = question.release, question.product
    return f"{english.kinds([release.change_class])} for {english.programs([product.client_type])}"


def _way_out(question: Question) -> str:
    """How a fix may ship in a hard freeze, and what an event requires in its own."""
    holding = {window.cause.id for window in question.freezes.hard.holding(question.now)}
    for requirement in requiring(question.catalog, question.release, question.channel, question.withdrawn):
        lifts = requirement.event.id in holding and question.is_awaited(requirement)
        if lifts and question.release.for_event is None:
            return f" The event requires it: set `for_event: {requirement.event.id}`, and its freeze does not stop it."
    if question.release.change_class not in FIXES:
        return ""
    duties = duties_needed(question.policy, Overridable.WITH_EXECUTIVE)
    by = f"approved by {english.listed(duties)}" if duties else "in your name, with your reason"
    return f" A fix that cannot wait needs an override in content/overrides/, {by}."


GATE = Gate(
    "freeze.hard",
    Half.ENVIRONMENT,
    "the hard freeze",
    ask,
    boundaries,
    ceiling=Outcome.WAITING,
    overridable=Overridable.WITH_EXECUTIVE,
    freeze=True,
)
