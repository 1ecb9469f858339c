"""The notes say what an event changes of what the product shows (R6)."""

from __future__ import annotations

from typing import Any

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.gates.environment import assumptions
from tests.support import build
from tests.support.near import ask, listing, showing


def shown(event: Event, shows: list[str], **notes: Any) -> Verdict:
    """What is said of a product that shows these things."""
    known = build.release("4.2.0").notes.model_dump(mode="json", exclude_defaults=True)
    release = build.release("4.2.0", notes=known | notes)
    catalog = build.catalog([event], [release])
    return assumptions.GATE.verdict(ask(showing(catalog, *shows), release))


def test_r6_an_event_that_ends_what_the_product_shows_needs_a_statement() -> None:
    event = listing(invalidates=["balances", "upgrade-path"])
    verdict = shown(event, ["units", "balances", "upgrade-path"])
    assert verdict.outcome is Outcome.BLOCKED
    assert "(balances and upgrade path)" in verdict.reason
    assert shown(event, ["units", "metadata"]).outcome is Outcome.PASS
    assert shown(event, []).outcome is Outcome.NOT_APPLICABLE
    assert shown(listing(), ["balances"]).outcome is Outcome.PASS
    assert shown(event, ["balances"], unit_statement="One new token is 1,000 old ones.").outcome is Outcome.PASS
