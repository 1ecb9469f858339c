"""What goes out first, and what soaks (R64-R66)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.content.product import Plane
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.technical import plane_order
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
SHIPPED, SOAKED = at("2026-01-05 09:00"), at("2026-01-12 09:00")
WORDS_FIRST = ["metadata", "docs"]


def enabling(channel: str = "stable", **shipped: Any) -> Question:
    """A release that switches on what 4.1.0 brought."""
    before = build.release("4.1.0", **{"shipped_at": "2026-01-05T09:00:00Z"} | shipped)
    release = build.release("4.2.0", steps=[*WORDS_FIRST, "enable-default"], enables_default_of="4.1.0")
    return Question(build.catalog([], [before, release]), release, channel, Evidence(), SHIPPED)


@pytest.mark.parametrize(
    ("edge", "before", "after"),
    [(SHIPPED, Outcome.BLOCKED, Outcome.WAITING), (SOAKED, Outcome.WAITING, Outcome.PASS)],
)
def test_r66_a_new_default_waits_until_its_code_has_soaked(edge: Any, before: Outcome, after: Outcome) -> None:
    for shift, outcome in ((-1, before), (0, after), (1, after)):
        assert plane_order.GATE.verdict(enabling().at(edge + shift * SECOND)).outcome is outcome, shift
    assert edge in plane_order.GATE.edges(enabling().at(edge - SECOND))
    assert edge not in plane_order.GATE.edges(enabling().at(edge))


def test_r66_the_end_of_the_soak_is_told() -> None:
    verdict = plane_order.GATE.verdict(enabling())
    assert verdict.until == SOAKED
    assert verdict.reason == (
        "The code of 4.1.0 must run for 7 days before it becomes the default, until Monday 12 January 2026, 09:00 UTC."
    )


def test_r66_code_that_went_to_another_channel_has_not_soaked_here() -> None:
    assert plane_order.GATE.verdict(enabling(channels=["beta"])).outcome is Outcome.BLOCKED
    assert plane_order.GATE.verdict(enabling("beta", channels=["beta"])).outcome is Outcome.WAITING


def test_r66_code_that_has_not_shipped_blocks() -> None:
    verdict = plane_order.GATE.verdict(enabling(shipped_at=None).at(at("2026-06-01")))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == "It enables code of 4.1.0, which has not shipped to stable."


def near(plane: Plane, change_class: str, steps: list[str], moment: str = "2026-03-10 12:00") -> Outcome:
    """What is said of the steps of a release of a daemon near the listing."""
    release = build.release("4.2.0", change_class, steps=steps)
    catalog = build.catalog([LISTING], [release])
    products = catalog.products | {"daemon": catalog.products["daemon"].model_copy(update={"plane": plane})}
    return plane_order.GATE.verdict(
        Question(replace(catalog, products=products), release, "stable", Evidence(), at(moment))
    ).outcome


@pytest.mark.parametrize(
    ("plane", "change_class", "steps", "outcome"),
    [
        (Plane.BOTH, "feature", ["metadata", "docs", "binaries", "soak"], Outcome.PASS),
        (Plane.BOTH, "feature", ["docs", "binaries", "soak"], Outcome.BLOCKED),
        (Plane.BOTH, "feature", ["metadata", "binaries", "soak"], Outcome.BLOCKED),
        (Plane.BOTH, "feature", ["metadata", "docs", "binaries"], Outcome.BLOCKED),
        (Plane.BOTH, "feature", ["metadata", "docs"], Outcome.PASS),
        (Plane.DATA, "feature", ["binaries"], Outcome.PASS),
        (Plane.CONTROL, "feature", ["binaries"], Outcome.PASS),
        (Plane.DATA, "protocol", ["binaries"], Outcome.BLOCKED),
        (Plane.CONTROL, "rpc", ["binaries"], Outcome.BLOCKED),
    ],
)
def test_r64_r66_near_an_event_both_planes_move_in_order(
    plane: Plane, change_class: str, steps: list[str], outcome: Outcome
) -> None:
    assert near(plane, change_class, steps) is outcome


def test_r66_away_from_events_the_steps_are_the_teams_choice() -> None:
    assert near(Plane.BOTH, "feature", ["binaries"], "2026-03-03 09:59:59") is Outcome.PASS
    assert near(Plane.BOTH, "feature", ["binaries"], "2026-03-03 10:00") is Outcome.BLOCKED
