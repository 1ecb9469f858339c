"""Estimates of blocks grow old: the second before, at, and after each boundary (R18)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.model.content.policy import Policy
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.gates.environment import estimate
from tests.support import build
from tests.support.uncertain import BELIEVED, DAY, NEEDED, SECOND, STARTS, USELESS, ask, forked, listing


def without_drift() -> Policy:
    """The policy, under which estimates do not grow wider with their age."""
    known = build.team_policy()
    uncertainty = known.freeze.uncertainty.model_copy(update={"drift_per_day": timedelta()})
    return known.model_copy(update={"freeze": known.freeze.model_copy(update={"uncertainty": uncertainty})})


def estimated(as_of: datetime, moment: datetime, change_class: str = "feature", **fields: Any) -> Verdict:
    """What is said of a release when the block that matters to it was estimated at a moment."""
    release = build.release("4.2.0", change_class)
    catalog = build.catalog([forked(as_of, **fields)], [release], the_policy=without_drift())
    return estimate.GATE.verdict(ask(catalog, release, moment))


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
    release = build.release("4.2.0")
    catalog = build.catalog([forked(NEEDED - 30 * DAY)], [release])
    windows = ask(catalog, release, STARTS).timeline.windows
    first, last = min(window.start for window in windows) - 14 * DAY, max(window.end for window in windows)
    assert first < NEEDED
    assert last > USELESS
    verdicts = [
        estimate.GATE.verdict(ask(catalog, release, edge + shift * SECOND))
        for edge in (first, last)
        for shift in (-1, 0)
    ]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.PASS]


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
    release = build.release("4.2.0")
    asked = ask(build.catalog([listing()], [release]), release, STARTS - DAY)
    assert estimate.GATE.verdict(asked).outcome is Outcome.NOT_APPLICABLE
