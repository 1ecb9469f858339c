"""Near an event people are there at once and for the first day (R62)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.config.staffing import Staffing
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import staffing
from tests.support import build
from tests.support.build import at
from tests.support.gates import SECOND, changes_only_at_boundaries

LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
NEAR, FAR = at("2026-03-08 09:00"), at("2026-02-01")


def ask(now: datetime, staffing: Staffing | None, release: Release | None = None, profile: str = "team") -> Question:
    """A feature of the node near the listing."""
    whole = build.catalog([LISTING], staffing=staffing)
    policy = whole.policy.model_copy(update={"profile": profile})
    return Question(replace(whole, policy=policy), release or build.release("4.2.0"), "stable", Evidence(), now)


def leaves(duty: str, moment: datetime) -> Staffing:
    """Everybody around the clock, and one duty only until a moment."""
    return build.staffing(build.shift(duty, until=f"{moment:%Y-%m-%dT%H:%M:%SZ}"))


@pytest.mark.parametrize("duty", ["on-call", "comms", "support"])
@pytest.mark.parametrize(("seconds", "expected"), [(-1, "blocked"), (0, "pass"), (1, "pass")])
def test_r62_near_an_event_every_duty_is_there_for_the_first_day(duty: str, seconds: int, expected: str) -> None:
    question = ask(NEAR, leaves(duty, NEAR + timedelta(days=1) + seconds * SECOND))
    assert question.near == (LISTING,)
    verdict = staffing.GATE.verdict(question)
    assert verdict.outcome == expected
    if expected == "blocked":
        assert f"{duty.capitalize()} is not staffed from Monday 9 March 2026, 08:59 to 09:00 UTC" in verdict.reason
        assert verdict.public_reason is not None
        assert "missing" not in verdict.public_reason


def test_r62_without_staffing_nothing_is_known_and_nothing_ships_near_an_event() -> None:
    verdict = staffing.GATE.verdict(ask(NEAR, None))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason.startswith("There is no staffing.yaml, so no duty counts as staffed. Near an event")


def test_r62_far_from_events_nobody_has_to_stand_by() -> None:
    assert staffing.GATE.verdict(ask(FAR, None)).outcome is Outcome.NOT_APPLICABLE


def test_r62_a_team_of_one_need_not_prove_it() -> None:
    verdict = staffing.GATE.verdict(ask(NEAR, None, profile="solo"))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, "Not required by policy profile solo.")
    assert list(staffing.GATE.edges(ask(NEAR, None, profile="solo"))) == []


def test_r62_coverage_changes_where_a_gap_comes_within_reach_and_where_it_is_over() -> None:
    away = build.staffing(
        build.shift("support", until="2026-03-08T12:00:00Z"), build.shift("support", since="2026-03-08T15:00:00Z")
    )
    edges = list(staffing.GATE.edges(ask(at("2026-03-06"), away)))
    assert at("2026-03-07 12:00") + SECOND in edges
    assert at("2026-03-08 15:00") in edges
    assert edges == sorted(edges)
    outcomes = {
        moment: staffing.GATE.verdict(ask(moment, away)).outcome
        for moment in (at("2026-03-07 12:00"), at("2026-03-07 12:00") + SECOND, at("2026-03-08 15:00") - SECOND)
    }
    assert list(outcomes.values()) == [Outcome.PASS, Outcome.BLOCKED, Outcome.BLOCKED]
    assert staffing.GATE.verdict(ask(at("2026-03-08 15:00"), away)).outcome is Outcome.PASS


SOMETIMES = st.lists(
    st.builds(
        lambda zone, start, hours, days: build.shift(
            "support", zone, f"{start:02}:00-{(start + hours) % 24:02}:00", days=sorted(days)
        ),
        st.sampled_from(["UTC", "Europe/Lisbon", "Asia/Kathmandu"]),
        st.integers(0, 23),
        st.integers(1, 24),
        st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=2),
    ),
    max_size=4,
)


@given(SOMETIMES, st.integers(0, 40 * 24), st.lists(st.integers(0, 60 * 24 * 3600), min_size=1, max_size=20))
def test_r62_the_outcome_changes_at_no_other_moment(shifts: list[Any], start: int, later: list[int]) -> None:
    whole = replace(CATALOG, staffing=build.staffing(*shifts, but="support"))
    now = at("2026-02-10") + timedelta(hours=start)
    question = Question(whole, NAMING, "stable", Evidence(), now)
    assert changes_only_at_boundaries(question, staffing.GATE, [now + seconds * SECOND for seconds in later])


CATALOG = build.catalog([LISTING, build.event("2026-03-29 00:00", "2026-03-29 09:00", id="second-listing")])
NAMING = build.release("4.2.0", events=["example-listing"])


def test_the_boundaries_of_coverage_are_finite_and_quick_however_early_the_question() -> None:
    question = Question(
        replace(CATALOG, staffing=build.staffing(but="support")),
        NAMING,
        "stable",
        Evidence(),
        datetime(2, 1, 1, tzinfo=UTC),
    )
    assert len(list(staffing.GATE.edges(question))) < 400
