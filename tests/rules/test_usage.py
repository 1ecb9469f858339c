"""When users are there, summed over regions (R60)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.model.content.product import Usage
from publisher.rules.staffing.usage import busiest, level
from tests.support.build import at


def region(share: int, zone: str, busy: dict[int, int]) -> Usage:
    """A region in which a tenth of the users is there, but for some hours."""
    weights = tuple(busy.get(hour, 10) for hour in range(24))
    fields: dict[str, Any] = {"region": zone, "zone": zone, "share": share, "weights": weights}
    return Usage.model_validate(fields)


EUROPE = region(60, "Europe/Lisbon", {20: 100})
ASIA = region(40, "Asia/Kathmandu", {20: 100})


def test_r60_regions_count_by_their_share() -> None:
    # 20:00 in Kathmandu is 14:15 UTC; 20:00 in Lisbon is 20:00 UTC in winter.
    assert level((EUROPE, ASIA), at("2026-01-13 20:00")) == 60 * 100 + 40 * 10
    assert level((EUROPE, ASIA), at("2026-01-13 14:15")) == 60 * 10 + 40 * 100
    assert busiest((EUROPE, ASIA), at("2026-01-13 14:00"), at("2026-01-13 15:00")) == (at("2026-01-13 14:15"), 71)


@pytest.mark.parametrize(
    ("start", "minutes", "percent"),
    [("19:00", 60, 10), ("19:00", 61, 100), ("20:59", 1, 100), ("21:00", 60, 10), ("12:00", 24 * 60, 100)],
)
def test_a_window_is_as_busy_as_its_busiest_moment(start: str, minutes: int, percent: int) -> None:
    begins = at(f"2026-01-13 {start}")
    assert busiest((EUROPE,), begins, begins + timedelta(minutes=minutes))[1] == percent


def test_a_busy_hour_moves_with_the_clocks_of_its_zone() -> None:
    assert busiest((EUROPE,), at("2026-03-28 20:00"), at("2026-03-28 21:00"))[1] == 100
    assert busiest((EUROPE,), at("2026-03-30 20:00"), at("2026-03-30 21:00"))[1] == 10
    assert busiest((EUROPE,), at("2026-03-30 19:00"), at("2026-03-30 20:00"))[1] == 100


def test_a_profile_without_users_is_never_busy() -> None:
    nobody = region(100, "UTC", dict.fromkeys(range(24), 0))
    assert busiest((nobody,), at("2026-03-28 20:00"), at("2026-03-28 21:00"))[1] == 0


def test_the_odd_second_before_a_busy_hour_does_not_hide_it() -> None:
    begins = at("2026-01-13 19:59") + timedelta(seconds=59)
    assert busiest((EUROPE,), begins, begins + timedelta(seconds=1))[1] == 10
    assert busiest((EUROPE,), begins, begins + timedelta(seconds=2))[1] == 100
