"""After a severe event a soft freeze lasts until clients are measured to be well, to the second (R22)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import MonitorPolicy, Policy
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import NO_EVIDENCE, evaluate
from publisher.rules.gates.environment.monitors import GATE
from publisher.rules.health.readings import state
from publisher.rules.lint.lints import lints
from tests.support import build
from tests.support.build import at, monitor

SECOND = timedelta(seconds=1)

# A listing until 10 March 12:00 freezes a feature of a desktop client softly for 72 hours after it.
LISTING = build.event("2026-03-10 10:00", "2026-03-10 12:00", severity=build.severity(4), impact=build.CALM)
END = at("2026-03-13 12:00")
FEATURE = build.release("4.2.0", "feature", "desktop")
SURE = build.release("4.2.0", "security", "desktop")
UNSURE = build.release("4.2.0", "ui-polish", "desktop")


def policy(**fields: Any) -> Policy:
    asked = MonitorPolicy.model_validate_json(json.dumps({"required": ["errors"], "patience": "2 d"} | fields))
    return build.team_policy().model_copy(update={"monitors": asked})


def catalog(*given: Monitor, **fields: Any) -> Catalog:
    known: dict[str, Any] = {"the_policy": policy(), "monitors": given}
    return build.catalog([LISTING], **known | fields)


def ask(content: Catalog, now: datetime, release: Release = FEATURE) -> Verdict:
    return GATE.verdict(Question(content, release, "stable", NO_EVIDENCE, now))


WELL = monitor(("2026-03-13 03:00", 5))
ILL = monitor(("2026-03-13 03:00", 40))
HEALED = monitor(("2026-03-13 03:00", 40), ("2026-03-13 14:30", 5))
JUST_STALE = monitor(("2026-03-13 00:00", 5))
FELL_SILENT = monitor(("2026-03-13 03:00", 40))
NEVER = monitor()


@pytest.mark.parametrize(
    ("given", "now", "outcome"),
    [
        ([WELL], END - SECOND, "pass"),
        ([WELL], END, "not-applicable"),
        ([ILL], END - SECOND, "pass"),  # the soft freeze stops a feature anyway
        ([ILL], END, "blocked"),
        ([ILL], at("2026-03-13 15:00") - SECOND, "blocked"),
        ([ILL], at("2026-03-13 15:00"), "unknown"),  # the reading is twelve hours old
        ([FELL_SILENT], at("2026-03-15 15:00") - SECOND, "unknown"),
        ([FELL_SILENT], at("2026-03-15 15:00"), "not-applicable"),  # two days of silence
        ([HEALED], at("2026-03-13 14:30") - SECOND, "blocked"),
        ([HEALED], at("2026-03-13 14:30"), "not-applicable"),
        ([JUST_STALE], END, "unknown"),
        ([monitor(("2026-03-13 00:00:01", 5))], END, "not-applicable"),
        ([NEVER], END - SECOND, "pass"),
        ([NEVER], END, "unknown"),
        ([NEVER], at("2026-03-15 12:00") - SECOND, "unknown"),
        ([NEVER], at("2026-03-15 12:00"), "not-applicable"),
        ([], END, "unknown"),
        ([], at("2026-03-15 12:00"), "not-applicable"),
        ([WELL, monitor(("2026-03-13 03:00", 40), measures="adoption")], END, "blocked"),
        ([monitor(("2026-03-13 03:00", 5), products=["daemon"])], END, "unknown"),  # it speaks for another product
        ([WELL], at("2026-03-10 12:00") - SECOND, "not-applicable"),  # still in the hard freeze
        ([WELL], at("2026-03-10 12:00"), "pass"),
    ],
)
def test_r22_a_soft_freeze_lasts_while_clients_are_not_well_or_nobody_knows(
    given: list[Monitor], now: datetime, outcome: str
) -> None:
    assert ask(catalog(*given), now).outcome == outcome


@pytest.mark.parametrize(
    ("given", "now", "release", "outcome"),
    [
        (ILL, END, SURE, "pass"),  # it surely mends what is wrong
        (ILL, END, build.release("4.2.0", "docs", "desktop"), "not-applicable"),
        (ILL, END, UNSURE, "blocked"),
        (ILL, END, build.release("4.2.0", "security", "desktop", fix_confidence="medium"), "blocked"),
        (ILL, END, build.release("4.2.0", "security", "desktop", necessity="opportunistic"), "blocked"),
        (NEVER, END - SECOND, SURE, "unknown"),
        (ILL, at("2026-03-13 04:00"), SURE, "pass"),
        (ILL, at("2026-03-13 04:00"), build.release("4.2.0", "patch", "desktop", fix_confidence="low"), "blocked"),
    ],
)
def test_r28_while_clients_are_not_well_only_what_surely_mends_them_ships(
    given: Monitor, now: datetime, release: Release, outcome: str
) -> None:
    assert ask(catalog(given), now, release).outcome == outcome


def test_a_lasting_soft_freeze_is_the_next_change_and_ends_with_the_reading_that_is_well() -> None:
    content = catalog(HEALED)
    waiting = evaluate(content, FEATURE, "stable", END - SECOND)
    assert (waiting.outcome, waiting.next_change, waiting.then) == (Outcome.WAITING, END, Outcome.BLOCKED)
    blocked = evaluate(content, FEATURE, "stable", END)
    assert (blocked.next_change, blocked.then) == (at("2026-03-13 14:30"), Outcome.PASS)


def moments(given: Monitor) -> list[datetime]:
    """Those at which the verdict on a feature may change, from the end of the event on."""
    return list(GATE.edges(Question(catalog(given), FEATURE, "stable", NO_EVIDENCE, LISTING.ends)))


def test_a_program_that_measures_the_same_every_minute_adds_no_moments() -> None:
    night = [f"2026-03-12 {hour:02}:{minute:02}" for hour in range(12) for minute in range(60)]
    assert moments(monitor(*((watched, 40) for watched in night))) == moments(
        monitor(("2026-03-12 00:00", 40), ("2026-03-12 11:59", 40))
    )


def test_what_a_monitor_says_changes_at_no_other_moment() -> None:
    watched = monitor(
        ("2026-03-11 00:00", 40),
        ("2026-03-11 05:00", 40),
        ("2026-03-11 17:00", 5),  # just when the one before counts no more
        ("2026-03-12 06:00", 5),
        ("2026-03-12 10:00", 40),
        ("2026-03-12 10:30", 5),
    )
    minutes = [LISTING.ends + timedelta(minutes=number) for number in range(3 * 24 * 60)]
    changes = {later for earlier, later in pairwise(minutes) if state(watched, earlier) is not state(watched, later)}
    assert len(changes) == 7
    assert changes <= set(moments(watched))


def test_reasons_say_what_was_measured_what_is_healthy_and_what_to_do() -> None:
    ill = ask(catalog(ILL), END)
    assert ill.reason == (
        'Clients are unhealthy after "A trading pair opens on Example Exchange". Failed syncs in a thousand: 40 on'
        " Friday 13 March 2026, 03:00 UTC; healthy is at most 12."
        " Until they recover, only essential fixes of high confidence may ship."
    )
    unknown = ask(catalog(), END)
    assert unknown.reason.endswith("No monitor measures errors.")
    assert "Sunday 15 March 2026, 12:00 UTC" in unknown.fix
    low = monitor(("2026-03-13 03:00", 40), measures="adoption", at_least=50, at_most=None, baseline=60)
    assert "40 on Friday 13 March 2026, 03:00 UTC; healthy is at least 50" in ask(catalog(WELL, low), END).reason


def test_an_event_that_is_not_public_is_named_in_neutral_words_and_nothing_measured_is_told() -> None:
    hidden = LISTING.model_copy(update={"visibility": "internal", "public_title": "Reserved"})
    content = build.catalog([hidden], the_policy=policy(), monitors=(ILL,))
    for now, release in ((END, FEATURE), (END - SECOND, FEATURE), (at("2026-03-13 16:00"), FEATURE)):
        reason = ask(content, now, release).public_reason
        assert reason is not None
        assert reason.startswith('"Reserved": ')
        assert "syncs" not in reason


@pytest.mark.parametrize(
    "fields",
    [
        {"the_policy": policy(severity_at_least=5)},
        {"the_policy": policy(required=[])},
        {"the_policy": policy().model_copy(update={"profile": "solo"})},
    ],
)
def test_less_severe_events_and_policies_that_do_not_ask_wait_for_no_measurement(fields: dict[str, Any]) -> None:
    assert ask(catalog(ILL, **fields), END).outcome is Outcome.NOT_APPLICABLE


def test_a_product_that_nobody_measures_is_advised_of() -> None:
    content = catalog(monitor(products=["daemon"]))
    subjects = {
        lint.about for lint in lints(content, at("2026-01-01")) if lint.what.startswith("no monitor measures errors")
    }
    assert subjects == {"desktop", "dashboard", "service"}


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"at_most": None}, "no healthy values are given"),
        ({"at_least": 13}, "`at_least` is more than `at_most`"),
        ({"baseline": 13}, "`baseline` is itself not healthy"),
        ({"every": "0 h"}, "greater than"),
        ({"every": "8 d"}, "less than or equal"),
        ({"readings": [{"at": "2026-03-02T00:00:00Z", "value": 1}] * 2}, "are out of order at 2026-03-02T00:00:00Z"),
    ],
)
def test_a_monitor_that_contradicts_itself_is_refused(fields: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        monitor(**fields)


def test_while_another_freeze_stops_it_the_moment_is_told_at_which_that_ends() -> None:
    later = build.event("2026-03-14 10:00", "2026-03-14 12:00", id="later", impact=build.CALM)
    content = build.catalog([LISTING, later], the_policy=policy(), monitors=(ILL,))
    verdict = ask(content, at("2026-03-13 13:00"))
    assert verdict.outcome is Outcome.PASS
    assert verdict.reason == (
        'Clients are unhealthy after "A trading pair opens on Example Exchange". If this has not changed when the'
        " freeze ends on Tuesday 17 March 2026, 12:00 UTC, the release waits longer."
    )
