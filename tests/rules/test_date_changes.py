"""Which planned releases a changed event moves, and why, in words for publication (R93)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Band
from publisher.rules.calendar.date_changes import moved
from tests.support import build
from tests.support.build import at

NOW = at("2026-02-01")
FEATURE = build.release("4.2.0", "feature", "desktop", planned_for="2026-03-09T09:00:00Z")
TUESDAY = "Tuesday 10 March 2026, 10:00 to 22:00 UTC"
NAME = "A trading pair opens on Example Exchange"


def listing(starts: str = "2026-03-10 10:00", ends: str = "2026-03-10 22:00", **fields: Any) -> Event:
    return build.event(starts, ends, **{"impact": build.CALM} | fields)


def catalog(*events: Event, **fields: Any) -> Catalog:
    return build.catalog(events, [FEATURE], **fields)


@pytest.mark.parametrize(
    ("before", "after", "sentence", "because"),
    [
        (
            [],
            [listing()],
            "waits until Friday 13 March 2026, 22:00 UTC; before, it could ship as planned",
            f'"{NAME}" is new, Tuesday 10 March 2026, 10:00 to 22:00 UTC.',
        ),
        (
            [listing()],
            [],
            "can ship as planned; before, it waited until Friday 13 March 2026, 22:00 UTC",
            f'"{NAME}" is no longer planned.',
        ),
        (
            [listing()],
            [listing(status="cancelled")],
            "can ship as planned; before, it waited until Friday 13 March 2026, 22:00 UTC",
            f'"{NAME}" was cancelled.',
        ),
        (
            [listing()],
            [listing("2026-03-11 10:00", "2026-03-11 12:00")],
            "waits until Saturday 14 March 2026, 12:00 UTC; before, it waited until Friday 13 March 2026, 22:00 UTC",
            f'"{NAME}" was moved from {TUESDAY} to Wednesday 11 March 2026, 10:00 to 12:00 UTC.',
        ),
        (
            [listing()],
            [listing(confidence="rumoured")],
            "waits until Sunday 15 March 2026, 22:00 UTC; before, it waited until Friday 13 March 2026, 22:00 UTC",
            f'"{NAME}" is now rumoured instead of confirmed.',
        ),
        (
            [listing()],
            [listing(severity=build.severity(5), comms_lead="Ana")],
            "has no open date yet",
            f'"{NAME}" now has severity 5 instead of 3.',
        ),
    ],
)
def test_r93_a_changed_event_moves_a_release_and_the_reason_is_told(
    before: list[Event], after: list[Event], sentence: str, because: str
) -> None:
    (found,) = moved(catalog(*before), catalog(*after), NOW)
    assert found.because == (because,)
    if sentence != "has no open date yet":
        assert found.sentence == f"desktop 4.2.0, planned for Monday 9 March 2026, 09:00 UTC, {sentence}."


def test_what_does_not_move_is_not_told() -> None:
    far = listing("2026-06-10 10:00", "2026-06-10 22:00", id="far")
    assert moved(catalog(listing()), catalog(listing(), far), NOW) == ()
    assert moved(catalog(listing()), catalog(listing()), NOW) == ()


def test_r96_what_is_not_public_is_left_out_or_neutral() -> None:
    hidden = listing(visibility="internal", public_title="Reserved period", title="Zebra")
    (found,) = moved(catalog(), catalog(hidden), NOW)
    assert found.because == ('"Reserved period" is new.',)
    internal = FEATURE.model_copy(update={"visibility": "internal"})
    assert moved(replace(catalog(), releases=(internal,)), replace(catalog(hidden), releases=(internal,)), NOW) == ()


def test_a_changed_policy_is_told() -> None:
    policy = build.team_policy()
    base = tuple(one.model_copy(update={"band": Band(hard_after=timedelta(days=9))}) for one in policy.freeze.base)
    freeze = policy.freeze.model_copy(update={"base": base})
    loose = policy.model_copy(update={"version": 7, "freeze": freeze})
    found = moved(catalog(listing()), catalog(listing(), the_policy=loose), NOW)
    assert [one.because for one in found] == [("The release policy has changed; version 7 applies then.",)]
