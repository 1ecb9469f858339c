"""What the profiles of the policy ask for."""

from __future__ import annotations

import pytest

from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.profile import not_required
from publisher.rules.engine.question import Question, Rule
from publisher.rules.gates.environment import freshness, risk
from tests.support import build
from tests.support.build import at


def asked(profile: str, rule: Rule) -> Verdict:
    """What a rule says of a release of a node just before an event that nobody has scored or prepared for."""
    event = build.event("2026-03-10", "2026-03-11", severity=build.severity(5), comms_lead=None, invalidates=["units"])
    one = build.release("4.2.0", risks=[])
    policy = build.team_policy().model_copy(update={"profile": profile})
    return rule(Question(build.catalog([event], [one], the_policy=policy), one, "stable", Evidence(), at("2026-03-09")))


@pytest.mark.parametrize("rule", [risk.scenario, risk.named, risk.comms_lead])
def test_what_solo_does_not_ask_for_is_not_shown_as_passed(rule: Rule) -> None:
    assert asked("team", rule).outcome is Outcome.BLOCKED
    verdict = asked("solo", rule)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "Not required by policy profile solo."


@pytest.mark.parametrize("rule", [risk.score, risk.assumptions, freshness.estimate, freshness.signal])
def test_everything_else_is_asked_of_one_person_too(rule: Rule) -> None:
    assert asked("solo", rule) == asked("team", rule)


def test_the_helper_speaks_for_the_rules_of_a_team_only() -> None:
    policy = build.team_policy().model_copy(update={"profile": "solo"})
    assert not_required("freeze.hard", policy) is None
    assert not_required("risk.named", policy) is not None
