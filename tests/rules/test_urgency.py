"""Hotfixes weigh, safety fixes do not wait for ever, and what may wait does (R28, R29)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import evaluate
from tests.support import build
from tests.support.build import at

LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
SOFT = "2026-03-12"


@pytest.mark.parametrize(
    ("delay", "rollout", "outcome"),
    [(3, 2, Outcome.PASS), (3, 3, Outcome.BLOCKED), (2, 3, Outcome.BLOCKED), (None, 1, Outcome.BLOCKED)],
)
def test_r29_a_hotfix_ships_only_when_waiting_is_riskier(delay: int | None, rollout: int, outcome: Outcome) -> None:
    fields: dict[str, Any] = {"kind": "hotfix", "risk_of_rollout": build.severity(rollout)}
    if delay is not None:
        fields["risk_of_delay"] = build.severity(delay)
    one = build.release("4.2.0", "patch", **fields)
    assert evaluate(build.catalog([], [one]), one, "stable", at("2026-01-01")).outcome is outcome


@pytest.mark.parametrize(
    ("change_class", "fields", "outcome"),
    [
        ("patch", {}, Outcome.PASS),
        ("security", {}, Outcome.PASS),
        ("docs", {"necessity": "opportunistic"}, Outcome.PASS),
        ("patch", {"necessity": "opportunistic"}, Outcome.WAITING),
        ("patch", {"fix_confidence": "medium"}, Outcome.WAITING),
        ("security", {"fix_confidence": "low"}, Outcome.WAITING),
    ],
)
def test_r28_in_a_soft_freeze_only_what_is_essential_and_sure_ships(
    change_class: str, fields: dict[str, Any], outcome: Outcome
) -> None:
    one = build.release("4.2.0", change_class, **fields)
    assert evaluate(build.catalog([LISTING], [one]), one, "stable", at(SOFT)).outcome is outcome


def test_r28_what_may_wait_ships_when_nothing_is_frozen() -> None:
    one = build.release("4.2.0", "patch", necessity="opportunistic", fix_confidence="low")
    assert evaluate(build.catalog([LISTING], [one]), one, "stable", at("2026-01-01")).go


def test_r28_a_safety_fix_that_waits_too_long_says_so_and_to_whom() -> None:
    one = build.release("4.2.0", "security", planned_for="2026-03-06T00:00:00Z")
    catalog = build.catalog([LISTING], [one])
    for moment, overdue in (("2026-03-07 23:59:59", False), ("2026-03-08", True)):
        decision = evaluate(catalog, one, "stable", at(moment))
        (verdict,) = [one for one in decision.verdicts if one.rule == "urgency.delay"]
        assert ("overdue" in verdict.reason) is overdue
        assert bool(verdict.who) is overdue
