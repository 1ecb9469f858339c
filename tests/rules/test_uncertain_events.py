"""Estimates and signals: verdicts change at their boundaries only, and hidden events stay hidden (R96)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Signal
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate
from publisher.rules.gates.environment import estimate
from publisher.rules.gates.environment.signal import GATE as SIGNAL
from tests.support import build
from tests.support.build import at
from tests.support.uncertain import DAY, SECOND, STARTS, ask, forked, measured


def _mixed() -> tuple[Catalog, Release]:
    release = build.release("4.2.0", events=["example-listing"])
    later = build.event("2026-04-10", "2026-04-11", id="later")
    signals: tuple[Signal, ...] = (
        measured(at("2026-02-27 08:00"), id="one", value=1.0),
        measured(at("2026-03-20 09:00"), "later", id="two"),
    )
    return replace(build.catalog([forked(at("2026-02-25 10:00")), later], [release]), signals=signals), release


@pytest.mark.parametrize("gate", [estimate.GATE, SIGNAL])
def test_a_verdict_changes_at_its_boundaries_only(gate: Gate) -> None:
    catalog, release = _mixed()
    moment, seen = at("2026-01-01"), set()
    edges = sorted(set(gate.edges(ask(catalog, release, moment))))
    for edge in [*edges, at("2026-06-01")]:
        outcomes = {
            gate.verdict(ask(catalog, release, moment + part * (edge - moment - SECOND) / 7)).outcome
            for part in range(8)
        }
        assert len(outcomes) == 1, (moment, edge)
        seen |= outcomes
        moment = edge
    assert Outcome.UNKNOWN in seen
    assert len(seen) > 1


def test_r96_the_public_does_not_read_of_events_that_are_not_public() -> None:
    event = forked(STARTS - 10 * DAY, id="zebra", title="Zebra", visibility="internal")
    release = build.release("4.2.0")
    for sampled in ("2026-02-01", "2026-03-08"):
        signal = measured(at(sampled), "zebra", metric="Stripes")
        catalog = replace(build.catalog([event], [release]), signals=(signal,))
        for gate in (estimate.GATE, SIGNAL):
            verdict = gate.verdict(ask(catalog, release, STARTS - DAY))
            assert verdict.outcome.stops
            assert verdict.public_reason is not None
            assert verdict.public_reason.startswith('"Reserved period": ')
