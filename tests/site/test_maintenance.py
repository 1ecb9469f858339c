"""Planned maintenance on the calendar: by the clocks of its slot and in UTC, with what goes on meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from tests.site.factory import NOW, at, catalog, event, maintenance, page, product, release
from tests.site.htmltext import from_markdown

CALM = [{"region": "All", "zone": "UTC", "share": 100, "weights": [100] + [9] * 23}]
TUESDAYS = {"zone": "Europe/Lisbon", "day": "tue", "start": "09:00"}


def given(*planned: Maintenance, events: tuple[Event, ...] = (), **values: Any) -> Catalog:
    """A catalog in which everybody is there and users are away, but at midnight."""
    return catalog(maintenance=planned, events=events, products=(product(usage=CALM),), **values)


def calendar(whole: Catalog, days: float = 0) -> str:
    """The calendar page as people read it."""
    return " ".join(from_markdown(page(whole, "calendar.md", now=NOW + timedelta(days=days))).text.split())


def test_r63_a_weekly_slot_is_published_by_its_clock_and_in_utc() -> None:
    said = calendar(given(maintenance(repeats=TUESDAYS, starts=at(0))))
    assert "Planned maintenance" in said
    assert "Every Tuesday, 09:00 to 10:00, Europe/Lisbon." in said
    assert "Next: Tuesday 24 November 2026, 09:00 to 10:00 UTC." in said


@pytest.mark.parametrize(("weeks", "every"), [(1, "Every"), (2, "Every second"), (4, "Every fourth")])
def test_r63_how_often_it_repeats_is_told(weeks: int, every: str) -> None:
    slot = {**TUESDAYS, "every_weeks": weeks}
    assert f"{every} Tuesday, 09:00" in calendar(given(maintenance(repeats=slot, starts=at(0))))


def test_r60_the_hour_stays_that_of_the_slot_when_clocks_change() -> None:
    said = calendar(given(maintenance(repeats=TUESDAYS, starts=at(0))), days=130)
    assert "Every Tuesday, 09:00 to 10:00, Europe/Lisbon." in said
    assert "08:00 to 09:00 UTC." in said


@pytest.mark.parametrize(
    ("impact", "words"),
    [
        ({"control": "none", "data": "none"}, "Seeding and storage continue."),
        ({"control": "degraded", "data": "none"}, "may be slow. Seeding and storage continue."),
        ({"control": "down", "data": "degraded"}, "may be unavailable. Seeding and storage may be slow."),
        ({"control": "down", "data": "down"}, "may be unavailable. Seeding and storage pause."),
    ],
)
def test_r65_what_goes_on_is_told(impact: dict[str, str], words: str) -> None:
    said = calendar(given(maintenance(impact=impact)))
    assert words in said
    assert ("continue" in said) == (impact["data"] == "none")


def test_r61_a_window_that_may_not_take_place_is_not_announced() -> None:
    listing = event(starts=at(4), ends=at(4.5))
    weekly = maintenance(repeats={**TUESDAYS, "zone": "UTC", "start": "13:00"}, starts=at(0))
    said = calendar(given(weekly, events=(listing,)))
    assert "Next: Tuesday 1 December 2026, 13:00 to 14:00 UTC." in said
    once = calendar(given(maintenance(starts=at(4.1)), events=(listing,)))
    assert "No date in the next 90 days is settled." in once


def test_r62_a_gap_in_the_staffing_is_not_told() -> None:
    said = calendar(given(maintenance(), people=()))
    assert "No date in the next 90 days is settled." in said
    assert "staffing" not in said
    assert "missing" not in said


def test_a_window_that_holds_is_under_way_and_one_that_is_over_is_gone() -> None:
    once = given(maintenance())
    assert "Next: Saturday 5 December 2026, 12:00 to 13:00 UTC." in calendar(once)
    assert "Under way: Saturday 5 December 2026, 12:00 to 13:00 UTC." in calendar(once, days=15)
    assert "Planned maintenance" not in calendar(once, days=15 + 1 / 24)
    assert "Planned maintenance" not in calendar(given())


def test_nothing_but_neutral_words_and_a_time_is_told_of_a_window_that_is_not_public() -> None:
    hidden = maintenance(repeats=TUESDAYS, starts=at(0), visibility="internal", title="Secret move")
    said = calendar(given(hidden, releases=(release(),)))
    assert "Reserved period" in said
    assert "Next: Tuesday 24 November 2026, 09:00 to 10:00 UTC." in said
    for word in ("Secret", "Lisbon", "continue", "Every Tuesday"):
        assert word not in said
