"""Scores against dates, and dates that are probably of another year (R15, R16)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.model.content.event import Event
from publisher.model.values import format_time
from publisher.rules.freeze.severity import risk_index
from publisher.rules.lint.lead_time import disagreement, rubric, year_of_event, year_of_release
from tests.support import build
from tests.support.build import at

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
STARTS = at("2026-03-10")


def announced(notice: timedelta, lead_time: int) -> Event:
    """A listing that was announced so long before."""
    fields = {"announced": format_time(STARTS - notice), "lead_time": {"score": lead_time, "because": "A test."}}
    return build.event("2026-03-10", "2026-03-11", **fields)


@pytest.mark.parametrize(("days", "below", "from_then"), [(3, 1, 2), (14, 2, 3), (30, 3, 4), (90, 4, 5)])
def test_r15_the_rubric_of_lead_times(days: int, below: int, from_then: int) -> None:
    assert rubric(days * DAY - SECOND) == below
    assert rubric(days * DAY) == from_then
    assert rubric(days * DAY + SECOND) == from_then


def test_r15_a_score_that_the_dates_contradict_is_told() -> None:
    assert disagreement(announced(21 * DAY, 3)) is None
    assert disagreement(announced(21 * DAY, 5)) == (
        "its lead time is scored 5, but 21 days from announcement to start suggest 3",
        "change the score, or the dates",
    )
    assert "1 day from announcement" in str(disagreement(announced(DAY, 2)))


def test_r15_without_a_date_or_a_score_there_is_nothing_to_contradict() -> None:
    known = announced(DAY, 5)
    assert disagreement(build.event("2026-03-10", "2026-03-11")) is None
    without = Event.model_validate_json(known.model_dump_json(exclude_defaults=True, exclude={"lead_time"}))
    assert disagreement(without) is None


@pytest.mark.parametrize(
    ("kind", "severity", "lead_time", "notice", "index"),
    [("token-migration", 5, 4, 60 * DAY, 10), ("conference", 2, 2, 7 * DAY, 8)],
)
def test_r16_the_worked_examples(kind: str, severity: int, lead_time: int, notice: timedelta, index: int) -> None:
    known = announced(notice, lead_time)
    event = known.model_copy(update={"type": kind, "severity": known.severity.model_copy(update={"score": severity})})
    assert disagreement(event) is None
    assert risk_index(build.catalog([event]), event) == index


def test_an_event_announced_more_than_400_days_ahead_is_probably_of_another_year() -> None:
    assert year_of_event(announced(400 * DAY, 5)) is None
    assert year_of_event(announced(400 * DAY + SECOND, 5)) == (
        "starts 400 days after it was announced",
        "check the year of both",
    )


def test_an_event_of_more_than_300_days_is_probably_of_another_year() -> None:
    ends = STARTS + 300 * DAY
    assert year_of_event(build.event("2026-03-10", f"{ends:%Y-%m-%d}")) is None
    assert year_of_event(build.event("2026-03-10", f"{ends:%Y-%m-%d} 00:00:01")) == (
        "lasts 300 days",
        "check the year of its end",
    )


@pytest.mark.parametrize(("days", "side"), [(300, "after"), (-300, "before")])
def test_a_plan_far_from_the_newest_release_is_probably_of_another_year(days: int, side: str) -> None:
    newest = at("2026-05-01")
    before = build.release("4.1.0", shipped_at="2026-05-01T00:00:00Z")
    further = SECOND if days > 0 else -SECOND
    said = []
    for moment in (newest + days * DAY, newest + days * DAY + further):
        one = build.release("4.2.0", planned_for=format_time(moment))
        said.append(year_of_release(build.catalog([], [before, one], the_policy=build.policy()), one))
    assert said[0] is None
    assert said[1] is not None
    assert f"300 days {side} the newest release" in said[1].what
    assert said[1].fix == "check the year"


def test_a_release_that_shipped_long_before_or_after_its_plan_is_told() -> None:
    plans = {"2026-02-01T00:00:00Z": True, "2025-02-01T00:00:00Z": False, "2027-02-01T00:00:00Z": False}
    for plan, fine in plans.items():
        one = build.release("4.2.0", planned_for=plan, shipped_at="2026-02-01T00:00:00Z")
        assert (year_of_release(build.catalog([], [one]), one) is None) is fine, plan


def test_a_release_without_a_plan_is_fine() -> None:
    one = build.release("4.2.0")
    assert year_of_release(build.catalog([], [one]), one) is None
