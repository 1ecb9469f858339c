"""What servers say of themselves: read as RFC 9110 writes it, and nothing made of the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher.client.network.http_fields import continues, retry_after, server_time

EIGHT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
FORMS = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
NO_DATES = ["", "soon", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun Nov  6 08:49:37 99999", "0", "x" * 10_000]


def test_retry_after_in_seconds() -> None:
    assert retry_after({"Retry-After": "120"}) == timedelta(seconds=120)
    assert retry_after({"Retry-After": " 0 "}) == timedelta(0)


@pytest.mark.parametrize("text", FORMS)
def test_retry_after_as_a_date_in_each_of_its_forms(text: str) -> None:
    assert retry_after({"Retry-After": text}) == EIGHT


def test_a_date_counts_from_the_server_s_own_clock() -> None:
    fields = {"Retry-After": FORMS[0], "Date": "Sun, 06 Nov 1994 08:48:37 GMT"}
    assert retry_after(fields) == timedelta(seconds=60)


@pytest.mark.parametrize("text", [*NO_DATES[:4], "-1", "1.5", "٣", "9" * 10, "9" * 5000, "120, 60"])
def test_retry_after_that_makes_no_sense_is_none(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None


def test_no_moment_is_too_far_to_be_counted() -> None:
    fields = {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    after = retry_after(fields)
    assert isinstance(after, timedelta)
    assert datetime(2999, 1, 1, tzinfo=UTC) + after


@pytest.mark.parametrize("text", FORMS)
def test_the_clock_of_a_server(text: str) -> None:
    assert server_time({"Date": text}) == EIGHT
    assert server_time({"Date": text, "Age": "3600"}) == EIGHT + timedelta(hours=1)
    assert server_time({"Date": text, "Age": "old"}) == EIGHT


@pytest.mark.parametrize("text", NO_DATES)
def test_a_clock_that_cannot_be_read_is_none(text: str) -> None:
    assert server_time({"Date": text, "Age": "1"}) is None


def test_a_clock_beyond_all_years_is_none() -> None:
    assert server_time({"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "999999999"}) is None


@pytest.mark.parametrize("text", ["bytes 5-10/11", "bytes 5-10/*", "BYTES 5-10/11", "bytes 5-7/11"])
def test_a_range_that_continues(text: str) -> None:
    assert continues({"Content-Range": text}, 5, 11)


@pytest.mark.parametrize(
    "text",
    [
        "", "bytes 0-10/11", "bytes 6-10/11", "bytes 5-10/12", "bytes 5-11/11", "bytes 5-4/11", "bytes 5-10",
        "bytes */11", "bytes=5-10/11", "items 5-10/11", "bytes 5-10/11, 5-10/11", "bytes ５-10/11",
    ],
)  # fmt: skip
def test_a_range_that_does_not(text: str) -> None:
    assert not continues({"Content-Range": text}, 5, 11)
