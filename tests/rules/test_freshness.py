"""Estimates and signals grow old: the second before, at, and after each boundary (R12, R18, R84)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.register import Signal
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.model.values import format_time
from publisher.rules.engine.gate import Gate
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import estimate
from publisher.rules.gates.environment.signal import GATE as SIGNAL
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

# A listing freezes a feature of a node for seven days before it and 72 hours after it; estimates and signals must be
# fresh from fourteen days before that on, and are believed for three days.
STARTS, ENDS = at("2026-03-10 10:00"), at("2026-03-10 22:00")
MATTERS, OVER = STARTS - 21 * DAY, ENDS + 3 * DAY
BELIEVED = 3 * DAY

# A block makes the freeze begin seven days before the earliest moment, and end 72 hours after the latest end.
EARLIEST, LATEST = STARTS - timedelta(hours=6), STARTS + timedelta(hours=6)
NEEDED, USELESS = EARLIEST - 21 * DAY, LATEST + (ENDS - STARTS) + 3 * DAY


def listing(**fields: Any) -> Event:
    """The example listing."""
    return build.event("2026-03-10 10:00", "2026-03-10 22:00", **fields)


def forked(as_of: datetime, **fields: Any) -> Event:
    """A listing that a block starts, as it was estimated at a moment."""
    trigger = {
        "kind": "block",
        "chain": "BitTorrent Chain",
        "height": 71_000_000,
        "seen": 71_000_000 - int((STARTS - as_of).total_seconds() / 2),
        "as_of": format_time(as_of),
        "spacing_seconds": 2.0,
        "earliest": format_time(EARLIEST),
        "latest": format_time(LATEST),
    }
    return listing(trigger=trigger, **fields)


def measured(moment: datetime, event: str = "example-listing", *, accepted: bool = False, **fields: Any) -> Signal:
    """A signal that proposes severity 4."""
    return build.signal(event, 4, accepted=accepted, sampled_at=format_time(moment), **fields)


def ask(catalog: Catalog, release: Release, moment: datetime) -> Question:
    """A question about the stable channel."""
    return Question(catalog, release, "stable", Evidence(), moment)


def without_drift() -> Policy:
    """The policy, under which estimates do not grow wider with their age."""
    known = build.team_policy()
    uncertainty = known.freeze.uncertainty.model_copy(update={"drift_per_day": timedelta()})
    return known.model_copy(update={"freeze": known.freeze.model_copy(update={"uncertainty": uncertainty})})


def estimated(as_of: datetime, moment: datetime, change_class: str = "feature", **fields: Any) -> Verdict:
    """What is said of a release when the block that matters to it was estimated at a moment."""
    one = build.release("4.2.0", change_class)
    catalog = build.catalog([forked(as_of, **fields)], [one], the_policy=without_drift())
    return estimate.GATE.verdict(ask(catalog, one, moment))


@pytest.mark.parametrize(
    ("as_of", "first"),
    [
        (STARTS - 10 * DAY, STARTS - 10 * DAY + BELIEVED),
        (NEEDED - BELIEVED, NEEDED),
        (NEEDED - BELIEVED - SECOND * 2, NEEDED),
        (NEEDED - BELIEVED + SECOND * 2, NEEDED + SECOND * 2),
        (NEEDED - 90 * DAY, NEEDED),
    ],
)
def test_r18_an_old_estimate_is_unknown_while_its_event_matters(as_of: datetime, first: datetime) -> None:
    expected = ((first, -1, Outcome.PASS), (first, 0, Outcome.UNKNOWN), (first, 1, Outcome.UNKNOWN))
    for edge, shift, outcome in (*expected, (USELESS, -1, Outcome.UNKNOWN), (USELESS, 0, Outcome.PASS)):
        assert estimated(as_of, edge + shift * SECOND).outcome is outcome, (edge, shift)


def test_r18_an_estimate_that_grows_wider_must_be_fresh_for_longer() -> None:
    one = build.release("4.2.0")
    catalog = build.catalog([forked(NEEDED - 30 * DAY)], [one])
    windows = ask(catalog, one, STARTS).timeline.windows
    first, last = min(window.start for window in windows) - 14 * DAY, max(window.end for window in windows)
    assert first < NEEDED
    assert last > USELESS
    said = [
        estimate.GATE.verdict(ask(catalog, one, edge + shift * SECOND)) for edge in (first, last) for shift in (-1, 0)
    ]
    assert [verdict.outcome for verdict in said] == [Outcome.PASS, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.PASS]


def test_r18_an_old_estimate_says_what_was_estimated_and_when() -> None:
    verdict = estimated(STARTS - 10 * DAY, STARTS - DAY)
    assert verdict.reason == (
        'The start of "A trading pair opens on Example Exchange" (block 71,000,000 of BitTorrent Chain) was last'
        " estimated on Saturday 28 February 2026, 10:00 UTC, 3 days ago or more."
    )
    assert verdict.sources == ("example-listing",)


@pytest.mark.parametrize("fields", [{"status": "happened"}, {"status": "cancelled"}])
def test_r18_an_event_that_is_not_to_come_needs_no_estimate(fields: dict[str, str]) -> None:
    assert estimated(STARTS - 10 * DAY, STARTS - DAY, **fields).outcome is Outcome.NOT_APPLICABLE


def test_r18_what_no_freeze_stops_needs_no_estimate() -> None:
    assert estimated(STARTS - 10 * DAY, STARTS - DAY, "docs").outcome is Outcome.NOT_APPLICABLE
    one = build.release("4.2.0")
    asked = ask(build.catalog([listing()], [one]), one, STARTS - DAY)
    assert estimate.GATE.verdict(asked).outcome is Outcome.NOT_APPLICABLE


ACCEPTED = {"accepted": True}


def heard(
    sampled_at: datetime, moment: datetime, event: Event | None = None, change_class: str = "feature", **fields: Any
) -> Verdict:
    """What is said of a release when a signal of the listing was measured at a moment."""
    one = build.release("4.2.0", change_class)
    signal = measured(sampled_at, **fields)
    catalog = replace(build.catalog([event or listing()], [one]), signals=(signal,))
    return SIGNAL.verdict(ask(catalog, one, moment))


@pytest.mark.parametrize("fields", [{"value": 1.0}, ACCEPTED, {}])
def test_r12_an_old_signal_is_unknown_whatever_it_said(fields: dict[str, Any]) -> None:
    sampled = STARTS - 10 * DAY
    before = Outcome.PASS if fields else Outcome.NEEDS_APPROVAL
    first = sampled + BELIEVED
    for edge, shift, outcome in (
        (first, -1, before),
        (first, 0, Outcome.UNKNOWN),
        (first, 1, Outcome.UNKNOWN),
        (OVER, -1, Outcome.UNKNOWN),
        (OVER, 0, Outcome.NOT_APPLICABLE),
    ):
        assert heard(sampled, edge + shift * SECOND, **fields).outcome is outcome, (edge, shift)


def test_a_measurement_that_is_still_to_come_is_none_until_then() -> None:
    sampled = STARTS - 2 * DAY
    assert heard(sampled, sampled - SECOND, value=1.0).outcome is Outcome.UNKNOWN
    assert heard(sampled, sampled, value=1.0).outcome is Outcome.PASS


def test_r12_a_signal_counts_from_some_time_before_the_freeze_on() -> None:
    assert heard(MATTERS - 90 * DAY, MATTERS - SECOND).outcome is Outcome.NOT_APPLICABLE
    assert heard(MATTERS - 90 * DAY, MATTERS).outcome is Outcome.UNKNOWN
    assert heard(MATTERS - DAY, MATTERS - SECOND).outcome is Outcome.NOT_APPLICABLE
    assert heard(MATTERS - DAY, MATTERS).outcome is Outcome.NEEDS_APPROVAL


@pytest.mark.parametrize(
    ("fields", "severity", "outcome"),
    [
        ({"value": 1.4999}, 3, Outcome.PASS),
        ({"value": 1.5}, 3, Outcome.NEEDS_APPROVAL),
        ({"value": 1.5001}, 3, Outcome.NEEDS_APPROVAL),
        ({"value": 1.5} | ACCEPTED, 3, Outcome.PASS),
        ({"value": 1.5}, 4, Outcome.PASS),
        ({"value": 1.5}, 5, Outcome.PASS),
    ],
)
def test_r84_a_signal_proposes_a_severity_and_a_person_answers(
    fields: dict[str, Any], severity: int, outcome: Outcome
) -> None:
    event = listing(severity=build.severity(severity))
    assert heard(STARTS - 2 * DAY, STARTS - DAY, event, **fields).outcome is outcome


def test_r84_a_proposal_says_what_was_measured() -> None:
    verdict = heard(STARTS - 2 * DAY, STARTS - DAY)
    assert verdict.reason == (
        'The signal "Logins an hour against the usual week" of "A trading pair opens on Example Exchange" is at'
        " 1.8; from 1.5 on it proposes severity 4. The proposal has not been answered."
    )


def test_r12_a_release_that_names_an_event_hears_its_signals_at_once() -> None:
    one = build.release("4.2.0", events=["example-listing"])
    catalog = replace(build.catalog([listing()], [one]), signals=(measured(at("2025-12-01")),))
    assert SIGNAL.verdict(ask(catalog, one, at("2026-01-01"))).outcome is Outcome.NEEDS_APPROVAL
    assert SIGNAL.verdict(ask(catalog, one, MATTERS)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["happened", "cancelled"])
def test_r12_an_event_that_is_not_to_come_needs_no_signal(status: str) -> None:
    assert heard(STARTS - 2 * DAY, STARTS - DAY, listing(status=status)).outcome is Outcome.NOT_APPLICABLE


def _mixed() -> tuple[Catalog, Release]:
    one = build.release("4.2.0", events=["example-listing"])
    later = build.event("2026-04-10", "2026-04-11", id="later")
    signals: tuple[Signal, ...] = (
        measured(at("2026-02-27 08:00"), id="one", value=1.0),
        measured(at("2026-03-20 09:00"), "later", id="two"),
    )
    return replace(build.catalog([forked(at("2026-02-25 10:00")), later], [one]), signals=signals), one


@pytest.mark.parametrize("gate", [estimate.GATE, SIGNAL])
def test_a_verdict_changes_at_its_boundaries_only(gate: Gate) -> None:
    catalog, one = _mixed()
    moment, seen = at("2026-01-01"), set()
    edges = sorted(set(gate.edges(ask(catalog, one, moment))))
    for edge in [*edges, at("2026-06-01")]:
        said = {
            gate.verdict(ask(catalog, one, moment + part * (edge - moment - SECOND) / 7)).outcome for part in range(8)
        }
        assert len(said) == 1, (moment, edge)
        seen |= said
        moment = edge
    assert Outcome.UNKNOWN in seen
    assert len(seen) > 1


def test_r96_the_public_does_not_read_of_events_that_are_not_public() -> None:
    event = forked(STARTS - 10 * DAY, id="zebra", title="Zebra", visibility="internal")
    one = build.release("4.2.0")
    for sampled in ("2026-02-01", "2026-03-08"):
        signal = measured(at(sampled), "zebra", metric="Stripes")
        catalog = replace(build.catalog([event], [one]), signals=(signal,))
        for gate in (estimate.GATE, SIGNAL):
            verdict = gate.verdict(ask(catalog, one, STARTS - DAY))
            assert verdict.outcome.stops
            assert verdict.public_reason is not None
            assert verdict.public_reason.startswith('"Reserved period": ')
