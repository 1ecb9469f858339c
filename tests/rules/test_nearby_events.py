"""Releases near events: event-coordinated, and asked for what is missing at their boundaries only (R3, R96)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate
from publisher.rules.gates.environment import assumptions, comms_lead, named_risks, scenario, score
from tests.support import build
from tests.support.build import at
from tests.support.near import ENDS, FIRST, LAST, SECOND, ask, listing, showing


def test_r3_a_release_is_event_coordinated_exactly_while_an_event_is_near() -> None:
    release = build.release("4.2.0")
    catalog = build.catalog([listing()], [release])
    outcomes = [
        ask(catalog, release, edge + shift * SECOND).coordination for edge in (FIRST, LAST) for shift in (-1, 0)
    ]
    assert outcomes == ["routine", "event-coordinated", "event-coordinated", "routine"]


def test_r3_a_release_that_names_a_coming_event_is_event_coordinated_until_it_is_over() -> None:
    release = build.release("4.2.0", "docs", events=["example-listing"])
    catalog = build.catalog([listing()], [release])
    assert ask(catalog, release, at("2026-01-01")).coordination == "event-coordinated"
    assert ask(catalog, release, at(ENDS) - SECOND).coordination == "event-coordinated"
    assert ask(catalog, release, at(ENDS)).coordination == "routine"


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"visibility": "embargoed"}])
@pytest.mark.parametrize("gate", [score.GATE, scenario.GATE, named_risks.GATE, comms_lead.GATE, assumptions.GATE])
def test_r96_the_public_does_not_read_of_events_that_are_not_public(gate: Gate, hidden: dict[str, str]) -> None:
    if hidden["visibility"] == "embargoed":
        hidden = hidden | {"embargoed_until": "2026-03-10T12:00:01Z"}
    known = listing(id="zebra", title="Zebra", comms_lead=None, invalidates=["units"], **hidden)
    event = Event.model_validate_json(known.model_dump_json(exclude_defaults=True, exclude={"severity"}))
    release = build.release("4.2.0", risks=[])
    catalog = build.catalog([event], [release])
    verdict = gate.verdict(ask(showing(catalog, "units"), release))
    assert verdict.outcome.stops
    assert "zebra" not in (verdict.public_reason or verdict.reason).lower()
    assert (verdict.public_reason is None) == (gate is named_risks.GATE)


GATES = [score.GATE, scenario.GATE, named_risks.GATE, comms_lead.GATE, assumptions.GATE]


def around(*, kept: bool) -> tuple[Catalog, Release]:
    """Two severe events and a release, everything known or nothing."""
    fields: dict[str, Any] = {"severity": build.severity(5), "invalidates": ["units"]}
    if not kept:
        fields |= {"comms_lead": None}
    events = [listing(**fields), build.event("2026-05-10", "2026-05-11", id="later", **fields)]
    if not kept:
        bare = [event.model_dump_json(exclude_defaults=True, exclude={"lead_time"}) for event in events]
        events = [Event.model_validate_json(text) for text in bare]
    notes = build.release("4.2.0").notes.model_dump(mode="json", exclude_defaults=True)
    facts: dict[str, Any] = {"notes": notes | {"unit_statement": "Units stay."}} if kept else {"risks": []}
    release = build.release("4.2.0", events=["example-listing"], **facts)
    catalog = showing(build.catalog(events, [release]), "units")
    return replace(
        catalog, scenarios=(build.scenario("2026-02-01"),) if kept else (build.scenario("2026-05-09"),)
    ), release


@pytest.mark.parametrize("gate", GATES)
def test_a_verdict_changes_at_its_boundaries_only(gate: Gate) -> None:
    catalog, release = around(kept=False)
    moment, seen = at("2026-01-01"), set()
    for edge in [*sorted(set(gate.edges(ask(catalog, release, moment)))), at("2026-08-01")]:
        outcomes = {
            gate.verdict(ask(catalog, release, moment + part * (edge - moment - SECOND) / 7)).outcome
            for part in range(8)
        }
        assert len(outcomes) == 1, (moment, edge)
        seen |= outcomes
        moment = edge
    assert len(seen) > 1


@pytest.mark.parametrize("gate", GATES)
def test_a_register_without_gaps_has_no_boundaries(gate: Gate) -> None:
    catalog, release = around(kept=True)
    assert tuple(gate.edges(ask(catalog, release, at("2026-02-02")))) == ()
    assert gate.verdict(ask(catalog, release)).outcome is Outcome.PASS
