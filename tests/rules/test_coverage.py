"""Shifts in their own time zones, and the gaps between them, to the second (R61, R62)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.config.staffing import Shift, Staffing
from publisher.rules.staffing.coverage import DUTIES, covered, gaps, lacking, missing, uncovered
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
CATALOG = build.catalog()


def staff(*shifts: Shift) -> Staffing:
    return Staffing(shifts=shifts)


def spans(found: tuple[tuple[datetime, datetime], ...]) -> list[str]:
    """Spans as short words."""
    return [f"{start:%d %H:%M} to {end:%d %H:%M}" for start, end in found]


def test_r62_a_gap_is_what_no_shift_covers() -> None:
    office = staff(build.shift(hours="08:00-20:00", days=["tue", "wed"]))
    # 10 March 2026 is a Tuesday.
    assert spans(covered(office, "on-call", at("2026-03-09"), at("2026-03-13"))) == [
        "10 08:00 to 10 20:00",
        "11 08:00 to 11 20:00",
    ]
    assert spans(gaps(office, "on-call", at("2026-03-10"), at("2026-03-12"))) == [
        "10 00:00 to 10 08:00",
        "10 20:00 to 11 08:00",
        "11 20:00 to 12 00:00",
    ]
    assert gaps(office, "support", at("2026-03-10"), at("2026-03-12")) == ((at("2026-03-10"), at("2026-03-12")),)


def test_where_nothing_is_known_nobody_is_there() -> None:
    assert gaps(None, "on-call", at("2026-03-10"), at("2026-03-12")) == ((at("2026-03-10"), at("2026-03-12")),)
    assert gaps(None, "on-call", at("2026-03-10"), at("2026-03-12"))


@pytest.mark.parametrize(
    ("start", "end", "gap"),
    [(0, 0, False), (-1, 0, True), (0, 1, True), (1, -1, False)],
)
def test_a_shift_covers_from_its_first_second_to_its_last(start: int, end: int, gap: bool) -> None:
    office = staff(build.shift(hours="08:00-20:00"))
    first, last = at("2026-03-10 08:00") + start * SECOND, at("2026-03-10 20:00") + end * SECOND
    assert bool(gaps(office, "on-call", first, last)) == gap


def test_shifts_that_follow_the_sun_leave_no_gap_and_one_minute_less_leaves_a_minute() -> None:
    lisbon = build.shift(zone="Europe/Lisbon", hours="08:00-16:00")
    singapore = build.shift(zone="Asia/Singapore", hours="08:00-16:00")
    new_york = build.shift(zone="America/New_York", hours="11:00-19:00")
    january = at("2026-01-12"), at("2026-01-19")
    assert not gaps(staff(lisbon, singapore, new_york), "on-call", *january)
    shorter = build.shift(zone="America/New_York", hours="11:00-18:59")
    assert len(gaps(staff(lisbon, singapore, shorter), "on-call", *january)) == 7
    # In summer Lisbon and New York come and go an hour earlier by UTC, and Singapore does not.
    assert spans(gaps(staff(lisbon, singapore, new_york), "on-call", at("2026-07-13"), at("2026-07-14"))) == [
        "13 23:00 to 14 00:00"
    ]


def test_a_shift_over_the_night_is_longer_or_shorter_when_clocks_change() -> None:
    nights = staff(build.shift(zone="Europe/Lisbon", hours="22:00-06:00", days=["sat"]))
    assert spans(covered(nights, "on-call", at("2026-03-28"), at("2026-03-30"))) == ["28 22:00 to 29 05:00"]
    assert spans(covered(nights, "on-call", at("2026-10-24"), at("2026-10-26"))) == ["24 21:00 to 25 06:00"]


def test_two_shifts_that_meet_in_an_hour_that_is_skipped_or_doubled_leave_no_gap() -> None:
    early = build.shift(zone="Europe/Lisbon", hours="00:00-01:30")
    late = build.shift(zone="Europe/Lisbon", hours="01:30-24:00")
    assert not gaps(staff(early, late), "on-call", at("2026-03-27"), at("2026-10-27"))


def test_a_shift_on_a_leap_day_counts() -> None:
    tuesdays = staff(build.shift(days=["tue"]))
    assert spans(covered(tuesdays, "on-call", at("2028-02-28"), at("2028-03-02"))) == ["29 00:00 to 01 00:00"]


@pytest.mark.parametrize(("shift", "there"), [(-1, False), (0, True), (1, True)])
def test_a_shift_counts_since_its_first_moment(shift: int, there: bool) -> None:
    new = staff(build.shift(since="2026-03-10T12:00:00Z"))
    now = at("2026-03-10 12:00") + shift * SECOND
    assert (not gaps(new, "on-call", now, now + SECOND)) == there


@pytest.mark.parametrize(("shift", "there"), [(-1, True), (0, False), (1, False)])
def test_a_shift_no_longer_counts_from_until_on(shift: int, there: bool) -> None:
    old = staff(build.shift(until="2026-03-10T12:00:00Z"))
    now = at("2026-03-10 12:00") + shift * SECOND
    assert (not gaps(old, "on-call", now, now + SECOND)) == there


def test_gaps_of_several_weeks_are_told_whole() -> None:
    catalog = build.catalog(staffing=staff(build.shift(until="2026-03-10T12:00:00Z")))
    found = missing(catalog, ["on-call"], at("2026-03-10 11:00"), at("2026-04-10"))
    assert found == {"on-call": ((at("2026-03-10 12:00"), at("2026-04-10")),)}
    assert lacking(catalog, found) == (
        "On-call is not staffed from Tuesday 10 March 2026, 12:00 UTC to Friday 10 April 2026, 00:00 UTC"
    )


def test_of_many_gaps_the_first_two_are_named() -> None:
    catalog = build.catalog(staffing=staff(build.shift(hours="08:00-20:00")))
    said = lacking(catalog, missing(catalog, ["on-call"], at("2026-03-10"), at("2026-03-15")))
    assert said.count("n-call is not staffed") == 2
    assert said.endswith(" and there are 4 more gaps")


@pytest.mark.parametrize("year", [1, 9999])
def test_in_years_that_no_content_can_name_nobody_is_there(year: int) -> None:
    start = datetime(year, 6, 1, tzinfo=UTC)
    catalog = build.catalog(staffing=build.staffing())
    assert set(missing(catalog, DUTIES, start, start + timedelta(days=20))) == set(DUTIES)


@pytest.mark.parametrize(
    ("duty", "until", "expected"),
    [
        ("support", "2026-03-15T23:59:59Z", True),
        ("support", "2026-03-16T00:00:00Z", False),
        ("on-call", "2026-03-15T23:59:59Z", True),
        ("comms", "2026-03-15T23:59:59Z", False),
    ],
)
def test_r24_an_event_is_covered_if_on_call_and_support_are_there_for_its_week(
    duty: str, until: str, expected: bool
) -> None:
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    early = replace(CATALOG, staffing=build.staffing(build.shift(duty, until=until)))
    assert uncovered(early, event) == expected
    late = replace(CATALOG, staffing=build.staffing(build.shift("support", since="2026-03-09T00:00:00Z")))
    assert not uncovered(late, event)


def test_r24_where_nothing_is_known_no_event_is_covered() -> None:
    assert uncovered(replace(CATALOG, staffing=None), build.event("2026-03-10 10:00", "2026-03-10 22:00"))


CLOCKS = st.integers(0, 24 * 4 - 1).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
SHIFTS = st.lists(
    st.builds(
        lambda zone, start, end, days: build.shift(zone=zone, hours=f"{start}-{end}", days=sorted(days)),
        st.sampled_from(["UTC", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
        CLOCKS,
        CLOCKS,
        st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
    ),
    max_size=4,
)
MOMENTS = st.integers(0, 400 * 24 * 4).map(lambda quarters: at("2026-01-01") + quarters * timedelta(minutes=15))


@given(SHIFTS, MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=20)))
def test_hours_and_gaps_fill_a_span_exactly(shifts: list[Shift], start: datetime, length: timedelta) -> None:
    end = start + length
    there, away = covered(staff(*shifts), "on-call", start, end), gaps(staff(*shifts), "on-call", start, end)
    edges = sorted((*there, *away))
    assert edges[0][0] == start
    assert edges[-1][1] == end
    assert all(one[1] == other[0] for one, other in pairwise(edges))
    assert all(one < other for one, other in edges)


@given(SHIFTS, MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=20)))
def test_what_is_remembered_by_the_week_is_what_is_worked_out_anew(
    shifts: list[Shift], start: datetime, length: timedelta
) -> None:
    catalog = replace(CATALOG, staffing=staff(*shifts))
    anew = gaps(catalog.staffing, "on-call", start, start + length)
    assert missing(catalog, ["on-call"], start, start + length).get("on-call", ()) == anew


@given(SHIFTS, MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=5)))
def test_a_longer_look_finds_no_fewer_gaps(shifts: list[Shift], start: datetime, length: timedelta) -> None:
    short = gaps(staff(*shifts), "on-call", start, start + length)
    longer = gaps(staff(*shifts), "on-call", start - length, start + 2 * length)
    assert all(any(one <= begins and ends <= other for one, other in longer) for begins, ends in short)
