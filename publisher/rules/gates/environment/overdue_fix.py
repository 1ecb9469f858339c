"""A busy calendar is no reason to leave users in danger: a safety fix that waits too long says so (R28)."""

from __future__ import annotations

from datetime import datetime

from publisher.model.content.release import ChangeClass, Necessity
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether an essential security fix is overdue; it stops nothing, and says what helps."""
    release, limit = question.release, question.policy.delay_limit
    due = _due(question)
    if due is None:
        return Ruling(Outcome.NOT_APPLICABLE, public="It is not an essential security fix with a planned date.")
    if question.now < due or release.shipped_at is not None:
        return Ruling(Outcome.PASS, public=f"An essential security fix should ship by {english.moment(due)}.")
    return Ruling(
        Outcome.PASS,
        public=f"It is overdue: an essential security fix should wait {english.length(limit)} at most, which ended on"
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


GATE = Gate("urgency.delay", Half.ENVIRONMENT, "its delay", ask)
