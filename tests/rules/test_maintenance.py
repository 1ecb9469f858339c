"""What is said of a window of maintenance, at the second before, at, and after each boundary (R60-R63, R65)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from publisher.model.catalog import Catalog
from publisher.model.config.staffing import Shift, Staffing
from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import worst
from publisher.rules.maintenance.judge import judge
from tests.support import build
from tests.support.build import at
from tests.support.maintenance import (
    CONFERENCE,
    EVENING,
    QUIET,
    SECOND,
    around_the_clock,
    catalog,
    moved,
    on_call,
    verdict,
)


def test_a_short_quiet_window_with_people_may_take_place_and_every_rule_says_so() -> None:
    one = build.maintenance(QUIET)
    every = judge(catalog(one), one, one.starts)
    assert [found.rule for found in every] == [
        "maintenance.peak",
        "maintenance.freeze",
        "maintenance.eve",
        "maintenance.coverage",
        "maintenance.length",
        "maintenance.night",
    ]
    assert worst(every) is Outcome.PASS
    assert {found.outcome for found in every} == {Outcome.PASS}


# R60: hours that users need


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-05 18:59:59", Outcome.PASS),
        ("2026-03-05 19:00:00", Outcome.PASS),
        ("2026-03-05 19:00:01", Outcome.BLOCKED),
        ("2026-03-05 20:59:59", Outcome.BLOCKED),
        ("2026-03-05 21:00:00", Outcome.PASS),
        # Summer time: the same hour in Lisbon is an hour earlier in UTC.
        ("2026-04-02 18:00:00", Outcome.PASS),
        ("2026-04-02 18:00:01", Outcome.BLOCKED),
    ],
)
def test_r60_no_maintenance_while_many_users_are_there(start: str, expected: Outcome) -> None:
    assert verdict("peak", build.maintenance(start)).outcome is expected


@pytest.mark.parametrize(("percent", "expected"), [(9, "blocked"), (10, "blocked"), (11, "pass")])
def test_r60_peak_begins_at_the_share_that_the_policy_names(percent: int, expected: str) -> None:
    one = build.maintenance(QUIET)
    assert verdict("peak", one, catalog(one, busy_percent=percent)).outcome == expected


def test_r60_a_busy_hour_may_be_justified() -> None:
    because = "The partner's engineers are there at this hour only."
    said = verdict("peak", build.maintenance("2026-03-05 20:00", peak_because=because))
    assert said.outcome is Outcome.PASS
    assert said.reason.endswith(because)
    assert said.public_reason is None
    hidden = verdict("peak", build.maintenance("2026-03-05 20:00", peak_because=because, visibility="internal"))
    assert because not in str(hidden.public_reason)


def test_r60_without_a_profile_of_users_nobody_knows() -> None:
    said = verdict("peak", build.maintenance(QUIET, product="desktop"))
    assert said.outcome is Outcome.UNKNOWN
    assert said.fix == "Add `usage` to the product in products.yaml."


# R61: the eve of an event


def test_r61_no_maintenance_on_the_eve_of_an_event_without_people_around_the_clock() -> None:
    one = build.maintenance(EVENING)
    office = build.staffing(build.shift("support", "Europe/Lisbon", "08:00-20:00"))
    said = verdict("eve", one, catalog(one, staffing=office))
    assert said.outcome is Outcome.WAITING
    assert said.until == CONFERENCE.ends
    assert said.sources == (CONFERENCE.id,)
    assert said.reason == (
        f'It is on the eve of "{CONFERENCE.title}", which needs staff around the clock.'
        " Support is not staffed from Monday 9 March 2026, 20:00 UTC to Tuesday 10 March 2026, 08:00 UTC."
    )
    assert "missing" not in str(said.public_reason)


def test_r61_maintenance_on_the_eve_of_an_event_is_fine_with_people_in_several_time_zones() -> None:
    one = build.maintenance(EVENING)
    assert verdict("eve", one).outcome is Outcome.PASS
    assert worst(judge(catalog(one), one, one.starts)) is Outcome.PASS


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2026-03-09 08:00", -1, Outcome.PASS),
        ("2026-03-09 08:00", 0, Outcome.PASS),
        ("2026-03-09 08:00", 1, Outcome.WAITING),
        ("2026-03-10 09:00", -1, Outcome.WAITING),
        ("2026-03-10 09:00", 0, Outcome.PASS),
        ("2026-03-10 09:00", 1, Outcome.PASS),
    ],
)
def test_r61_the_eve_begins_a_day_before_the_event_and_ends_with_its_start(
    start: str, seconds: int, expected: Outcome
) -> None:
    one = build.maintenance(moved(start, seconds))
    nobody = build.staffing(but="support")
    assert verdict("eve", one, catalog(one, staffing=nobody)).outcome is expected


@pytest.mark.parametrize(("score", "expected"), [(1, Outcome.PASS), (2, Outcome.WAITING), (3, Outcome.WAITING)])
def test_r61_events_of_little_severity_have_no_eve(score: int, expected: Outcome) -> None:
    one = build.maintenance(EVENING)
    event = CONFERENCE.model_copy(update={"severity": CONFERENCE.severity.model_copy(update={"score": score})})
    given = replace(catalog(one, staffing=build.staffing(but="support")), events=(event,))
    assert verdict("eve", one, given).outcome is expected


@pytest.mark.parametrize("hours", [0, 23, 24])
def test_r61_people_must_be_there_for_a_day_after_the_window(hours: int) -> None:
    one = build.maintenance(EVENING)
    leaves = at(EVENING) + timedelta(hours=1 + hours)
    support = build.shift("support", until=f"{leaves:%Y-%m-%dT%H:%M:%SZ}")
    expected = Outcome.PASS if hours == 24 else Outcome.WAITING
    assert verdict("eve", one, catalog(one, staffing=build.staffing(support))).outcome is expected


def test_r61_an_estimate_has_its_eve_at_the_earliest_moment_that_it_may_come() -> None:
    trigger = {
        "kind": "block", "chain": "tron", "height": 1_000_000, "seen": 900_000, "as_of": "2026-03-07T00:00:00Z",
        "spacing_seconds": 3.0, "earliest": "2026-03-09T20:00:00Z", "latest": "2026-03-11T00:00:00Z",
    }  # fmt: skip
    event = build.event("2026-03-10 11:20", "2026-03-11 12:00", trigger=trigger)
    one = build.maintenance("2026-03-09 09:00")
    nobody = replace(catalog(one, staffing=build.staffing(but="support")), events=(event,))
    assert verdict("eve", one, nobody).outcome is Outcome.WAITING
    late = build.maintenance("2026-03-09 21:00")
    assert verdict("freeze", late, nobody).outcome is Outcome.WAITING


def test_r61_a_team_of_one_keeps_clear_of_the_eve_too() -> None:
    one = build.maintenance(EVENING)
    assert verdict("eve", one, replace(catalog(one, profile="solo"), staffing=None)).outcome is Outcome.WAITING


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2026-03-10 08:00", 0, Outcome.PASS),
        ("2026-03-10 08:00", 1, Outcome.WAITING),
        ("2026-03-11 18:00", -1, Outcome.WAITING),
        ("2026-03-11 18:00", 0, Outcome.PASS),
    ],
)
def test_maintenance_waits_while_an_event_is_under_way(start: str, seconds: int, expected: Outcome) -> None:
    assert verdict("freeze", build.maintenance(moved(start, seconds))).outcome is expected


@pytest.mark.parametrize(
    ("start", "status", "expected"),
    [
        # Until 12 March 00:40 by the estimate, and an hour more for each of the five days since it was made.
        ("2026-03-11 23:59", "planned", Outcome.WAITING),
        ("2026-03-12 05:52", "planned", Outcome.WAITING),
        ("2026-03-12 05:56", "planned", Outcome.PASS),
        ("2026-03-11 13:00", "happened", Outcome.PASS),
    ],
)
def test_r18_maintenance_waits_until_an_estimated_event_is_over_at_the_latest(
    start: str, status: str, expected: Outcome
) -> None:
    trigger = {
        "kind": "block", "chain": "tron", "height": 1_000_000, "seen": 900_000, "as_of": "2026-03-07T00:00:00Z",
        "spacing_seconds": 3.0, "earliest": "2026-03-09T20:00:00Z", "latest": "2026-03-11T00:00:00Z",
    }  # fmt: skip
    event = build.event("2026-03-10 11:20", "2026-03-11 12:00", trigger=trigger, status=status)
    one = build.maintenance(start)
    assert verdict("freeze", one, replace(catalog(one), events=(event,))).outcome is expected


@pytest.mark.parametrize(("accepted", "expected"), [(True, Outcome.WAITING), (False, Outcome.PASS)])
def test_r12_r61_an_accepted_signal_gives_an_event_an_eve(accepted: bool, expected: Outcome) -> None:
    one = build.maintenance(EVENING)
    calm = CONFERENCE.model_copy(update={"severity": CONFERENCE.severity.model_copy(update={"score": 1})})
    signal = build.signal(calm.id, 3, accepted=accepted)
    nobody = build.staffing(but="support")
    given = replace(catalog(one, staffing=nobody), events=(calm,), signals=(signal,))
    assert verdict("eve", one, given).outcome is expected


def test_a_cancelled_event_stops_no_maintenance() -> None:
    one = build.maintenance("2026-03-10 12:00")
    cancelled = CONFERENCE.model_copy(update={"status": "cancelled"})
    assert verdict("freeze", one, replace(catalog(one), events=(cancelled,))).outcome is Outcome.PASS


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"visibility": "embargoed", "embargoed_until": QUIET}])
def test_what_is_said_in_public_of_an_event_that_is_not_tells_nothing(hidden: dict[str, str]) -> None:
    if "embargoed_until" in hidden:
        hidden["embargoed_until"] = "2026-03-05T09:00:00Z"
    event = build.event("2026-03-10 09:00", "2026-03-11 18:00", title="Partner Corporation moves", **hidden)
    for rule, start in (("eve", EVENING), ("freeze", "2026-03-10 12:00")):
        one = build.maintenance(start)
        given = replace(catalog(one, staffing=build.staffing(but="support")), events=(event,))
        said = verdict(rule, one, given)
        assert "Partner" in said.reason
        assert "Reserved period" in str(said.public_reason)
        assert "Partner" not in str(said.public_reason)


# R62: people, meanwhile and for the first day


@pytest.mark.parametrize("duty", ["on-call", "comms", "support"])
@pytest.mark.parametrize(("seconds", "expected"), [(-1, Outcome.BLOCKED), (0, Outcome.PASS), (1, Outcome.PASS)])
def test_r62_every_duty_is_there_for_the_first_day_after_a_window(duty: str, seconds: int, expected: Outcome) -> None:
    one = build.maintenance(QUIET)
    leaves = one.starts + timedelta(hours=25) + seconds * SECOND
    leaving = build.staffing(build.shift(duty, until=f"{leaves:%Y-%m-%dT%H:%M:%SZ}"))
    said = verdict("coverage", one, catalog(one, staffing=leaving))
    assert said.outcome is expected
    if expected is Outcome.BLOCKED:
        assert said.reason.startswith(
            f"{duty.capitalize()} is not staffed from Friday 6 March 2026, 09:59 to 10:00 UTC. "
        )
        assert "missing" not in str(said.public_reason)


def test_r62_without_staffing_nothing_is_known_and_nothing_takes_place() -> None:
    one = build.maintenance(QUIET)
    said = verdict("coverage", one, replace(catalog(one), staffing=None))
    assert said.outcome is Outcome.BLOCKED
    assert said.reason.startswith("There is no staffing.yaml, so no duty counts as staffed. On-call")


def test_r62_a_team_of_one_need_not_prove_it() -> None:
    one = build.maintenance(QUIET)
    said = verdict("coverage", one, replace(catalog(one, profile="solo"), staffing=None))
    assert (said.outcome, said.reason) == (Outcome.NOT_APPLICABLE, "Not required by policy profile solo.")


# R63, R65: short, and shorter where data suffers


@pytest.mark.parametrize(
    ("data", "minutes", "expected"),
    [
        ("none", 180, Outcome.PASS),
        ("none", 181, Outcome.NEEDS_APPROVAL),
        ("degraded", 60, Outcome.PASS),
        ("degraded", 61, Outcome.NEEDS_APPROVAL),
        ("down", 61, Outcome.NEEDS_APPROVAL),
    ],
)
def test_r63_r65_a_long_window_needs_an_approval_and_sooner_where_data_suffers(
    data: str, minutes: int, expected: Outcome
) -> None:
    one = build.maintenance(QUIET, f"{minutes} min", impact={"control": "down", "data": data})
    assert verdict("length", one).outcome is expected


def test_r63_a_weekly_slot_is_preferred() -> None:
    assert "Consider a weekly slot" in verdict("length", build.maintenance(QUIET)).reason
    weekly = build.maintenance(QUIET, repeats={"zone": "UTC", "day": "thu", "start": "09:00"})
    assert "weekly" not in verdict("length", weekly).reason


def people(given: Catalog) -> set[str]:
    return {name for shift in (given.staffing.shifts if given.staffing else ()) for name in shift.people}


@pytest.mark.parametrize("start", [QUIET, EVENING, "2026-03-10 12:00", "2026-03-05 20:00", "2026-03-05 01:00"])
def test_no_reason_names_anybody(start: str) -> None:
    def somebody(one: Shift) -> Shift:
        return one.model_copy(update={"people": ("Zacharias",)})

    one = build.maintenance(start, "9 h", crew=["Zacharias"])
    for staffing in (around_the_clock(), on_call("UTC"), build.staffing(build.shift(hours="09:00-10:00"))):
        named = Staffing(shifts=tuple(map(somebody, staffing.shifts)))
        given = catalog(one, staffing=named, nights_per_week=0)
        assert people(given) == {"Zacharias"}
        for said in judge(given, one, one.starts):
            assert "Zacharias" not in said.model_dump_json()


def test_every_verdict_reads_as_sentences() -> None:
    starts: list[datetime] = [at(QUIET), at(EVENING), at("2026-03-10 12:00"), at("2026-03-05 20:00")]
    one = build.maintenance(QUIET, "9 h")
    for given in (catalog(one), replace(catalog(one), staffing=None)):
        for start in starts:
            for said in judge(given, one, start):
                for text in filter(None, (said.reason, said.public_reason, said.who, said.fix)):
                    assert text[0].isupper() or text == "Operations"
                    assert text.endswith(".") or text == "Operations"
