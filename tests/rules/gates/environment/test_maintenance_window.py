"""What cannot be taken back ships in announced maintenance only (R41, R60, R71)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.content.maintenance import Maintenance
from publisher.model.content.policy import Pattern
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import maintenance_window
from tests.support import build
from tests.support.build import at
from tests.support.gates import SECOND, changes_only_at_boundaries

# R41, R71: what ships in maintenance only

MIGRATION = build.release("5.0.0", "migration", kind="migration")
USAGE = [{"region": "All", "zone": "UTC", "share": 100, "weights": [100, *[10] * 23]}]
TUESDAYS = {"zone": "UTC", "day": "tue", "start": "09:00"}


def planned(
    now: datetime | str, *maintenance: Maintenance, release: Release = MIGRATION, profile: str = "team"
) -> Question:
    """A migration of the node, and maintenance around which everybody is there by day."""
    whole = build.catalog(maintenance=maintenance, staffing=build.staffing())
    whole = replace(
        whole,
        products={**whole.products, "daemon": build.product("daemon", usage=USAGE)},
        policy=whole.policy.model_copy(update={"profile": profile, "patterns": PATTERNS}),
    )
    return Question(whole, release, "stable", Evidence(), at(now) if isinstance(now, str) else now)


def pattern(ident: str, **values: Any) -> Pattern:
    """A way to roll out."""
    fields = {"classes": ["storage"], "best_for": "Tests.", "risk": "low", "rollback": "high", "note": "A test."}
    return Pattern.model_validate_json(json.dumps({"id": ident, "name": ident, **fields, **values}))


PATTERNS = (
    pattern("soft-canary"),
    pattern("maintenance-only", maintenance_only=True, default_for=["storage"]),
)


@pytest.mark.parametrize(
    ("moment", "seconds", "expected"),
    [
        ("2026-03-10 09:00", -1, Outcome.WAITING),
        ("2026-03-10 09:00", 0, Outcome.PASS),
        ("2026-03-10 09:00", 1, Outcome.PASS),
        ("2026-03-10 10:00", -1, Outcome.PASS),
        ("2026-03-10 10:00", 0, Outcome.WAITING),
        ("2026-03-10 10:00", 1, Outcome.WAITING),
    ],
)
def test_r41_a_migration_ships_while_announced_maintenance_holds(moment: str, seconds: int, expected: Outcome) -> None:
    weekly = build.maintenance("2026-03-01", repeats=TUESDAYS)
    assert maintenance_window.GATE.verdict(planned(at(moment) + seconds * SECOND, weekly)).outcome is expected


def test_r41_a_migration_waits_for_the_next_window() -> None:
    weekly = build.maintenance("2026-03-01", repeats=TUESDAYS, title="Index cleaning")
    verdict = maintenance_window.GATE.verdict(planned("2026-03-06", weekly))
    assert verdict.until == at("2026-03-10 09:00")
    assert verdict.reason == (
        "A migration cannot be taken back, so it ships only in announced maintenance:"
        ' it waits for "Index cleaning" on Tuesday 10 March 2026, 09:00 UTC.'
    )


@pytest.mark.parametrize("moment", ["2026-03-06", "2026-03-10 09:30"])
def test_r41_the_words_of_a_window_that_is_not_public_are_not_told(moment: str) -> None:
    hidden = build.maintenance("2026-03-01", repeats=TUESDAYS, title="Secret move", visibility="internal")
    verdict = maintenance_window.GATE.verdict(planned(moment, hidden))
    assert "Secret move" in verdict.reason
    assert '"Reserved period"' in str(verdict.public_reason)
    assert "Secret" not in str(verdict.public_reason)


def test_r41_without_maintenance_of_its_product_a_migration_stays() -> None:
    assert maintenance_window.GATE.verdict(planned("2026-03-06")).outcome is Outcome.BLOCKED
    other = build.maintenance("2026-03-10 09:00", product="desktop")
    assert maintenance_window.GATE.verdict(planned("2026-03-06", other)).outcome is Outcome.BLOCKED
    over = build.maintenance("2026-03-05 09:00")
    assert maintenance_window.GATE.verdict(planned("2026-03-06", over)).outcome is Outcome.BLOCKED


def test_r60_a_window_that_may_not_take_place_is_no_window() -> None:
    # At midnight many users are there, so the migration waits for the day after.
    busy, calm = build.maintenance("2026-03-10 00:00"), build.maintenance("2026-03-11 09:00", id="calm")
    question = planned("2026-03-10 00:30", busy, calm)
    assert maintenance_window.GATE.verdict(question).until == at("2026-03-11 09:00")
    assert maintenance_window.GATE.verdict(planned("2026-03-10 00:30", busy)).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    ("change_class", "fields", "expected"),
    [
        ("storage", {}, Outcome.BLOCKED),
        ("storage", {"pattern": "soft-canary"}, Outcome.NOT_APPLICABLE),
        ("patch", {"pattern": "maintenance-only"}, Outcome.BLOCKED),
        ("patch", {}, Outcome.NOT_APPLICABLE),
        ("patch", {"kind": "migration"}, Outcome.BLOCKED),
        ("storage", {"kind": "migration", "pattern": "soft-canary"}, Outcome.BLOCKED),
    ],
)
def test_r71_the_pattern_says_what_ships_in_maintenance_only(
    change_class: str, fields: dict[str, Any], expected: Outcome
) -> None:
    release = build.release("4.2.0", change_class, **fields)
    assert maintenance_window.GATE.verdict(planned("2026-03-06", release=release)).outcome is expected


def test_r41_a_team_of_one_need_not_announce_it() -> None:
    verdict = maintenance_window.GATE.verdict(planned("2026-03-06", profile="solo"))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, "Not required by policy profile solo.")


@given(st.integers(0, 100 * 24), st.lists(st.integers(0, 100 * 24 * 3600), min_size=1, max_size=20))
def test_r41_the_outcome_changes_with_the_windows_and_at_no_other_moment(start: int, later: list[int]) -> None:
    now = at("2026-02-20") + timedelta(hours=start)
    question = replace(WINDOWS, now=now)
    moments = [now + seconds * SECOND for seconds in later]
    assert changes_only_at_boundaries(question, maintenance_window.GATE, moments)


WINDOWS = planned(
    "2026-02-20",
    build.maintenance("2026-03-01", repeats={**TUESDAYS, "zone": "Europe/Lisbon"}, until="2026-05-01T00:00:00Z"),
    build.maintenance("2026-03-24 08:30", "90 min", id="once"),
)


def test_the_boundaries_of_maintenance_are_in_order_and_finite() -> None:
    endless = build.maintenance("2026-03-01", repeats=TUESDAYS)
    edges = list(maintenance_window.GATE.edges(planned("2026-03-10 09:30", endless)))
    assert edges[:2] == [at("2026-03-10 10:00"), at("2026-03-17 09:00")]
    assert all(edge < other for edge, other in pairwise(edges))
    assert edges[-1] > at("2027-04-01")
    assert list(maintenance_window.GATE.edges(planned("2026-03-06", endless, release=build.release("4.2.0")))) == []
