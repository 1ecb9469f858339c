"""What can fail everywhere at once has been tried out before a severe event (R5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.content.event import Event
from publisher.model.content.risk_register import Scenario
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.gates.environment import scenario
from tests.support import build
from tests.support.build import at
from tests.support.near import SECOND, STARTS, ask, listing

SEVERE = listing(severity=build.severity(4))


def tried(
    *scenarios: Scenario, event: Event = SEVERE, change_class: str = "feature", product: str = "daemon"
) -> Verdict:
    """What is said of a release near a severe event with these scenarios."""
    release = build.release("4.2.0", change_class, product)
    return scenario.GATE.verdict(ask(replace(build.catalog([event], [release]), scenarios=scenarios), release))


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
            ("desktop", change_class, Outcome.BLOCKED)
            for change_class in ("protocol", "rpc", "dht", "tracker", "seeding", "storage", "migration")
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
    release = build.release("4.2.0")
    catalog = build.catalog([listing()], [release])
    assert scenario.GATE.verdict(ask(catalog, release)).outcome is Outcome.PASS
    heard = build.signal("example-listing", 4, accepted=True)
    assert scenario.GATE.verdict(ask(replace(catalog, signals=(heard,)), release)).outcome is Outcome.BLOCKED


def test_r5_what_starts_with_a_block_is_counted_from_the_latest_moment() -> None:
    trigger = {
        "kind": "block", "chain": "BTTC", "height": 200, "seen": 100, "as_of": "2026-03-10T08:20:00Z",
        "spacing_seconds": 60.0, "earliest": "2026-03-10T08:00:00Z", "latest": "2026-03-11T10:00:00Z",
    }  # fmt: skip
    event = listing(severity=build.severity(4), trigger=trigger)
    assert tried(build.scenario("2025-09-12 09:59:59"), event=event).outcome is Outcome.BLOCKED
    assert tried(build.scenario("2025-09-12 10:00"), event=event).outcome is Outcome.PASS


def test_r5_a_run_counts_from_the_moment_at_which_it_was_run() -> None:
    release = build.release("4.2.0")
    ran = at("2026-03-09 12:00")
    catalog = replace(build.catalog([SEVERE], [release]), scenarios=(build.scenario("2026-03-09 12:00"),))
    for shift, outcome in ((-1, Outcome.BLOCKED), (0, Outcome.PASS), (1, Outcome.PASS)):
        assert scenario.GATE.verdict(ask(catalog, release, ran + shift * SECOND)).outcome is outcome
    assert ran in scenario.GATE.edges(ask(catalog, release, ran - SECOND))
    assert ran not in scenario.GATE.edges(ask(catalog, release, ran))
