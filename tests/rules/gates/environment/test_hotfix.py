"""Hotfixes weigh waiting against shipping (R29)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import evaluate
from tests.support import build
from tests.support.build import at


@pytest.mark.parametrize(
    ("delay", "rollout", "outcome"),
    [(3, 2, Outcome.PASS), (3, 3, Outcome.BLOCKED), (2, 3, Outcome.BLOCKED), (None, 1, Outcome.BLOCKED)],
)
def test_r29_a_hotfix_ships_only_when_waiting_is_riskier(delay: int | None, rollout: int, outcome: Outcome) -> None:
    fields: dict[str, Any] = {"kind": "hotfix", "risk_of_rollout": build.severity(rollout)}
    if delay is not None:
        fields["risk_of_delay"] = build.severity(delay)
    release = build.release("4.2.0", "patch", **fields)
    assert evaluate(build.catalog([], [release]), release, "stable", at("2026-01-01")).outcome is outcome
