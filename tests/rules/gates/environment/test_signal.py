"""Signals grow old, and propose a severity that a person answers (R12, R84)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.gates.environment.signal import GATE as SIGNAL
from tests.support import build
from tests.support.build import at
from tests.support.uncertain import BELIEVED, DAY, ENDS, SECOND, STARTS, ask, listing, measured

MATTERS, OVER = STARTS - 21 * DAY, ENDS + 3 * DAY
ACCEPTED = {"accepted": True}


def heard(
    sampled_at: datetime, moment: datetime, event: Event | None = None, change_class: str = "feature", **fields: Any
) -> Verdict:
    """What is said of a release when a signal of the listing was measured at a moment."""
    release = build.release("4.2.0", change_class)
    signal = measured(sampled_at, **fields)
    catalog = replace(build.catalog([event or listing()], [release]), signals=(signal,))
    return SIGNAL.verdict(ask(catalog, release, moment))


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
    release = build.release("4.2.0", events=["example-listing"])
    catalog = replace(build.catalog([listing()], [release]), signals=(measured(at("2025-12-01")),))
    assert SIGNAL.verdict(ask(catalog, release, at("2026-01-01"))).outcome is Outcome.NEEDS_APPROVAL
    assert SIGNAL.verdict(ask(catalog, release, MATTERS)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["happened", "cancelled"])
def test_r12_an_event_that_is_not_to_come_needs_no_signal(status: str) -> None:
    assert heard(STARTS - 2 * DAY, STARTS - DAY, listing(status=status)).outcome is Outcome.NOT_APPLICABLE
