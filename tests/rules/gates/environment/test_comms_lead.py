"""A severe event has somebody who speaks for the team (R8)."""

from __future__ import annotations

import pytest

from publisher.model.records.decision import Outcome
from publisher.rules.gates.environment import comms_lead
from tests.support import build
from tests.support.near import FIRST, SECOND, judged, listing


@pytest.mark.parametrize(
    ("severity", "lead", "outcome"),
    [
        (2, None, Outcome.PASS),
        (3, None, Outcome.BLOCKED),
        (4, None, Outcome.BLOCKED),
        (3, "Ana", Outcome.PASS),
    ],
)
def test_r8_a_severe_event_needs_somebody_who_speaks_for_the_team(
    severity: int, lead: str | None, outcome: Outcome
) -> None:
    event = listing(severity=build.severity(severity), comms_lead=lead)
    assert judged(comms_lead.GATE, event).outcome is outcome
    assert judged(comms_lead.GATE, event, FIRST - SECOND).outcome is Outcome.PASS
