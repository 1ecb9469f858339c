"""A release ships only to the channels that it is meant for, and only what is public."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.technical.channel import GATE
from tests.support import build
from tests.support.build import at


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        ({}, "pass", "It is meant for stable."),
        ({"channels": ["beta"]}, "blocked", "meant for beta, not for stable"),
        ({"visibility": "internal"}, "blocked", "is internal"),
    ],
)
def test_a_release_is_meant_for_the_channel_and_for_the_public(
    fields: dict[str, Any], outcome: str, reason: str
) -> None:
    shipped = build.release("4.1.0", shipped_at="2026-01-01T00:00:00Z")
    release = build.release(**({"version": "4.2.0"} | fields))
    verdict = GATE.verdict(Question(build.catalog([], [shipped]), release, "stable", Evidence(), at("2026-02-01")))
    assert verdict.outcome == outcome
    assert reason in verdict.reason
