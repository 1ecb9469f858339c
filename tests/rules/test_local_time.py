"""The clock on the wall in UTC, on ordinary days and on those when clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.timespan import Span
from publisher.rules.staffing.local_time import days, hours, local, wall
from tests.support.build import at

ZONES = ("UTC", "Europe/Lisbon", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


@pytest.mark.parametrize(
    ("day", "clock", "zone", "moment"),
    [
        ("2026-03-10", "09:00", "UTC", "2026-03-10 09:00"),
        ("2026-03-10", "09:00", "Asia/Singapore", "2026-03-10 01:00"),
        ("2026-03-10", "24:00", "Asia/Kathmandu", "2026-03-10 18:15"),
        ("2028-02-29", "24:00", "UTC", "2028-03-01 00:00"),
        # Clocks go forward at 01:00 in Lisbon: 01:30 does not exist, and the first moment after it is 02:00.
        ("2026-03-29", "00:59", "Europe/Lisbon", "2026-03-29 00:59"),
        ("2026-03-29", "01:00", "Europe/Lisbon", "2026-03-29 01:00"),
        ("2026-03-29", "01:30", "Europe/Lisbon", "2026-03-29 01:00"),
        ("2026-03-29", "02:00", "Europe/Lisbon", "2026-03-29 01:00"),
        ("2026-03-29", "02:01", "Europe/Lisbon", "2026-03-29 01:01"),
        ("2026-03-08", "02:30", "America/New_York", "2026-03-08 07:00"),
        # By half an hour only.
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03 15:30"),
        # Clocks go back at 02:00 in Lisbon: 01:30 comes twice, and the first one counts.
        ("2026-10-25", "01:30", "Europe/Lisbon", "2026-10-25 00:30"),
        ("2026-10-25", "02:00", "Europe/Lisbon", "2026-10-25 02:00"),
        # Samoa went without 30 December 2011.
        ("2011-12-30", "09:00", "Pacific/Apia", "2011-12-30 10:00"),
    ],
)
def test_the_clock_on_the_wall_in_utc(day: str, clock: str, zone: str, moment: str) -> None:
    assert wall(date.fromisoformat(day), clock, zone) == at(moment)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("08:00", "20:00", ("2026-03-10 08:00", "2026-03-10 20:00")),
        ("20:00", "08:00", ("2026-03-10 20:00", "2026-03-11 08:00")),
        ("08:00", "08:00", ("2026-03-10 08:00", "2026-03-11 08:00")),
        ("00:00", "24:00", ("2026-03-10 00:00", "2026-03-11 00:00")),
        ("20:00", "00:00", ("2026-03-10 20:00", "2026-03-11 00:00")),
    ],
)
def test_hours_that_end_at_or_before_their_start_end_on_the_next_day(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    assert hours(date(2026, 3, 10), start, end, "UTC") == (at(expected[0]), at(expected[1]))


def test_a_day_has_as_many_hours_as_its_clocks_say() -> None:
    lengths = [
        end - start
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
        for start, end in [hours(day, "00:00", "24:00", "Europe/Lisbon")]
    ]
    assert lengths == [timedelta(hours=24), timedelta(hours=23), timedelta(hours=25)]


@given(
    st.sampled_from(ZONES),
    st.dates(date(2000, 1, 5), date(2100, 1, 1)),
    st.integers(0, 24 * 60).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}"),
)
def test_a_wall_clock_shows_what_was_asked_for_or_has_just_skipped_it(zone: str, day: date, clock: str) -> None:
    moment = wall(day, clock, zone)
    asked = datetime.combine(day, datetime.min.time()) + timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))
    showing = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    before = (moment - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert showing == asked or before < asked < showing


@given(
    st.sampled_from(ZONES),
    st.integers(0, 100 * 365 * 24 * 60).map(lambda minutes: at("2000-01-05") + timedelta(minutes=minutes)),
    st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_no_day_is_missed_whose_hours_may_overlap(zone: str, start: datetime, length: timedelta) -> None:
    found = days(start, start + length, zone)
    assert hours(found[0], "23:59", "23:59", zone)[1] <= start
    assert hours(found[-1], "00:00", "24:00", zone)[0] >= start + length


def test_a_span_is_told_by_the_clocks_of_its_zone() -> None:
    summer = Span(at("2026-07-07 08:00"), at("2026-07-07 09:30"))
    assert local(summer, "Europe/Lisbon") == "Tuesday, 09:00 to 10:30, Europe/Lisbon"
    winter = Span(at("2026-12-01 08:00"), at("2026-12-01 09:30"))
    assert local(winter, "Europe/Lisbon") == "Tuesday, 08:00 to 09:30, Europe/Lisbon"
    assert local(winter, "Pacific/Kiritimati") == "Tuesday, 22:00 to 23:30, Pacific/Kiritimati"


def test_a_span_in_the_hour_that_clocks_show_twice_is_told_with_its_offsets() -> None:
    whole = Span(at("2026-10-25 00:30"), at("2026-10-25 01:30"))
    assert local(whole, "Europe/Lisbon") == "Sunday, 01:30 (UTC+01:00) to 01:30 (UTC+00:00), Europe/Lisbon"
    second = Span(at("2026-10-25 01:10"), at("2026-10-25 01:40"))
    assert local(second, "Europe/Lisbon") == "Sunday, 01:10 (UTC+00:00) to 01:40 (UTC+00:00), Europe/Lisbon"
    spring = Span(at("2026-03-29 00:30"), at("2026-03-29 01:30"))
    assert local(spring, "Europe/Lisbon") == "Sunday, 00:30 (UTC+00:00) to 02:30 (UTC+01:00), Europe/Lisbon"
    assert local(Span(at("2026-10-25 02:30"), at("2026-10-25 03:30")), "Europe/Lisbon").startswith(
        "Sunday, 02:30 to 03:30"
    )
