"""What to do with a release whose date is in the way of an event (R11, R93)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.model.content.release import Release
from publisher.rules.calendar.advice import AdviceKind, Option, Plan, plan
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


def option(advised: Plan, kind: AdviceKind) -> Option:
    return next(option for option in advised.options if option.kind is kind)


@pytest.mark.parametrize(
    ("release", "now", "kind"),
    [
        (planned(None), "2026-02-01", AdviceKind.SHIP_NOW),
        (planned("2026-01-05"), "2026-02-01", AdviceKind.SHIP_NOW),  # overdue
        (planned("2026-02-20"), "2026-02-01", AdviceKind.KEEP),
        (planned("2026-03-03"), "2026-02-01", AdviceKind.KEEP),
        (planned("2026-03-09", necessity="essential"), "2026-02-01", AdviceKind.MOVE_LEFT),
        (planned("2026-03-09", necessity="opportunistic"), "2026-02-01", AdviceKind.MOVE_RIGHT),
        (planned("2026-03-09", necessity="essential"), "2026-03-05", AdviceKind.MOVE_RIGHT),  # nothing open before it
        (planned(None, necessity="essential"), "2026-03-05", AdviceKind.MOVE_RIGHT),
    ],
)
def test_r11_what_is_advised_first(release: Release, now: str, kind: AdviceKind) -> None:
    assert advice(release, now=at(now)).options[0].kind is kind


def test_r93_what_can_wait_is_moved_left_where_it_would_have_to_wait_long() -> None:
    one = planned("2026-03-09", necessity="opportunistic")
    assert advice(one, LISTING, THIRD, SECOND).options[0].kind is AdviceKind.MOVE_LEFT


def test_r93_nobody_is_told_to_hurry_into_a_few_hours() -> None:
    one = planned("2026-03-16", necessity="essential")
    found = advice(one, LISTING, THIRD, now=at("2026-03-05"))
    assert option(found, AdviceKind.MOVE_LEFT).what.startswith("Ship between Friday 13 March 2026, 22:00 UTC")
    assert found.options[0].kind is AdviceKind.MOVE_RIGHT


def test_r11_every_option_has_dates_a_reason_and_its_cost() -> None:
    found = advice(planned("2026-03-09", "dht", risk_of_delay=build.severity(2)))
    left, right = option(found, AdviceKind.MOVE_LEFT), option(found, AdviceKind.MOVE_RIGHT)
    assert left.what == "Ship between now and Monday 2 March 2026, 10:00 UTC."
    assert left.cost == "At least 6 days less testing than planned; 29 days left from now."
    assert right.what == "Ship from Friday 13 March 2026, 22:00 UTC on."
    assert right.cost == "Users get it 4 days later. Risk of waiting, 2 of 5: A test says so."
    assert "documentation" in option(found, AdviceKind.SPLIT).what
    assert all(one.why and one.cost for one in found.options)


def required_by(moment: str) -> dict[str, Any]:
    """Notes that say by when users must run the release."""
    notes = build.release("4.2.0").notes.model_dump(mode="json", exclude_none=True)
    return {"notes": notes | {"action": "required", "required_by": f"{moment}:00Z"}}


def test_r93_a_date_after_users_must_have_acted_is_not_advised_and_is_said_to_be_too_late() -> None:
    found = advice(planned("2026-03-09", **required_by("2026-03-12T00:00")))
    assert [option.kind for option in found.options] == [AdviceKind.MOVE_LEFT]
    assert found.too_late == (
        "Users must run it by Thursday 12 March 2026, 00:00 UTC, so Friday 13 March 2026, 22:00 UTC is too late."
    )


def test_r93_a_planned_date_after_users_must_have_acted_is_too_late_even_if_it_is_open() -> None:
    found = advice(planned("2026-02-20", **required_by("2026-02-10T00:00")))
    assert [option.kind for option in found.options] == [AdviceKind.MOVE_LEFT]
    assert option(found, AdviceKind.MOVE_LEFT).what == "Ship between now and Tuesday 10 February 2026, 00:00 UTC."
    assert option(found, AdviceKind.MOVE_LEFT).why == "Users must run it by then."
    assert found.too_late.endswith("so Friday 20 February 2026, 09:00 UTC is too late.")


@pytest.mark.parametrize(
    ("now", "late"),
    [
        ("2026-03-12", "Users had to run it by Thursday 12 March 2026, 00:00 UTC, which has passed."),
        ("2026-06-12", "Users had to run it by Thursday 12 March 2026, 00:00 UTC, which has passed."),
    ],
)
def test_r93_where_no_date_is_left_in_time_the_answer_is_whom_to_call(now: str, late: str) -> None:
    found = advice(planned("2026-03-09", **required_by("2026-03-12T00:00")), now=at(now))
    assert found.options == ()
    assert found.too_late.startswith(late)
    assert found.too_late.endswith(
        "Call Ana, who owns the calendar, to agree on an override or on another `required_by`."
    )


def test_r93_where_no_open_date_is_left_in_time_an_override_is_offered_with_who_must_sign_it() -> None:
    found = advice(planned("2026-03-09", **required_by("2026-03-12T00:00")), now=at("2026-03-05"))
    (only,) = found.options
    assert (only.kind, only.what) == (
        AdviceKind.OVERRIDE,
        "Ship between now and Tuesday 10 March 2026, 22:00 UTC, the earlier the better, by an override of freeze.hard.",
    )
    assert only.cost.startswith("Engineering, operations and executive sign it, and somebody reviews the rollback;")
    assert found.too_late == (
        "Users must run it by Thursday 12 March 2026, 00:00 UTC, so Friday 13 March 2026, 22:00 UTC is too late."
    )


@pytest.mark.parametrize("change_class", ["feature", "patch", "dht"])
@pytest.mark.parametrize("day", range(1, 30, 2))
def test_r93_no_advice_is_later_than_users_must_act(change_class: str, day: int) -> None:
    required = at("2026-03-01") + timedelta(days=day)
    one = planned("2026-03-12", change_class, **required_by(f"{required:%Y-%m-%dT%H:%M}"))
    found = advice(one, LISTING, THIRD, SECOND)
    for each in found.options:
        assert each.span is None or (each.span.start < required and each.span.end and each.span.end <= required)
        dates = re.findall(r"\d+ \w+ 2026, \d\d:\d\d", f"{each.what} {each.cost}")
        assert all(datetime.strptime(date, "%d %B %Y, %H:%M").replace(tzinfo=UTC) <= required for date in dates)
    assert found.options or found.too_late


@pytest.mark.parametrize(
    ("change_class", "moment", "kinds"),
    [
        (
            "feature",
            "2026-03-05",
            {AdviceKind.SPLIT, AdviceKind.RE_SCOPE},
        ),  # a change of looks waits three days before it
        ("feature", "2026-03-10", {AdviceKind.SPLIT}),  # hard for all but documentation
        ("docs", "2026-03-10", set()),
        ("feature", "2026-03-12", {AdviceKind.SPLIT, AdviceKind.RE_SCOPE}),  # soft: a patch may ship
        ("patch", "2026-03-10", {AdviceKind.SPLIT}),
    ],
)
def test_r93_a_release_is_split_or_made_smaller_only_into_what_may_ship_then(
    change_class: str, moment: str, kinds: set[AdviceKind]
) -> None:
    found = advice(planned(moment, change_class))
    assert {option.kind for option in found.options} & {AdviceKind.SPLIT, AdviceKind.RE_SCOPE} == kinds


def test_what_no_date_mends_is_told_apart_and_dates_are_given_all_the_same() -> None:
    found = advice(planned("2026-03-09", "hotfix", risk_of_delay=None))
    assert [one.rule for one in found.mend] == ["urgency.hotfix"]
    assert found.options[0].kind in (AdviceKind.MOVE_LEFT, AdviceKind.MOVE_RIGHT)


def test_a_hidden_plan_of_a_migration_takes_its_maintenance_however_short_that_is() -> None:
    slot = build.maintenance("2026-03-20 09:00", product="desktop")
    one = planned("2026-03-20", "migration", kind="migration")
    catalog = build.catalog([LISTING], [one], maintenance=(slot,))
    catalog.products["desktop"] = build.product("desktop", usage=CALM_USERS)
    found = plan(catalog, one, "stable", at("2026-02-01"))
    assert found.options[0].kind is AdviceKind.KEEP


CALM_USERS = [
    {"region": "Europe", "zone": "UTC", "share": 100, "weights": [100 if hour == 20 else 10 for hour in range(24)]}
]


def test_a_date_beyond_the_horizon_is_not_called_open_while_a_freeze_holds_then() -> None:
    far = build.event("2026-12-10 10:00", "2026-12-10 22:00", impact=build.CALM)
    found = advice(planned("2026-12-09"), far)
    assert not found.planned.go
    assert {option.kind for option in found.options} & {AdviceKind.KEEP, AdviceKind.SHIP_NOW} == set()


def test_what_has_to_be_mended_is_not_called_nothing() -> None:
    found = advice(planned("2026-02-20", "hotfix", risk_of_delay=None))
    keep = option(found, AdviceKind.KEEP)
    assert "open once it is fixed" in keep.what
    assert keep.why == "Nothing else blocks this date."


def test_what_has_shipped_is_not_planned() -> None:
    assert advice(planned("2026-01-20", shipped_at="2026-01-21T00:00:00Z")).options == ()


def test_what_a_release_is_made_into_may_really_ship_then() -> None:
    """No patch is advised that its class alone would let through, where another rule stops it all the same."""
    assert AdviceKind.RE_SCOPE in {each.kind for each in advice(planned("2026-03-12")).options}
    one = planned("2026-03-12")
    nobody_there = plan(build.catalog([LISTING], [one], staffing=None), one, "stable", FEBRUARY)
    assert AdviceKind.RE_SCOPE not in {each.kind for each in nobody_there.options}


def test_r93_a_short_span_before_the_advised_one_is_told() -> None:
    found = advice(planned("2026-03-09", necessity="essential"), LISTING, THIRD, now=at("2026-03-05"))
    assert "An earlier gap lasts only 12 hours, from Friday 13 March" in option(found, AdviceKind.MOVE_RIGHT).cost
