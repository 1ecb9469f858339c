"""Events that nobody has scored need an approval while they are near (R15)."""

from __future__ import annotations

import pytest

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.rules.gates.environment import score
from tests.support.build import at
from tests.support.near import FIRST, LAST, SECOND, judged, listing


def without_score(which: str) -> Event:
    """The listing, of which nobody has scored one thing."""
    known = listing().model_dump_json(exclude_defaults=True, exclude={which})
    return Event.model_validate_json(known)


@pytest.mark.parametrize("which", ["severity", "lead_time"])
def test_r15_an_event_that_nobody_scored_needs_an_approval_while_it_is_near(which: str) -> None:
    event = without_score(which)
    # Unscored it counts as severity 5, which freezes a feature for two days more before, and one more after.
    first, last = (at("2026-03-01 10:00"), at("2026-03-14 22:00")) if which == "severity" else (FIRST, LAST)
    expected = (
        (first, -1, Outcome.PASS),
        (first, 0, Outcome.NEEDS_APPROVAL),
        (first, 1, Outcome.NEEDS_APPROVAL),
    )
    for edge, shift, outcome in (*expected, (last, -1, Outcome.NEEDS_APPROVAL), (last, 0, Outcome.PASS)):
        assert judged(score.GATE, event, edge + shift * SECOND).outcome is outcome, (edge, shift)
    assert judged(score.GATE, event).sources == ("example-listing",)


def test_r15_a_scored_event_passes() -> None:
    assert judged(score.GATE, listing()).outcome is Outcome.PASS
