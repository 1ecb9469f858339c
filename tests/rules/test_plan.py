"""What to do with a release whose date is in the way of an event (R11, R93)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from publisher.model.release import Release
from publisher.rules.plan import Kind, Option, Plan, plan
from tests.support import build
from tests.support.build import at

FEBRUARY = at("2026-02-01")
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00", impact=build.CALM)
SECOND = build.event("2026-03-30 10:00", "2026-03-30 22:00", id="second", impact=build.CALM)
THIRD = build.event("2026-03-21 10:00", "2026-03-21 22:00", id="third", impact=build.CALM)


def planned(moment: str | None, change_class: str = "feature", **fields: Any) -> Release:
    when = {} if moment is None else {"planned_for": f"{moment}T09:00:00Z"}
    return build.release("4.2.0", change_class, "desktop", **when | fields)


def advice(one: Release, *events: Any, now: datetime = FEBRUARY) -> Plan:
    return plan(build.catalog(events or [LISTING], [one]), one, "stable", now)


def option(found: Plan, kind: Kind) -> Option:
    return next(one for one in found.options if one.kind is kind)


@pytest.mark.parametrize(
    ("one", "now", "kind"),
    [
        (planned(None), "2026-02-01", Kind.SHIP_NOW),
        (planned("2026-01-05"), "2026-02-01", Kind.SHIP_NOW),  # overdue
        (planned("2026-02-20"), "2026-02-01", Kind.KEEP),
        (planned("2026-03-03"), "2026-02-01", Kind.KEEP),
        (planned("2026-03-09", necessity="essential"), "2026-02-01", Kind.MOVE_LEFT),
        (planned("2026-03-09", necessity="opportunistic"), "2026-02-01", Kind.MOVE_RIGHT),
        (planned("2026-03-09", necessity="essential"), "2026-03-05", Kind.MOVE_RIGHT),  # nothing open before it
        (planned(None, necessity="essential"), "2026-03-05", Kind.MOVE_RIGHT),
    ],
)
def test_r11_what_is_advised_first(one: Release, now: str, kind: Kind) -> None:
    assert advice(one, now=at(now)).options[0].kind is kind


def test_r93_what_can_wait_is_moved_left_where_it_would_have_to_wait_long() -> None:
    one = planned("2026-03-09", necessity="opportunistic")
    assert advice(one, LISTING, THIRD, SECOND).options[0].kind is Kind.MOVE_LEFT


def test_r93_nobody_is_told_to_hurry_into_a_few_hours() -> None:
    one = planned("2026-03-16", necessity="essential")
    found = advice(one, LISTING, THIRD, now=at("2026-03-05"))
    assert option(found, Kind.MOVE_LEFT).what.startswith("Ship between Friday 13 March 2026, 22:00 UTC")
    assert found.options[0].kind is Kind.MOVE_RIGHT


def test_r11_every_option_has_dates_a_reason_and_its_cost() -> None:
    found = advice(planned("2026-03-09", "dht", risk_of_delay=build.severity(2)))
    left, right = option(found, Kind.MOVE_LEFT), option(found, Kind.MOVE_RIGHT)
    assert left.what == "Ship between now and Monday 2 March 2026, 10:00 UTC."
    assert left.cost == "At least 6 days less to test than planned; 29 days are left from now."
    assert right.what == "Ship from Friday 13 March 2026, 22:00 UTC on."
    assert right.cost == "Users get it 4 days later. Risk of waiting, 2 of 5: A test says so."
    assert "documentation" in option(found, Kind.SPLIT).what
    assert all(one.why and one.cost for one in found.options)


def test_r93_a_date_that_users_were_told_is_part_of_the_cost() -> None:
    notes = build.release("4.2.0").notes.model_dump(mode="json", exclude_none=True)
    told = notes | {"action": "required", "required_by": "2026-03-12T00:00:00Z"}
    found = advice(planned("2026-03-09", notes=told))
    assert "told to be in place by Thursday 12 March 2026" in option(found, Kind.MOVE_RIGHT).cost


@pytest.mark.parametrize(
    ("change_class", "moment", "kinds"),
    [
        ("feature", "2026-03-05", {Kind.SPLIT, Kind.RE_SCOPE}),  # a change of looks waits three days before it
        ("feature", "2026-03-10", {Kind.SPLIT}),  # hard for all but documentation
        ("docs", "2026-03-10", set()),
        ("feature", "2026-03-12", {Kind.SPLIT, Kind.RE_SCOPE}),  # soft: a patch may ship
        ("patch", "2026-03-10", {Kind.SPLIT}),
    ],
)
def test_r93_a_release_is_split_or_made_smaller_only_into_what_may_ship_then(
    change_class: str, moment: str, kinds: set[Kind]
) -> None:
    found = advice(planned(moment, change_class))
    assert {one.kind for one in found.options} & {Kind.SPLIT, Kind.RE_SCOPE} == kinds


def test_what_no_date_mends_is_told_apart_and_dates_are_given_all_the_same() -> None:
    found = advice(planned("2026-03-09", "hotfix", risk_of_delay=None))
    assert [one.rule for one in found.mend] == ["urgency.hotfix"]
    assert found.options[0].kind in (Kind.MOVE_LEFT, Kind.MOVE_RIGHT)


def test_a_hidden_plan_of_a_migration_takes_its_maintenance_however_short_that_is() -> None:
    slot = build.maintenance("2026-03-20 09:00", product="desktop")
    one = planned("2026-03-20", "migration", kind="migration")
    catalog = build.catalog([LISTING], [one], maintenance=(slot,))
    catalog.products["desktop"] = build.product("desktop", usage=CALM_USERS)
    found = plan(catalog, one, "stable", at("2026-02-01"))
    assert found.options[0].kind is Kind.KEEP


CALM_USERS = [
    {"region": "Europe", "zone": "UTC", "share": 100, "weights": [100 if hour == 20 else 10 for hour in range(24)]}
]


def test_a_date_beyond_the_horizon_is_not_called_open_while_a_freeze_holds_then() -> None:
    far = build.event("2026-12-10 10:00", "2026-12-10 22:00", impact=build.CALM)
    found = advice(planned("2026-12-09"), far)
    assert not found.planned.go
    assert {one.kind for one in found.options} & {Kind.KEEP, Kind.SHIP_NOW} == set()


def test_what_has_to_be_mended_is_not_called_nothing() -> None:
    found = advice(planned("2026-02-20", "hotfix", risk_of_delay=None))
    keep = option(found, Kind.KEEP)
    assert "open once it is mended" in keep.what
    assert "Nothing" not in keep.why


def test_what_has_shipped_is_not_planned() -> None:
    assert advice(planned("2026-01-20", shipped_at="2026-01-21T00:00:00Z")).options == ()


def test_what_a_release_is_made_into_may_really_ship_then() -> None:
    """No patch is advised that its class alone would let through, where another rule stops it all the same."""
    assert Kind.RE_SCOPE in {each.kind for each in advice(planned("2026-03-12")).options}
    one = planned("2026-03-12")
    nobody_there = plan(build.catalog([LISTING], [one], staffing=None), one, "stable", FEBRUARY)
    assert Kind.RE_SCOPE not in {each.kind for each in nobody_there.options}


def test_r93_a_short_span_before_the_advised_one_is_told() -> None:
    found = advice(planned("2026-03-09", necessity="essential"), LISTING, THIRD, now=at("2026-03-05"))
    assert "Before that it is open for 12 hours only, from Friday 13 March" in option(found, Kind.MOVE_RIGHT).cost
