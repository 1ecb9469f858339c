"""Near an event a release names what may go wrong in each of the three classes, or why nothing can (R3, R7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.content.release import ChangeClass, RiskClass
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether a class of risk is not named while an event is near."""
    if question.release.change_class is ChangeClass.DOCS:
        return Ruling(Outcome.NOT_APPLICABLE, public="Documentation does not change the program.")
    missing = _unnamed(question)
    if not missing:
        return Ruling(Outcome.PASS, public="It names its risks of outage, security and trust.")
    if not question.near:
        return Ruling(Outcome.NOT_APPLICABLE, public="No event is near; a release must name its risks only near one.")
    return Ruling(
        Outcome.BLOCKED,
        public=f"Near an event, a release must name its risks. Missing: {english.listed(missing)}.",
        who="Engineering",
        fix=f"Add {english.listed(missing)} under `risks`: what may go wrong, or in `none_because` why not.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where a class of risk is not named."""
    exempt = question.release.change_class is ChangeClass.DOCS
    return question.near_boundaries() if not exempt and _unnamed(question) else ()


def _unnamed(question: Question) -> list[RiskClass]:
    named = {entry.risk for entry in question.release.risks}
    return [risk for risk in RiskClass if risk not in named]


GATE = Gate("risk.named", Half.ENVIRONMENT, "the lack of named risks", ask, boundaries, profiles=TEAM)
