"""Nobody works many nights for maintenance, and who approves more says so (R63)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publisher.model.content.maintenance import Maintenance
from publisher.model.records.decision import Outcome
from tests.support import build
from tests.support.maintenance import EVENING, QUIET, catalog, moved, on_call, verdict


@pytest.mark.parametrize(
    ("start", "seconds", "nights"),
    [
        # Night in Lisbon is 23:00 to 06:00.
        ("2026-03-05 22:00", 0, 0),
        ("2026-03-05 22:00", 1, 1),
        ("2026-03-06 06:00", -1, 1),
        ("2026-03-06 06:00", 0, 0),
        # In summer an hour earlier by UTC.
        ("2026-04-02 21:00", 0, 0),
        ("2026-04-02 21:00", 1, 1),
        ("2026-04-03 05:00", 0, 0),
    ],
)
def test_r63_night_is_night_where_people_are(start: str, seconds: int, nights: int) -> None:
    one = build.maintenance(moved(start, seconds))
    expected = Outcome.NEEDS_APPROVAL if nights else Outcome.PASS
    assert verdict("night", one, catalog(one, staffing=on_call("Europe/Lisbon"), nights_per_week=0)).outcome is expected


def nightly(*days: str) -> list[Maintenance]:
    """Windows at one in the morning."""
    return [build.maintenance(f"{day} 01:00", id=f"night-{day}") for day in days]


@pytest.mark.parametrize(
    ("days", "allowed", "expected"),
    [
        (["2026-03-03"], 1, [Outcome.PASS]),
        (["2026-03-03", "2026-03-05"], 1, [Outcome.PASS, Outcome.NEEDS_APPROVAL]),
        (["2026-03-03", "2026-03-05"], 2, [Outcome.PASS, Outcome.PASS]),
        # The night to Monday belongs to the week before.
        (["2026-03-03", "2026-03-09", "2026-03-10"], 1, [Outcome.PASS, Outcome.NEEDS_APPROVAL, Outcome.PASS]),
    ],
)
def test_r63_one_person_works_so_many_nights_a_week(days: list[str], allowed: int, expected: list[Outcome]) -> None:
    every = nightly(*days)
    given = replace(catalog(*every, staffing=on_call("UTC"), nights_per_week=allowed), events=())
    assert [verdict("night", one, given).outcome for one in every] == expected


def test_r63_two_windows_in_one_night_are_one_night() -> None:
    first, second = build.maintenance("2026-03-03 01:00", id="one"), build.maintenance("2026-03-03 03:00", id="two")
    given = catalog(first, second, staffing=on_call("UTC"))
    assert verdict("night", second, given).outcome is Outcome.PASS


def test_r63_different_people_may_work_one_night_each() -> None:
    tuesday, thursday = nightly("2026-03-03", "2026-03-05")
    shifts = [
        build.shift(people=["Ana"], days=["mon", "tue"], hours="12:00-12:00"),
        build.shift(people=["Joe"], days=["wed", "thu"], hours="12:00-12:00"),
    ]
    given = catalog(tuesday, thursday, staffing=build.staffing(*shifts))
    assert verdict("night", thursday, given).outcome is Outcome.PASS


def test_r63_the_crew_counts_and_is_never_named() -> None:
    crewed = build.maintenance("2026-03-05 01:00", crew=["Mia"])
    day_for_ana = build.shift(zone="Asia/Singapore", people=["Ana"])
    night_for_mia = build.shift("support", "Europe/Lisbon", people=["Mia"])
    given = catalog(crewed, staffing=build.staffing(day_for_ana, night_for_mia), nights_per_week=0)
    said = verdict("night", crewed, given)
    assert said.outcome is Outcome.NEEDS_APPROVAL
    assert "Mia" not in said.model_dump_json()


def test_r63_a_crew_whose_clock_nobody_knows_is_unknown() -> None:
    one = build.maintenance(QUIET, crew=["Somebody else"])
    said = verdict("night", one)
    assert said.outcome is Outcome.UNKNOWN
    assert "Somebody" not in said.model_dump_json()


APPROVAL = {"by": "Zacharias", "at": "2026-03-01T09:00:00Z", "because": "The database moves only as a whole."}


@pytest.mark.parametrize(
    ("rule", "start", "fields", "outcome"),
    [
        ("length", QUIET, {"length": "4 h"}, Outcome.NEEDS_APPROVAL),
        ("length", QUIET, {"length": "4 h", "approval": APPROVAL}, Outcome.PASS_OVERRIDDEN),
        ("length", QUIET, {"length": "3 h", "approval": APPROVAL}, Outcome.PASS),
        ("night", "2026-03-05 01:00", {}, Outcome.NEEDS_APPROVAL),
        ("night", "2026-03-05 01:00", {"approval": APPROVAL}, Outcome.PASS_OVERRIDDEN),
        ("peak", "2026-03-05 20:00", {"approval": APPROVAL}, Outcome.BLOCKED),
        ("freeze", "2026-03-10 12:00", {"approval": APPROVAL}, Outcome.WAITING),
    ],
)
def test_r63_an_approval_helps_where_the_rules_leave_it_to_a_person_and_nowhere_else(
    rule: str, start: str, fields: dict[str, Any], outcome: Outcome
) -> None:
    one = build.maintenance(start, **fields)
    said = verdict(rule, one, catalog(one, staffing=on_call("UTC"), nights_per_week=0))
    assert said.outcome is outcome
    told = "It was approved on Sunday 1 March 2026, 09:00 UTC: The database moves only as a whole." in said.reason
    assert told == (outcome is Outcome.PASS_OVERRIDDEN)
    assert "Zacharias" not in said.model_dump_json()


def test_the_reason_of_an_approval_is_told_only_where_the_maintenance_is_public() -> None:
    hidden: dict[str, Any] = {
        "visibility": "internal",
        "public_title": "Reserved",
        "approval": APPROVAL,
    }
    said = verdict("length", build.maintenance(EVENING, "4 h", **hidden))
    assert said.public_reason is not None
    assert "database" not in said.public_reason
