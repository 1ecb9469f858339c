"""When a release can be taken back, and by when that must be so (R85, R91)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.config.staffing import Staffing
from publisher.model.content.release import Release
from publisher.rules.calendar.rollback_due import due, ready
from publisher.rules.lint.lints import lints
from tests.support import build
from tests.support.build import at

NOW = at("2026-02-01")
WAY = {"bundle": "ab" * 32, "verified_at": "2026-01-20T10:00:00Z", "rehearsed_at": "2026-01-22T10:00:00Z"}


def released(**fields: Any) -> Release:
    return build.release("4.2.0", "feature", "desktop", **fields)


def catalog(one: Release, *events: Any, staffing: Staffing | None = None) -> Catalog:
    return build.catalog(events, [one], staffing=staffing or build.staffing())


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (WAY, [(at("2026-01-22 10:00"), at("2026-04-22 10:00"))]),  # ninety days from the rehearsal
        (WAY | {"verified_at": "2026-02-03T00:00:00Z"}, [(at("2026-02-03"), at("2026-04-22 10:00"))]),
        ({"bundle": "ab" * 32, "verified_at": "2026-01-20T10:00:00Z"}, []),
        ({"bundle": "ab" * 32, "rehearsed_at": "2026-01-20T10:00:00Z"}, []),
        ({"bundle": "none-first-release"}, []),
        (None, []),
    ],
)
def test_r91_it_can_be_taken_back_once_the_way_is_verified_and_rehearsed_until_the_rehearsal_is_old(
    way: dict[str, str] | None, expected: list[tuple[datetime, datetime]]
) -> None:
    one = released(rollback=way) if way else released()
    assert list(ready(catalog(one), one, at("2026-01-01"), at("2026-12-31"), NOW)) == expected


def test_r91_and_only_while_somebody_is_on_call() -> None:
    one = released(rollback=WAY)
    office = build.staffing(build.shift(hours="08:00-20:00"))
    found = ready(catalog(one, staffing=office), one, at("2026-02-02"), at("2026-02-04"), NOW)
    assert found == (
        (at("2026-02-02 08:00"), at("2026-02-02 20:00")),
        (at("2026-02-03 08:00"), at("2026-02-03 20:00")),
    )
    nobody = build.catalog([], [one], staffing=None)
    assert ready(nobody, one, at("2026-02-02"), at("2026-02-04"), NOW) == ()


LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00", impact=build.CALM)


@pytest.mark.parametrize(
    ("planned", "by"),
    [
        ("2026-02-20T09:00:00Z", "2026-02-06 09:00"),
        ("2026-03-09T09:00:00Z", "2026-02-17 10:00"),  # in the freeze, which begins on 3 March at 10:00
        ("2026-03-20T09:00:00Z", "2026-02-17 10:00"),  # just after it
        ("2026-04-20T09:00:00Z", "2026-04-06 09:00"),
    ],
)
def test_r85_the_way_back_is_due_before_the_calendar_is_crowded(planned: str, by: str) -> None:
    one = released(planned_for=planned)
    found = due(catalog(one, LISTING), one, NOW)
    assert found is not None
    assert found.at == at(by)


@pytest.mark.parametrize(
    ("fields", "now", "done", "overdue"),
    [
        ({}, at("2026-02-06 09:00") - timedelta(seconds=1), False, False),
        ({}, at("2026-02-06 09:00"), False, True),
        ({"rollback": WAY}, at("2026-02-06 09:00"), True, False),
        ({"rollback": WAY}, at("2026-01-21"), False, False),  # not rehearsed yet
        ({"rollback": WAY | {"rehearsed_at": "2025-11-01T00:00:00Z"}}, at("2026-02-07"), False, True),  # long ago
    ],
)
def test_r85_overdue_is_what_is_not_done_by_then(
    fields: dict[str, Any], now: datetime, done: bool, overdue: bool
) -> None:
    one = released(planned_for="2026-02-20T09:00:00Z", **fields)
    found = due(catalog(one), one, now)
    assert found is not None
    assert (found.done, found.overdue) == (done, overdue)
    assert any(lint.about == one.id for lint in lints(catalog(one), now)) == overdue


def test_r85_a_rehearsal_that_is_old_by_now_does_not_count_for_a_date_that_has_passed() -> None:
    one = released(planned_for="2026-02-20T09:00:00Z", rollback=WAY)
    found = due(catalog(one), one, at("2026-12-01"))
    assert found is not None
    assert (found.done, found.overdue) == (False, True)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"planned_for": "2026-02-20T09:00:00Z", "rollback": {"bundle": "none-first-release"}},
        {"planned_for": "2026-02-20T09:00:00Z", "shipped_at": "2026-01-20T09:00:00Z"},
    ],
)
def test_without_a_date_or_a_way_back_nothing_is_due(fields: dict[str, Any]) -> None:
    one = released(**fields)
    assert due(catalog(one), one, NOW) is None


def test_a_first_release_has_nothing_to_rehearse() -> None:
    with pytest.raises(ValueError, match="nothing to verify or rehearse"):
        released(rollback=WAY | {"bundle": "none-first-release"})
