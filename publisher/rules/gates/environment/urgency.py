"""Whether it is worth it: hotfixes that weigh delay against rollout, and safety fixes that wait too long (R28, R29)."""

from __future__ import annotations

from datetime import datetime

from publisher.model.content.release import ChangeClass, Kind, Necessity
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.question import Question


def hotfix(question: Question) -> Verdict:
    """An emergency hotfix ships only when waiting is riskier than shipping (R29)."""
    release = question.release
    if release.kind is not Kind.HOTFIX and release.change_class is not ChangeClass.HOTFIX:
        return Verdict(rule="urgency.hotfix", outcome=Outcome.NOT_APPLICABLE, reason="It is not a hotfix.")
    delay, rollout = release.risk_of_delay, release.risk_of_rollout
    if delay is None or rollout is None:
        return Verdict(
            rule="urgency.hotfix",
            outcome=Outcome.BLOCKED,
            reason="A hotfix must state the risk of waiting and the risk of shipping, and this one does not.",
            who="Engineering",
            fix="Add `risk_of_delay` and `risk_of_rollout`, each with `score` and `because`.",
        )
    weighed = f"the risk of waiting is {delay.score} of 5, and the risk of shipping is {rollout.score}"
    if delay.score <= rollout.score:
        return Verdict(
            rule="urgency.hotfix",
            outcome=Outcome.BLOCKED,
            reason=f"A hotfix may ship only if waiting is riskier than shipping: {weighed}.",
            who="Engineering",
            fix="Ship it as a routine release, or make it smaller, so that shipping is the smaller risk.",
        )
    return Verdict(rule="urgency.hotfix", outcome=Outcome.PASS, reason=f"{weighed[0].upper()}{weighed[1:]}.")


def delay(question: Question) -> Verdict:
    """A busy calendar is no reason to leave users in danger: a safety fix that waits too long says so (R28)."""
    release, limit = question.release, question.policy.delay_limit
    due = _due(question)
    if due is None:
        return Verdict(
            rule="urgency.delay",
            outcome=Outcome.NOT_APPLICABLE,
            reason="It is not an essential security fix with a planned date.",
        )
    if question.now < due or release.shipped_at is not None:
        return Verdict(
            rule="urgency.delay",
            outcome=Outcome.PASS,
            reason=f"An essential security fix should ship by {english.moment(due)}.",
        )
    return Verdict(
        rule="urgency.delay",
        outcome=Outcome.PASS,
        reason=f"It is overdue: an essential security fix should wait {english.length(limit)} at most, which ended on"
        f" {english.moment(due)}.",
        who="Engineering, operations and an executive",
        fix="Ask for an override of the rules that block it; a busy calendar is no reason to leave users at risk.",
    )


def _due(question: Question) -> datetime | None:
    release = question.release
    safety = release.change_class in (ChangeClass.SECURITY, ChangeClass.HOTFIX)
    if not safety or release.necessity is not Necessity.ESSENTIAL or release.planned_for is None:
        return None
    return release.planned_for + question.policy.delay_limit
