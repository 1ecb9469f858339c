"""What the profiles of the policy ask for."""

from __future__ import annotations

from datetime import datetime

import pytest

from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.gate import Gate, not_asked
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import (
    assumptions,
    comms_lead,
    estimate,
    hard_freeze,
    named_risks,
    scenario,
    score,
    signal,
)
from tests.support import build
from tests.support.build import at


def asked(profile: str, gate: Gate) -> Verdict:
    """What a rule says of a release of a node just before an event that nobody has scored or prepared for."""
    event = build.event("2026-03-10", "2026-03-11", severity=build.severity(5), comms_lead=None, invalidates=["units"])
    one = build.release("4.2.0", risks=[])
    policy = build.team_policy().model_copy(update={"profile": profile})
    return gate.verdict(
        Question(build.catalog([event], [one], the_policy=policy), one, "stable", Evidence(), at("2026-03-09"))
    )


@pytest.mark.parametrize("gate", [scenario.GATE, named_risks.GATE, comms_lead.GATE])
def test_what_solo_does_not_ask_for_is_not_shown_as_passed(gate: Gate) -> None:
    assert asked("team", gate).outcome is Outcome.BLOCKED
    verdict = asked("solo", gate)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "Not required by policy profile solo."


@pytest.mark.parametrize("gate", [score.GATE, assumptions.GATE, estimate.GATE, signal.GATE])
def test_everything_else_is_asked_of_one_person_too(gate: Gate) -> None:
    assert asked("solo", gate) == asked("team", gate)


def test_the_ruling_under_another_profile_is_for_the_gates_of_a_team_only() -> None:
    policy = build.team_policy().model_copy(update={"profile": "solo"})
    assert not_asked(policy, hard_freeze.GATE.profiles) is None
    assert not_asked(policy, named_risks.GATE.profiles) is not None


def test_what_is_not_asked_for_has_no_boundaries() -> None:
    """Else the next change of a decision would be sought at moments of a gate that has nothing to say."""
    assert edges("team")
    assert not edges("solo")


def edges(profile: str) -> list[datetime]:
    """The moments at which the gate of comms leads may change around an event that has none."""
    event = build.event("2026-03-10", "2026-03-11", severity=build.severity(5), comms_lead=None)
    release = build.release("4.2.0")
    policy = build.team_policy().model_copy(update={"profile": profile})
    catalog = build.catalog([event], [release], the_policy=policy)
    return list(comms_lead.GATE.edges(Question(catalog, release, "stable", Evidence(), at("2026-01-01"))))
