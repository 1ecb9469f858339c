"""In a soft freeze only what is small, needed and sure ships (R20, R28)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.evaluate import evaluate
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
SOFT = "2026-03-12"


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
    release = build.release("4.2.0", change_class, **fields)
    assert evaluate(build.catalog([LISTING], [release]), release, "stable", at(SOFT)).outcome is outcome


def test_r28_what_may_wait_ships_when_nothing_is_frozen() -> None:
    release = build.release("4.2.0", "patch", necessity="opportunistic", fix_confidence="low")
    assert evaluate(build.catalog([LISTING], [release]), release, "stable", at("2026-01-01")).go


@pytest.mark.parametrize(
    ("version", "expected"),
    [("4.1.1", Outcome.PASS), ("4.1.0.1", Outcome.PASS), ("4.2.0", Outcome.WAITING), ("5.0.0", Outcome.WAITING)],
)
def test_r20_a_patch_is_a_patch_by_its_version_too(version: str, expected: Outcome) -> None:
    before = build.release("4.1.0", shipped_at="2026-01-01T00:00:00Z")
    release = build.release(version, "patch")
    decided = evaluate(build.catalog([LISTING], [before, release]), release, "stable", at("2026-03-11"))
    assert decided.outcome is expected


def test_classes_that_two_freezes_allow_stand_in_the_order_of_the_one_that_began_first() -> None:
    """Or the same question would have two answers, by how Python happens to hash words."""
    listing = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    orders = [
        ((ChangeClass.SECURITY, ChangeClass.PATCH, ChangeClass.DOCS), "docs, patch or security"),
        ((ChangeClass.HOTFIX, ChangeClass.PATCH), "patch or hotfix"),
        ((ChangeClass.HOTFIX, ChangeClass.SECURITY, ChangeClass.DOCS), "docs, security or hotfix"),
        ((ChangeClass.SECURITY, ChangeClass.DOCS), "docs or security"),
        ((ChangeClass.PATCH, ChangeClass.DOCS), "docs or patch"),
    ]
    for allows, classes in orders:
        sprint = SprintFreeze(
            id="sprint",
            title="A sprint",
            starts=at("2026-03-11"),
            ends=at("2026-03-14"),
            allows=allows,
            because="sprint",
        )
        release = build.release("4.2.0")
        decision = evaluate(build.catalog([listing], [release], sprints=[sprint]), release, "stable", at("2026-03-12"))
        fix = next(verdict.fix for verdict in decision.verdicts if verdict.rule == "freeze.soft")
        assert fix == f"Wait, or move urgent parts into a release of class {classes}."


def test_r20_a_patch_is_a_patch_of_what_the_channel_offers_also_where_the_content_says_nothing_of_it() -> None:
    """Leaving `shipped_at` out of the version before makes no patch of a new major version."""
    listing = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    release = build.release("5.0.0", "patch")
    catalog = build.catalog([listing], [build.release("4.1.0"), release])
    live = Evidence(live=Version.parse("4.1.0"))
    assert evaluate(catalog, release, "stable", at("2026-03-12"), live).outcome is Outcome.WAITING
    assert evaluate(catalog, release, "stable", at("2026-03-20"), live).outcome is Outcome.PASS


@pytest.mark.parametrize("change_class", ["security", "hotfix"])
@pytest.mark.parametrize(("before", "outcome"), [("3.9.0", Outcome.WAITING), ("4.1.0", Outcome.PASS)])
def test_r20_a_fix_that_is_a_major_step_is_no_correction(change_class: str, before: str, outcome: Outcome) -> None:
    listing = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    release = build.release("4.2.0", change_class)
    live = Evidence(live=Version.parse(before))
    assert evaluate(build.catalog([listing], [release]), release, "stable", at("2026-03-12"), live).outcome is outcome
