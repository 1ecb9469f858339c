"""Near an event a release names its risks, at the second before, at, and after each boundary (R3, R7)."""

from __future__ import annotations

import pytest

from publisher.model.records.decision import Outcome
from publisher.rules.gates.environment import named_risks
from tests.support.near import FIRST, LAST, SECOND, judged, listing


def risks(*named: str) -> list[dict[str, str]]:
    """A risk of each class that is named."""
    return [{"risk": risk, "description": "A.", "mitigation": "B.", "detector": "C."} for risk in named]


@pytest.mark.parametrize(
    ("named", "missing"),
    [
        ([], "outage, security and trust"),
        (risks("outage"), "security and trust"),
        (risks("outage", "trust"), "security"),
    ],
)
def test_r7_near_an_event_every_class_of_risk_is_named(named: list[dict[str, str]], missing: str) -> None:
    verdict = judged(named_risks.GATE, listing(), risks=named)
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == f"Near an event, a release must name its risks. Missing: {missing}."


def test_r7_a_risk_of_each_class_or_a_reason_why_there_is_none_passes() -> None:
    given = [*risks("outage", "trust"), {"risk": "security", "none_because": "Only colours change."}]
    assert judged(named_risks.GATE, listing(), risks=given).outcome is Outcome.PASS


def test_r3_r7_only_while_an_event_is_near_and_not_for_documentation() -> None:
    for edge, shift, outcome in (
        (FIRST, -1, Outcome.NOT_APPLICABLE),
        (FIRST, 0, Outcome.BLOCKED),
        (FIRST, 1, Outcome.BLOCKED),
        (LAST, -1, Outcome.BLOCKED),
        (LAST, 0, Outcome.NOT_APPLICABLE),
    ):
        assert judged(named_risks.GATE, listing(), edge + shift * SECOND, risks=[]).outcome is outcome, (edge, shift)
    docs = judged(named_risks.GATE, listing(), change_class="docs", risks=[], events=["example-listing"])
    assert docs.outcome is Outcome.NOT_APPLICABLE
