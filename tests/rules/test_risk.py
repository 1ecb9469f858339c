"""Releases near events: scored, tried out, named, spoken for; at the second before, at, and after each boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Assumption, Event
from publisher.model.content.register import Scenario
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.gate import Gate
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import assumptions, comms_lead, named_risks, scenario, score
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
STARTS, ENDS = "2026-03-10 10:00", "2026-03-10 22:00"
DURING = at("2026-03-10 12:00")

# Around the listing a feature of a node is frozen from seven days before its start to 72 hours after its end.
FIRST, LAST = at("2026-03-03 10:00"), at("2026-03-13 22:00")


def listing(**fields: Any) -> Event:
    """The example listing, of severity 3."""
    return build.event(STARTS, ENDS, **fields)


def ask(catalog: Catalog, release: Release, moment: Any = DURING) -> Question:
    """A question about the stable channel."""
    return Question(catalog, release, "stable", Evidence(), moment)


def judged(gate: Gate, event: Event, moment: Any = DURING, change_class: str = "feature", **fields: Any) -> Verdict:
    """What a rule says of a release of a node near one event."""
    one = build.release("4.2.0", change_class, **fields)
    return gate.verdict(ask(build.catalog([event], [one]), one, moment))


def test_r3_a_release_is_event_coordinated_exactly_while_an_event_is_near() -> None:
    one = build.release("4.2.0")
    catalog = build.catalog([listing()], [one])
    said = [ask(catalog, one, edge + shift * SECOND).coordination for edge in (FIRST, LAST) for shift in (-1, 0)]
    assert said == ["routine", "event-coordinated", "event-coordinated", "routine"]


def test_r3_a_release_that_names_a_coming_event_is_event_coordinated_until_it_is_over() -> None:
    one = build.release("4.2.0", "docs", events=["example-listing"])
    catalog = build.catalog([listing()], [one])
    assert ask(catalog, one, at("2026-01-01")).coordination == "event-coordinated"
    assert ask(catalog, one, at(ENDS) - SECOND).coordination == "event-coordinated"
    assert ask(catalog, one, at(ENDS)).coordination == "routine"


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


SEVERE = listing(severity=build.severity(4))


def tried(
    *scenarios: Scenario, event: Event = SEVERE, change_class: str = "feature", product: str = "daemon"
) -> Verdict:
    """What is said of a release near a severe event with these scenarios."""
    one = build.release("4.2.0", change_class, product)
    return scenario.GATE.verdict(ask(replace(build.catalog([event], [one]), scenarios=scenarios), one))


def test_r5_a_node_release_near_a_severe_event_needs_a_recent_scenario() -> None:
    oldest = at(STARTS) - timedelta(days=180)
    for shift, outcome in ((-1, Outcome.BLOCKED), (0, Outcome.PASS), (1, Outcome.PASS)):
        assert tried(build.scenario(f"{oldest + shift * SECOND:%Y-%m-%d %H:%M:%S}")).outcome is outcome, shift
    verdict = tried()
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == 'No scenario was run for "A trading pair opens on Example Exchange" (severity 4).'
    assert verdict.sources == ("example-listing",)


@pytest.mark.parametrize(
    ("product", "change_class", "outcome"),
    [
        ("daemon", "feature", Outcome.BLOCKED),
        ("daemon", "patch", Outcome.BLOCKED),
        ("daemon", "docs", Outcome.NOT_APPLICABLE),
        ("desktop", "feature", Outcome.NOT_APPLICABLE),
        *(
            ("desktop", one, Outcome.BLOCKED)
            for one in ("protocol", "rpc", "dht", "tracker", "seeding", "storage", "migration")
        ),
    ],
)
def test_r5_only_what_can_fail_everywhere_at_once_needs_a_scenario(
    product: str, change_class: str, outcome: Outcome
) -> None:
    assert tried(change_class=change_class, product=product).outcome is outcome


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"result": "failed"}, '"Nodes start again while everybody logs in" failed.'),
        ({"failures": ["login", "login"]}, '"Nodes start again while everybody logs in" tests a single failure.'),
        (
            {"event_types": ["hard-fork"]},
            'No scenario was run for "A trading pair opens on Example Exchange" (severity 4).',
        ),
    ],
)
def test_r5_a_scenario_that_does_not_fit_says_why(fields: dict[str, Any], words: str) -> None:
    verdict = tried(build.scenario("2026-02-01", **fields))
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason.endswith(words)


def test_r5_a_scenario_that_is_too_old_says_when_it_ran() -> None:
    verdict = tried(build.scenario("2025-01-01"))
    assert verdict.reason.endswith("ran on 1 January 2025, more than 180 days before the event.")


def test_r5_one_scenario_that_fits_is_enough() -> None:
    failed = build.scenario("2026-02-02", id="failed", result="failed")
    assert tried(failed, build.scenario("2026-02-01", event_types=["exchange-listing"])).outcome is Outcome.PASS


def test_r5_an_event_of_less_severity_needs_none_and_an_accepted_signal_makes_it_severe() -> None:
    one = build.release("4.2.0")
    catalog = build.catalog([listing()], [one])
    assert scenario.GATE.verdict(ask(catalog, one)).outcome is Outcome.PASS
    heard = build.signal("example-listing", 4, accepted=True)
    assert scenario.GATE.verdict(ask(replace(catalog, signals=(heard,)), one)).outcome is Outcome.BLOCKED


def test_r5_what_starts_with_a_block_is_counted_from_the_latest_moment() -> None:
    trigger = {
        "kind": "block", "chain": "BTTC", "height": 200, "seen": 100, "as_of": "2026-03-10T08:20:00Z",
        "spacing_seconds": 60.0, "earliest": "2026-03-10T08:00:00Z", "latest": "2026-03-11T10:00:00Z",
    }  # fmt: skip
    event = listing(severity=build.severity(4), trigger=trigger)
    assert tried(build.scenario("2025-09-12 09:59:59"), event=event).outcome is Outcome.BLOCKED
    assert tried(build.scenario("2025-09-12 10:00"), event=event).outcome is Outcome.PASS


def test_r5_a_run_counts_from_the_moment_at_which_it_was_run() -> None:
    one = build.release("4.2.0")
    ran = at("2026-03-09 12:00")
    catalog = replace(build.catalog([SEVERE], [one]), scenarios=(build.scenario("2026-03-09 12:00"),))
    for shift, outcome in ((-1, Outcome.BLOCKED), (0, Outcome.PASS), (1, Outcome.PASS)):
        assert scenario.GATE.verdict(ask(catalog, one, ran + shift * SECOND)).outcome is outcome
    assert ran in scenario.GATE.edges(ask(catalog, one, ran - SECOND))
    assert ran not in scenario.GATE.edges(ask(catalog, one, ran))


def risks(*named: str) -> list[dict[str, str]]:
    """A risk of each class that is named."""
    return [{"risk": one, "description": "A.", "mitigation": "B.", "detector": "C."} for one in named]


@pytest.mark.parametrize(
    ("named", "missing"),
    [
        ([], "outage, security and trust"),
        (risks("outage"), "security and trust"),
        (risks("outage", "trust"), "security"),
    ],
)
def test_r7_near_an_event_every_class_of_risk_is_named(named: list[dict[str, str]], missing: str) -> None:
    verdict = judged(named_risks.GATE, listing(), risks=named)
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.reason == f"Near an event, a release must name its risks. Missing: {missing}."


def test_r7_a_risk_of_each_class_or_a_reason_why_there_is_none_passes() -> None:
    told = [*risks("outage", "trust"), {"risk": "security", "none_because": "Only colours change."}]
    assert judged(named_risks.GATE, listing(), risks=told).outcome is Outcome.PASS


def test_r3_r7_only_while_an_event_is_near_and_not_for_documentation() -> None:
    for edge, shift, outcome in (
        (FIRST, -1, Outcome.NOT_APPLICABLE),
        (FIRST, 0, Outcome.BLOCKED),
        (FIRST, 1, Outcome.BLOCKED),
        (LAST, -1, Outcome.BLOCKED),
        (LAST, 0, Outcome.NOT_APPLICABLE),
    ):
        assert judged(named_risks.GATE, listing(), edge + shift * SECOND, risks=[]).outcome is outcome, (edge, shift)
    docs = judged(named_risks.GATE, listing(), change_class="docs", risks=[], events=["example-listing"])
    assert docs.outcome is Outcome.NOT_APPLICABLE


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


def showing(catalog: Catalog, *what: str) -> Catalog:
    """The catalog, with a daemon that shows this."""
    daemon = catalog.products["daemon"].model_copy(update={"shows": tuple(Assumption(one) for one in what)})
    return replace(catalog, products=catalog.products | {"daemon": daemon})


def shown(event: Event, shows: list[str], **notes: Any) -> Verdict:
    """What is said of a product that shows these things."""
    known = build.release("4.2.0").notes.model_dump(mode="json", exclude_defaults=True)
    one = build.release("4.2.0", notes=known | notes)
    catalog = build.catalog([event], [one])
    return assumptions.GATE.verdict(ask(showing(catalog, *shows), one))


def test_r6_an_event_that_ends_what_the_product_shows_needs_a_statement() -> None:
    event = listing(invalidates=["balances", "upgrade-path"])
    verdict = shown(event, ["units", "balances", "upgrade-path"])
    assert verdict.outcome is Outcome.BLOCKED
    assert "(balances and upgrade path)" in verdict.reason
    assert shown(event, ["units", "metadata"]).outcome is Outcome.PASS
    assert shown(event, []).outcome is Outcome.NOT_APPLICABLE
    assert shown(listing(), ["balances"]).outcome is Outcome.PASS
    assert shown(event, ["balances"], unit_statement="One new token is 1,000 old ones.").outcome is Outcome.PASS


@pytest.mark.parametrize("hidden", [{"visibility": "internal"}, {"visibility": "embargoed"}])
@pytest.mark.parametrize("gate", [score.GATE, scenario.GATE, named_risks.GATE, comms_lead.GATE, assumptions.GATE])
def test_r96_the_public_does_not_read_of_events_that_are_not_public(gate: Gate, hidden: dict[str, str]) -> None:
    if hidden["visibility"] == "embargoed":
        hidden = hidden | {"embargoed_until": "2026-03-10T12:00:01Z"}
    known = listing(id="zebra", title="Zebra", comms_lead=None, invalidates=["units"], **hidden)
    event = Event.model_validate_json(known.model_dump_json(exclude_defaults=True, exclude={"severity"}))
    one = build.release("4.2.0", risks=[])
    catalog = build.catalog([event], [one])
    verdict = gate.verdict(ask(showing(catalog, "units"), one))
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
    told: dict[str, Any] = {"notes": notes | {"unit_statement": "Units stay."}} if kept else {"risks": []}
    one = build.release("4.2.0", events=["example-listing"], **told)
    catalog = showing(build.catalog(events, [one]), "units")
    return replace(catalog, scenarios=(build.scenario("2026-02-01"),) if kept else (build.scenario("2026-05-09"),)), one


@pytest.mark.parametrize("gate", GATES)
def test_a_verdict_changes_at_its_boundaries_only(gate: Gate) -> None:
    catalog, one = around(kept=False)
    moment, seen = at("2026-01-01"), set()
    for edge in [*sorted(set(gate.edges(ask(catalog, one, moment)))), at("2026-08-01")]:
        said = {
            gate.verdict(ask(catalog, one, moment + part * (edge - moment - SECOND) / 7)).outcome for part in range(8)
        }
        assert len(said) == 1, (moment, edge)
        seen |= said
        moment = edge
    assert len(seen) > 1


@pytest.mark.parametrize("gate", GATES)
def test_a_register_without_gaps_has_no_boundaries(gate: Gate) -> None:
    catalog, one = around(kept=True)
    assert tuple(gate.edges(ask(catalog, one, at("2026-02-02")))) == ()
    assert gate.verdict(ask(catalog, one)).outcome is Outcome.PASS
