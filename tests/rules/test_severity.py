"""Signals raise a severity only when a person has accepted them, and never lower one (R12, R84)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publisher.rules.freeze.severity import effective_severity
from tests.support import build

ACCEPTED = {"accepted": True}


@pytest.mark.parametrize(
    ("own", "signals", "expected"),
    [
        (3, [], 3),
        (3, [{"value": 2.0}], 3),
        (3, [ACCEPTED], 4),
        (4, [ACCEPTED], 4),
        (5, [ACCEPTED], 5),
        (1, [ACCEPTED, ACCEPTED | {"id": "b", "score": 2}], 4),
        (1, [ACCEPTED | {"id": "b", "score": 5}, ACCEPTED], 5),
        (3, [ACCEPTED | {"event": "another"}], 3),
    ],
)
def test_r84_only_accepted_signals_raise_a_severity(own: int, signals: list[dict[str, Any]], expected: int) -> None:
    listing = build.event("2026-03-10", "2026-03-11", severity=build.severity(own))
    usual: dict[str, Any] = {"event": "example-listing", "score": 4, "accepted": False}
    heard = tuple(build.signal(**usual | fields) for fields in signals)
    catalog = replace(build.catalog([listing]), signals=heard)
    assert effective_severity(catalog, listing) == expected


def test_r25_an_accepted_signal_that_falls_silent_does_not_lower_the_severity_again() -> None:
    listing = build.event("2026-03-10", "2026-03-11", severity=build.severity(3))
    catalog = replace(build.catalog([listing]), signals=(build.signal("example-listing", 4, accepted=True, value=0.1),))
    assert effective_severity(catalog, listing) == 4
