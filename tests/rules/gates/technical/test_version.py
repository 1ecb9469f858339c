"""A channel only moves forward."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import evaluate
from publisher.rules.gates.technical.version import GATE
from tests.support import build
from tests.support.build import at


@pytest.mark.parametrize(
    ("fields", "evidence", "outcome", "reason"),
    [
        ({}, Evidence(), "pass", "It follows 4.1.0."),
        ({"version": "4.1"}, Evidence(), "pass", "4.1 is recorded as shipped; the channel itself was not checked"),
        ({"version": "4.0.9"}, Evidence(), "blocked", "already offers 4.1.0"),
        ({}, Evidence(live=build.release("4.3.0").version), "blocked", "already offers 4.3.0"),
    ],
)
def test_a_release_is_newer_than_what_the_channel_offers(
    fields: dict[str, Any], evidence: Evidence, outcome: str, reason: str
) -> None:
    shipped = build.release("4.1.0", shipped_at="2026-01-01T00:00:00Z")
    release = build.release(**({"version": "4.2.0"} | fields))
    verdict = GATE.verdict(Question(build.catalog([], [shipped]), release, "stable", evidence, at("2026-02-01")))
    assert verdict.outcome == outcome
    assert reason in verdict.reason


def test_the_first_release_follows_nothing() -> None:
    release = build.release("0.1.0")
    decision = evaluate(build.catalog([], [release]), release, "stable", at("2026-02-01"))
    assert decision.verdicts[1].reason == "It is the first release in stable."
