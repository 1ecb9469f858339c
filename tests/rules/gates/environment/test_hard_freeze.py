"""A hard freeze names the end of the whole stretch, and what begins next (R19)."""

from __future__ import annotations

from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import hard_freeze
from tests.support import build
from tests.support.build import at


def hard(events: list[str], moment: str) -> Verdict:
    """The verdict of the hard freeze with events that each last a day and begin at the given days."""
    release = build.release("4.2.0", product="desktop")
    listings = [
        build.event(day, day + " 12:00", id=f"event-{n}", title=f"Event {n}") for n, day in enumerate(events, 1)
    ]
    question = Question(build.catalog(listings, [release]), release, "stable", Evidence(), at(moment))
    return hard_freeze.GATE.verdict(question)


def test_waiting_names_the_end_of_the_whole_stretch() -> None:
    # The second freeze begins while the first still holds: "until the end of the first" would be wrong.
    verdict = hard(["2026-03-10", "2026-03-17"], "2026-03-05")
    assert verdict.until == at("2026-03-17 12:00")
    assert verdict.reason.startswith('Hard freeze around "Event 1" and "Event 2"')
    assert verdict.sources == ("event-1", "event-2")


def test_a_gap_of_a_second_is_a_gap() -> None:
    first_event, other = (
        build.event("2026-03-10", "2026-03-10 12:00"),
        build.event("2026-03-17 12:00:01", "2026-03-18", id="b"),
    )
    asked = build.release("4.2.0", product="desktop")
    catalog = build.catalog([first_event, other], [asked])
    verdict = hard_freeze.GATE.verdict(Question(catalog, asked, "stable", Evidence(), at("2026-03-05")))
    assert verdict.until == at("2026-03-10 12:00")


def test_many_events_in_a_row_stay_readable() -> None:
    verdict = hard([f"2026-03-{day:02}" for day in range(1, 28, 3)], "2026-02-25")
    # At each moment the freeze that ends last is named; those that lie within others add nothing.
    assert '"Event 2", "Event 4" and 3 more' in verdict.reason
    assert len(verdict.sources) == 5


def test_what_begins_next_is_said_while_nothing_holds() -> None:
    verdict = hard(["2026-03-10"], "2026-03-01")
    assert verdict.outcome is Outcome.PASS
    assert verdict.reason == "No hard freeze is in force; the next begins on Tuesday 3 March 2026, 00:00 UTC."
    assert hard(["2026-03-10"], "2026-04-01").reason == "No hard freeze is in force, and none is planned."
    assert hard([], "2026-04-01").outcome is Outcome.NOT_APPLICABLE
