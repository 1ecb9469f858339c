"""A version that an event requires comes out early enough to be installed; later it ships knowingly (R28).

Later is always worse, so a runway that has begun never blocks: it asks people to answer for the short notice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.overrides import duties_needed
from publisher.rules.engine.public_words import about, titled
from publisher.rules.engine.question import Question
from publisher.rules.requirements.required import EventRequirement, requiring


def ask(question: Question) -> Ruling:
    """Whether users who must run the version still have the time that the policy promises them."""
    unmet = _unmet(question)
    if not unmet:
        return Ruling(Outcome.NOT_APPLICABLE, public="No event requires this version.")
    first = _first(question, unmet)
    policy, product = question.policy, question.product
    runway, safe, due = first.runway(policy, product), _last_safe_ship(question, first), first.due(policy)
    notice = f"{english.length(runway.length)} before ({runway.because})" if runway.length else "the same moment"
    whom = f" for {first.who}" if first.who else ""
    event, by = titled([first.event]), english.moment(due)
    if question.now < safe:
        reason = f"{event} requires it{whom} by {by}. The last safe date to ship is {english.moment(safe)}, {notice}."
        return about(
            [first.event], question.now, Outcome.PASS, reason, public="it can still ship in time.", who="", fix=""
        )
    reason = f"{event} requires it{whom} by {by}. The last safe date to ship was {english.moment(safe)}, {notice}."
    if question.now >= due:
        reason = f"{event} required it{whom} by {by}, which has passed."
    duties = duties_needed(policy, GATE.overridable)
    by_whom = f"approved by {english.listed(duties)}" if duties else "in your name"
    return about(
        [first.event],
        question.now,
        Outcome.NEEDS_APPROVAL,
        reason,
        public="it ships at short notice, which people have to approve.",
        who="Operations, comms and an executive",
        fix=f"Ship it as soon as it is ready, since every later date is worse: add an override of {GATE.id} in"
        f" content/overrides/, {by_whom}. Its reason tells users why the notice is short.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """The last safe dates, the moments of the requirements, and when something is published that meets them."""
    requirements = requiring(question.catalog, question.release, question.channel, question.withdrawn)
    if not requirements:
        return ()
    edges = {
        edge
        for requirement in requirements
        for edge in (_last_safe_ship(question, requirement), requirement.due(question.policy))
        if edge > question.now
    }
    return merge(sorted(edges), question.shipping_boundaries())


def last_safe_ship(question: Question) -> datetime | None:
    """The last moment at which it keeps every runway; None where no event requires it, or something meets that."""
    unmet = _unmet(question)
    return _last_safe_ship(question, _first(question, unmet)) if unmet else None


def _first(question: Question, unmet: list[EventRequirement]) -> EventRequirement:
    return min(unmet, key=lambda requirement: _last_safe_ship(question, requirement))


def _unmet(question: Question) -> list[EventRequirement]:
    """The requirements for which this release is needed; nothing that is published meets them."""
    requirements = requiring(question.catalog, question.release, question.channel, question.withdrawn)
    return [requirement for requirement in requirements if not question.is_met(requirement)]


def _last_safe_ship(question: Question, requirement: EventRequirement) -> datetime:
    return requirement.last_safe_ship(question.policy, question.product)


GATE = Gate(
    "urgency.runway",
    Half.ENVIRONMENT,
    "short notice",
    ask,
    boundaries,
    ceiling=Outcome.NEEDS_APPROVAL,
    overridable=Overridable.SHORT_NOTICE,
)
