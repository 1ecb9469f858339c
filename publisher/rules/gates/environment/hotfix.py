"""An emergency hotfix ships only when waiting is riskier than shipping (R29)."""

from __future__ import annotations

from publisher.model.content.release import ChangeClass, Kind
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether both risks are stated, and that of waiting is the higher one."""
    release = question.release
    if release.kind is not Kind.HOTFIX and release.change_class is not ChangeClass.HOTFIX:
        return Ruling(Outcome.NOT_APPLICABLE, public="It is not a hotfix.")
    delay, rollout = release.risk_of_delay, release.risk_of_rollout
    if delay is None or rollout is None:
        return Ruling(
            Outcome.BLOCKED,
            public="A hotfix must state the risk of waiting and the risk of shipping; this one does not.",
            who="Engineering",
            fix="Add `risk_of_delay` and `risk_of_rollout`, each with `score` and `because`.",
        )
    weighed = f"the risk of waiting is {delay.score} of 5, and the risk of shipping is {rollout.score}"
    if delay.score <= rollout.score:
        return Ruling(
            Outcome.BLOCKED,
            public=f"A hotfix may ship only if waiting is riskier than shipping: {weighed}.",
            who="Engineering",
            fix="Ship it as a routine release, or make it smaller, so that shipping is the smaller risk.",
        )
    return Ruling(Outcome.PASS, public=f"{weighed[0].upper()}{weighed[1:]}.")


GATE = Gate("urgency.hotfix", Half.ENVIRONMENT, "the weighing of its risks", ask)
