"""Foreign events: what each oddity of real history becomes, and that nothing is left out in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.foreign.events import ImportedEvents, import_events
from publisher.model.content.event import Event
from publisher.model.history.past import Remark
from publisher.rules.english import day
from tests.support.build import at
from tests.support.examples import examples
from tests.support.history import ANYTHING, event, mapping

MAPPING = mapping().events


def read(*rows: Any) -> ImportedEvents:
    return import_events(rows, MAPPING)


def one(row: dict[str, Any]) -> tuple[Event, list[str]]:
    """The event of a row, and what was said about it."""
    found = read(row)
    assert len(found.events) == 1, found.remarks
    assert not any(remark.left_out for remark in found.remarks)
    return found.events[0].event, [remark.reason for remark in found.remarks]


def left_out(row: Any) -> Remark:
    """Why a row counts for nothing."""
    found = read(row)
    assert found.events == ()
    assert len(found.remarks) == 1
    assert found.remarks[0].left_out
    return found.remarks[0]


def test_a_plain_row_needs_no_remark() -> None:
    found, said = one(event("2021-06-15", title="Upgrade to Kant"))
    assert said == []
    assert (found.id, found.title, found.type) == ("upgrade-2021-06-15", "Upgrade to Kant", "mainnet-upgrade")
    assert (found.severity.score, found.lead_time.score, found.impact.compatibility_risk) == (4, 5, 2)
    assert found.confidence == "confirmed"


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({}, "2021-06-15", "2021-06-16"),
        ({"end": "2021-06-17"}, "2021-06-15", "2021-06-18"),
        ({"end": None}, "2021-06-15", "2021-06-16"),
        ({"precision": "minute", "time_utc": "14:30"}, "2021-06-15 14:30", "2021-06-16"),
        ({"precision": "day", "time_utc": "14:30"}, "2021-06-15", "2021-06-16"),
        ({"precision": "minute", "time_utc": None}, "2021-06-15", "2021-06-16"),
        ({"precision": None}, "2021-06-15", "2021-06-16"),
        ({"start": "2021-06-15T23:00:00+02:00", "end": None}, "2021-06-15 21:00", "2021-06-16"),
        ({"start": "2021-06-15T21:00:00Z", "end": "2021-06-15T22:00:00Z"}, "2021-06-15 21:00", "2021-06-15 22:00:01"),
    ],
)
def test_dates_without_a_time_are_whole_days_in_utc(fields: dict[str, Any], start: str, end: str) -> None:
    found, said = one(event("2021-06-15") | fields)
    assert (found.starts, found.ends) == (at(start), at(end))
    assert said == []


def test_of_a_month_the_whole_month_counts() -> None:
    found, said = one(event("2026-02-10", "2026-02-12", precision="month"))
    assert (found.starts, found.ends) == (at("2026-02-01"), at("2026-03-01"))
    assert said == [
        "is dated by month only; the whole month counts",
        "lasts for more than two weeks; the whole time counts",
    ]


def test_a_range_of_a_month_counts_and_is_reported() -> None:
    found, said = one(event("2025-04-29", "2025-05-31", precision="range"))
    assert (found.starts, found.ends) == (at("2025-04-29"), at("2025-06-01"))
    assert said == ["lasts for more than two weeks; the whole time counts"]


def test_a_year_that_was_mistyped_is_worth_a_second_look() -> None:
    _, said = one(event("2021-06-15", "2022-06-15"))
    assert "may belong to another year" in said


def test_an_unknown_precision_is_told_and_whole_days_count() -> None:
    found, said = one(event("2021-06-15", precision="hour", time_utc="14:30"))
    assert found.starts == at("2021-06-15")
    assert said == ["has a precision that the mapping does not list; whole days count"]


def conflict(field: str, other: Any) -> dict[str, Any]:
    return {"conflicts": [{"field": field, "other": other, "ref": "somebody else"}]}


@pytest.mark.parametrize(
    ("fields", "start", "end", "reason"),
    [
        (conflict("start", "2021-06-14"), "2021-06-14", "2021-06-16", "has sources that disagree by days"),
        (conflict("start", "2021-06-17"), "2021-06-15", "2021-06-18", "has sources that disagree by days"),
        (conflict("end", "2021-06-24"), "2021-06-15", "2021-06-25", "has sources that disagree by days"),
        # From ten days on it is a slip of the month: the source of 2022-12-01 meant 2022-01-12.
        (conflict("end", "2021-06-25"), "2021-06-15", "2021-06-26", "has sources that disagree by days"),
        (conflict("end", "2021-06-26"), "2021-06-15", "2021-06-16", "has a source with very different dates"),
        (conflict("start", "2021-06-05"), "2021-06-05", "2021-06-16", "has sources that disagree by days"),
        (conflict("start", "2021-06-04"), "2021-06-15", "2021-06-16", "has a source with very different dates"),
        (conflict("start", "perhaps"), "2021-06-15", "2021-06-16", "has a source whose date cannot be read"),
        (
            {"precision": "minute", "time_utc": "14:30"} | conflict("time_utc", "02:30"),
            "2021-06-15",
            "2021-06-16",
            "has sources that disagree on the hour",
        ),
        ({"conflicts": ["2021-06-14"]}, "2021-06-15", "2021-06-16", "has a conflict that cannot be read"),
    ],
)
def test_sources_that_disagree_are_all_believed_when_they_are_near(
    fields: dict[str, Any], start: str, end: str, reason: str
) -> None:
    found, said = one(event("2021-06-15") | fields)
    assert (found.starts, found.ends) == (at(start), at(end))
    assert len(said) == 1
    assert said[0].startswith(reason)


def test_a_conflict_about_something_else_changes_nothing() -> None:
    assert one(event("2021-06-15", **conflict("location", "Hong Kong")))[1] == []


def test_nobody_knew_of_an_event_before_it_was_announced() -> None:
    found, said = one(event("2021-06-15", announced="2021-06-10"))
    assert said == []
    assert [(known.until, known.status) for known in found.revisions] == [(at("2021-06-10"), "cancelled")]


@pytest.mark.parametrize("announced", ["2021-06-15", "2021-06-20"])
def test_a_retroactive_notice_is_reported(announced: str) -> None:
    found, said = one(event("2021-06-15", announced=announced))
    assert said == ["was not announced before the day it began"]
    assert found.revisions[0].until == at(announced)


@pytest.mark.parametrize("announced", [None, "", "soon", 2021])
def test_without_a_day_of_announcement_it_counts_as_known_and_that_is_said(announced: Any) -> None:
    found, said = one(event("2021-06-15", announced=announced))
    assert found.revisions == ()
    assert said == ["has no date of announcement, and counts as known in time"]


@pytest.mark.parametrize("score", [None, 0, 6, 3.0, True, "4", [4], 10**30])
def test_missing_scores_are_told_and_the_engines_own_rule_applies(score: Any) -> None:
    found, said = one(event("2021-06-15", severity=score, lead_time=score))
    assert (found.severity.score, found.lead_time.score, found.scored) == (5, 1, False)
    assert said == [
        "has no severity from 1 to 5, and counts as 5",
        "has no lead time from 1 to 5, and counts as 1",
    ]


def test_unmapped_types_are_counted_and_open_no_freeze() -> None:
    rows = [
        event("2021-06-15", type=kind)
        for kind in ("governance", "theft", "governance", "mainnet-upgrade", "governance")
    ]
    found = read(*rows)
    assert found.unmapped == {"governance": 3, "theft": 1}
    assert len(found.events) == 1
    assert [remark.row for remark in found.remarks if remark.left_out] == [1, 2, 3, 5]


def test_releases_of_a_project_are_no_events() -> None:
    remark = left_out(event("2021-06-15", type="node-release"))
    assert remark.reason == "is a release, not an event"
    assert read(event("2021-06-15", type="node-release")).unmapped == {}


def test_an_upgrade_that_is_a_release_of_a_product_is_an_event_to_the_others() -> None:
    found = read(event("2021-01-11", ecosystem="btfs"))
    assert found.events[0].own_of == ("go-btfs",)
    assert read(event("2021-01-11")).events[0].own_of == ()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("proposed", "did not take place, according to the file"),
        ("denied", "has a status that the mapping does not list"),
        (None, "has no `status`"),
        (["happened"], "has no text as `status`"),
    ],
)
def test_what_did_not_take_place_is_left_out(status: Any, reason: str) -> None:
    assert left_out(event("2021-06-15", status=status)).reason == reason


def test_what_was_only_projected_counts_as_rumoured() -> None:
    found, said = one(event("2026-06-25", status="projected"))
    assert found.confidence == "rumoured"
    assert said == ["may not have taken place, and counts as rumoured"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "is not an object with fields"),
        ([], "is not an object with fields"),
        ("2021-06-15", "is not an object with fields"),
        ({}, "has no `type`"),
        (event("2021-06-15", type=7), "has no text as `type`"),
        (event("2021-06-15") | {"start": None}, "has no `start`"),
        (event("2021-06-15", "2021-06-14"), "ends before it starts"),
        (event("2021-06-15", "in a while"), "has no date in `end`"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_the_others_count(row: Any, reason: str) -> None:
    assert left_out(row).reason == reason
    found = read(row, event("2021-06-15"))
    assert len(found.events) == 1
    assert [(remark.row, remark.file) for remark in found.remarks] == [(1, "events")]


@pytest.mark.parametrize(
    ("fields", "name", "title"),
    [
        ({"id": None}, "row-1", "A network upgrade"),
        ({"id": 7, "title": None}, "row-1", "row 1"),
        ({"id": "Kant Upgrade!", "title": ""}, "kant-upgrade", "Kant Upgrade!"),
        ({"id": "升级", "title": ["x"]}, "row-1", "升级"),
        ({"title": "a\u202eb\x1b[31mc\ud800d\ne"}, "upgrade-2021-06-15", "a b [31mc d e"),
        ({"title": "x" * 5000, "id": "y" * 5000}, "y" * 64, "x" * 200),
    ],
)
def test_names_become_safe_to_show(fields: dict[str, Any], name: str, title: str) -> None:
    found, _ = one(event("2021-06-15") | fields)
    assert (found.id, found.title) == (name, title)


def test_an_id_that_stands_twice_is_told_and_both_count() -> None:
    found = read(event("2021-06-15", id="kant"), event("2021-06-20", id="kant"))
    assert [day(past.event.starts) for past in found.events] == ["15 June 2021", "20 June 2021"]
    assert [(remark.row, remark.reason) for remark in found.remarks] == [
        (2, "has an id that was used before; both count")
    ]


@examples(400)
@given(st.dictionaries(st.sampled_from([*event("2021-06-15"), "conflicts"]), ANYTHING))
def test_whatever_stands_in_a_row_it_is_used_or_told(fields: dict[str, Any]) -> None:
    found = read(event("2021-06-15") | fields)
    assert len(found.events) + sum(remark.left_out for remark in found.remarks) == 1
    for remark in found.remarks:
        assert (remark.id + remark.reason + remark.detail).isprintable()
