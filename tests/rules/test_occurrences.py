"""When maintenance takes place: once or by the week, by the clock on the wall (R60, R63)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.content.maintenance import Maintenance
from publisher.rules.staffing.occurrences import Occurrence, occurrences, upcoming
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)


def slot(day: str = "tue", start: str = "09:00", zone: str = "Europe/Lisbon", every: int = 1) -> dict[str, Any]:
    """A weekly slot as content has it."""
    return {"day": day, "start": start, "zone": zone, "every_weeks": every}


def starts(given_slot: dict[str, Any], first: str, since: str, count: int = 3, **fields: Any) -> list[str]:
    """The next starts of a slot that counts from `first`."""
    one = build.maintenance(first, repeats=given_slot, **fields)
    return [f"{window.start:%Y-%m-%d %H:%M}" for window in islice(upcoming(one, at(since)), count)]


def holding(one: Maintenance, now: datetime) -> list[Occurrence]:
    """The window in which `now` lies."""
    return [window for window in occurrences(one, now, now + SECOND) if window.start <= now]


def test_a_window_without_a_slot_happens_once() -> None:
    once = build.maintenance("2026-03-10 09:00", "90 min")
    (window,) = upcoming(once, at("2026-01-01"))
    assert window.span == (at("2026-03-10 09:00"), at("2026-03-10 10:30"))
    assert list(upcoming(once, at("2026-03-10 10:30"))) == []


@pytest.mark.parametrize(("shift", "holds", "coming"), [(-1, False, True), (0, True, False), (1, True, False)])
def test_a_window_holds_from_its_first_moment(shift: int, holds: bool, coming: bool) -> None:
    once = build.maintenance("2026-03-10 09:00", "1 h")
    now = at("2026-03-10 09:00") + shift * SECOND
    assert (bool(holding(once, now)), any(one.start > now for one in upcoming(once, now))) == (holds, coming)


@pytest.mark.parametrize(("shift", "holds"), [(-1, True), (0, False), (1, False)])
def test_a_window_holds_to_its_end(shift: int, holds: bool) -> None:
    weekly = build.maintenance("2026-03-01", "1 h", repeats=slot(zone="UTC"))
    assert bool(holding(weekly, at("2026-03-10 10:00") + shift * SECOND)) == holds


def test_r63_a_slot_comes_every_week_by_the_clock_on_the_wall() -> None:
    # Clocks in Lisbon go forward on 29 March 2026 and back on 25 October.
    assert starts(slot(), "2026-03-01", "2026-03-20") == ["2026-03-24 09:00", "2026-03-31 08:00", "2026-04-07 08:00"]
    assert starts(slot(), "2026-03-01", "2026-10-19", 2) == ["2026-10-20 08:00", "2026-10-27 09:00"]


def test_a_slot_hour_that_the_clocks_skip_moves_to_the_first_moment_that_exists() -> None:
    assert starts(slot("sun", "01:30"), "2026-03-22", "2026-03-22") == [
        "2026-03-22 01:30",
        "2026-03-29 01:00",
        "2026-04-05 00:30",
    ]


def test_a_slot_hour_that_comes_twice_is_the_first() -> None:
    assert starts(slot("sun", "01:30"), "2026-10-25", "2026-10-24", 2) == ["2026-10-25 00:30", "2026-11-01 01:30"]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1, ["2028-02-22 09:00", "2028-02-29 09:00", "2028-03-07 09:00"]),
        (2, ["2028-02-22 09:00", "2028-03-07 09:00", "2028-03-21 09:00"]),
        (4, ["2028-03-07 09:00", "2028-04-04 08:00", "2028-05-02 08:00"]),
    ],
)
def test_every_second_or_fourth_week_is_counted_from_the_first_slot_also_over_a_leap_day(
    every: int, expected: list[str]
) -> None:
    assert starts(slot(every=every), "2028-02-02", "2028-02-21") == expected


def test_slots_count_from_starts_and_until_until() -> None:
    tuesday = slot(zone="UTC")
    assert starts(tuesday, "2026-03-10 09:00", "2026-01-01", 1) == ["2026-03-10 09:00"]
    one = build.maintenance("2026-03-10 09:00", repeats=tuesday)
    late = one.model_copy(update={"starts": at("2026-03-10 09:00") + SECOND})
    assert next(upcoming(late, at("2026-01-01"))).start == at("2026-03-17 09:00")
    ends = {"until": "2026-03-17T09:00:00Z"}
    assert starts(tuesday, "2026-03-10 09:00", "2026-01-01", 9, **ends) == ["2026-03-10 09:00"]
    ends = {"until": "2026-03-17T09:00:01Z"}
    assert starts(tuesday, "2026-03-10 09:00", "2026-01-01", 9, **ends) == ["2026-03-10 09:00", "2026-03-17 09:00"]


def test_midnight_at_the_end_of_a_day_belongs_to_that_day() -> None:
    assert starts(slot("mon", "24:00", "UTC"), "2026-03-10", "2026-03-01", 2) == [
        "2026-03-10 00:00",
        "2026-03-17 00:00",
    ]


def test_windows_that_overlap_a_span_are_found_at_both_of_its_ends() -> None:
    weekly = build.maintenance("2026-03-01", "1 h", repeats=slot(zone="UTC"))

    def count(start: datetime, end: datetime) -> int:
        return len(occurrences(weekly, start, end))

    first, third = at("2026-03-10 10:00"), at("2026-03-24 09:00")
    assert count(first - SECOND, third + SECOND) == 3
    assert count(first, third + SECOND) == 2
    assert count(first, third) == 1


@pytest.mark.parametrize("year", [1, 9999])
def test_moments_that_no_content_can_name_are_no_trouble(year: int) -> None:
    weekly = build.maintenance("2026-03-01", "1 h", repeats=slot(zone="Pacific/Kiritimati"))
    now = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    assert (next(upcoming(weekly, now), None) is None) == (year == 9999)


@given(
    st.sampled_from(["UTC", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe"]),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 24 * 60 - 1).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}"),
    st.integers(0, 4000).map(lambda days: at("2026-01-01") + timedelta(days=days, hours=5)),
)
def test_jumping_ahead_finds_the_very_windows_that_counting_from_the_first_finds(
    zone: str, every: int, start: str, now: datetime
) -> None:
    one = build.maintenance("2026-01-01", "3 h", repeats=slot("sun", start, zone, every))
    counted = (window for window in upcoming(one, one.starts) if window.end > now)
    found = list(islice(upcoming(one, now), 3))
    assert found == list(islice(counted, 3))
    for earlier, later in pairwise(found):
        assert earlier.start < later.start
        apart = [moment.astimezone(ZoneInfo(zone)).date() for moment in (earlier.start, later.start)]
        assert apart[1] - apart[0] == timedelta(weeks=every)
