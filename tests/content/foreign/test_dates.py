"""Foreign dates: whole days in UTC, and in doubt longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.content.foreign.dates import dated, time_of_day, whole_month
from publisher.content.foreign.fields import Unusable
from tests.support.build import at


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2021-01-11", "2021-01-11", "2021-01-12"),
        (" 2020-02-29 ", "2020-02-29", "2020-03-01"),
        ("2021-01", "2021-01-01", "2021-02-01"),
        ("2021-12", "2021-12-01", "2022-01-01"),
        ("2021-01-10T18:39:00-08:00", "2021-01-11 02:39", "2021-01-11 02:39:01"),
        ("2021-01-11T02:39:07.123456Z", "2021-01-11 02:39:07", "2021-01-11 02:39:08"),
        ("2021-01-11 02:39z", "2021-01-11 02:39", "2021-01-11 02:39:01"),
    ],
)
def test_a_date_is_a_half_open_span(written: str, start: str, end: str) -> None:
    span = dated(written, "start")
    assert (span.start, span.end) == (at(start), at(end))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "has no `start`"),
        (20210111, "has no date in `start`"),
        (True, "has no date in `start`"),
        (["2021-01-11"], "has no date in `start`"),
        ("soon", "has no date in `start`"),
        ("11/01/2021", "has no date in `start`"),
        ("٢٠٢١-٠١-١١", "has no date in `start`"),
        ("2021-01-11T02:39:00", "has a time of day but no zone in `start`"),
        ("2021-01-11Z", "has no date in `start`"),
        ("2021-02-30", "has a day or hour that does not exist in `start`"),
        ("2021-13", "has a day or hour that does not exist in `start`"),
        ("2021-01-11T25:00:00Z", "has a day or hour that does not exist in `start`"),
        ("0001-01-01T00:00:00+14:00", "has an impossible year in `start`"),
        ("1970-01-01", "has an impossible year in `start`"),
        ("9999-12-31", "has an impossible year in `start`"),
        ("9999-12", "has an impossible year in `start`"),
    ],
)
def test_what_is_no_date_says_why(written: Any, reason: str) -> None:
    with pytest.raises(Unusable) as caught:
        dated(written, "start")
    assert caught.value.reason == reason


def test_the_months_around_a_span() -> None:
    span = whole_month(dated("2026-02-10", "start"))
    assert (span.start, span.end) == (at("2026-02-01"), at("2026-03-01"))
    last = whole_month(dated("2026-12-31", "start"))
    assert (last.start, last.end) == (at("2026-12-01"), at("2027-01-01"))


@pytest.mark.parametrize(
    ("written", "hours"), [("00:00", 0), ("23:30", 23.5), ("24:00", None), ("3:00", None), (3, None), (None, None)]
)
def test_a_time_of_day(written: Any, hours: float | None) -> None:
    assert time_of_day(written) == (None if hours is None else timedelta(hours=hours))
