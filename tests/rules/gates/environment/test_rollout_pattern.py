"""Ways to roll out: which fits which class, and which is not used near events (R71)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.model.content.release import ChangeClass
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import rollout_pattern
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")


def ask(moment: str, change_class: str = "ui-polish", shift: int = 0, **fields: Any) -> Question:
    """A question about a release of the desktop client around the listing."""
    release = build.release("4.2.0", change_class, "desktop", **fields)
    return Question(build.catalog([LISTING], [release]), release, "stable", Evidence(), at(moment) + shift * SECOND)


@pytest.mark.parametrize(
    ("change_class", "expected"),
    [
        ("docs", "soft-canary"),
        ("ui-polish", "soft-canary"),
        ("patch", "soft-canary"),
        ("security", "soft-canary"),
        ("feature", "soft-canary"),
        ("hotfix", "emergency-hotfix"),
        ("protocol", "hard-staged"),
        ("rpc", "hard-staged"),
        ("dht", "hard-staged"),
        ("tracker", "hard-staged"),
        ("seeding", "hard-staged"),
        ("storage", "hard-staged"),
        ("migration", "maintenance-only"),
    ],
)
def test_r71_every_class_has_a_default_that_fits_near_events_too(change_class: str, expected: str) -> None:
    pattern = ask("2026-03-10 12:00", change_class).pattern
    assert pattern is not None
    assert pattern.id == expected
    assert rollout_pattern.GATE.verdict(ask("2026-03-10 12:00", change_class)).outcome is Outcome.PASS


def test_r71_the_policy_tells_the_five_patterns_apart() -> None:
    patterns = {
        pattern.id: (pattern.risk, pattern.rollback, pattern.near_events, pattern.maintenance_only)
        for pattern in build.team_policy().patterns
    }
    assert patterns == {
        "big-bang": ("high", "medium", False, False),
        "soft-canary": ("medium", "low", True, False),
        "hard-staged": ("low to medium", "medium", True, False),
        "maintenance-only": ("low", "high", True, True),
        "emergency-hotfix": ("variable", "variable", True, False),
    }


def test_r71_big_bang_is_not_used_near_an_event() -> None:
    # Changes of looks are frozen from three days before the listing until 72 hours after it.
    for edge, first in (("2026-03-07 10:00", Outcome.PASS), ("2026-03-13 22:00", Outcome.BLOCKED)):
        other = Outcome.BLOCKED if first is Outcome.PASS else Outcome.PASS
        for shift, outcome in ((-1, first), (0, other), (1, other)):
            question = ask(edge, shift=shift, pattern="big-bang")
            assert rollout_pattern.GATE.verdict(question).outcome is outcome, (edge, shift)
        assert at(edge) in rollout_pattern.GATE.edges(ask(edge, shift=-1, pattern="big-bang"))


def test_r71_a_pattern_for_other_classes_is_refused_and_those_that_fit_are_named() -> None:
    verdict = rollout_pattern.GATE.verdict(ask("2026-01-01", "dht", pattern="big-bang"))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == "Big bang is for documentation and changes of look and wording, and this is a DHT change."
    assert verdict.fix == "Choose another `pattern`: hard-staged."


def test_r71_a_pattern_that_does_not_exist_is_refused() -> None:
    verdict = rollout_pattern.GATE.verdict(ask("2026-01-01", pattern="bigbang"))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == "The policy has no rollout pattern named bigbang."


def test_r71_a_class_without_a_default_must_name_one() -> None:
    known = build.team_policy()
    plain = tuple(pattern.model_copy(update={"default_for": ()}) for pattern in known.patterns)
    release = build.release("4.2.0", ChangeClass.PATCH.value)
    catalog = build.catalog([], [release], the_policy=known.model_copy(update={"patterns": plain}))
    verdict = rollout_pattern.GATE.verdict(Question(catalog, release, "stable", Evidence(), at("2026-01-01")))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == "The policy has no default rollout pattern for patches."


def test_a_policy_without_patterns_asks_for_none() -> None:
    release = build.release("4.2.0")
    catalog = build.catalog([], [release], the_policy=build.policy())
    question = Question(catalog, release, "stable", Evidence(), at("2026-01-01"))
    assert rollout_pattern.GATE.verdict(question).outcome is Outcome.NOT_APPLICABLE
    assert question.pattern is None
