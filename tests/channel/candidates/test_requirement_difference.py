"""How requirements change, in lines that people read before they sign."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.channel.candidates.requirement_difference import requirement_changes
from publisher.wire.feed_words import Audience
from publisher.wire.requirement import Estimate, Requirement
from publisher.wire.version import Version
from tests.support.build import at

NOW = at("2026-11-20 12:00")
LATER = at("2027-01-15 12:00")


def requirement(at_least: str = "2.0.0", event: str = "fork", **fields: object) -> Requirement:
    known: dict[str, object] = {"title": f"The {event}", "by": LATER, "runway_begins": LATER - timedelta(days=14)}
    return Requirement(event=event, at_least=Version.parse(at_least), **(known | fields))  # type: ignore[arg-type]


ESTIMATE = Estimate(
    kind="block",
    chain="btt",
    height=1000,
    seen=10,
    spacing_ms=3000,
    as_of=NOW,
    earliest=LATER,
    latest=LATER + timedelta(days=1),
    drift_per_day=timedelta(hours=1),
    trusted_until=LATER,
)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (None, requirement(), 'added: "The fork" requires 2.0.0 or later by Friday 15 January 2027, 12:00 UTC'),
        (requirement(), None, 'cancelled: "The fork" no longer requires 2.0.0'),
        (requirement(), requirement("2.1.0"), 'raised: "The fork" requires 2.0.0 -> 2.1.0'),
        (requirement(), requirement("1.9.0"), 'lowered: "The fork" requires 2.0.0 -> 1.9.0'),
        (
            requirement(),
            requirement(by=LATER + timedelta(days=1)),
            'moved: "The fork" is due by Friday 15 January 2027, 12:00 UTC -> Saturday 16 January 2027, 12:00 UTC',
        ),
        (
            requirement(),
            requirement(audiences=(Audience.HOSTS,)),
            'audience: "The fork" is for everybody -> hosts',
        ),
        (
            requirement(),
            requirement(runway_begins=LATER),
            (
                'runway: "The fork" becomes urgent on Friday 1 January 2027, 12:00 UTC'
                " -> Friday 15 January 2027, 12:00 UTC"
            ),
        ),
        (requirement(), requirement(title="A fork"), 'renamed: "The fork" -> "A fork"'),
        (
            requirement(),
            requirement(url="https://x.test/"),
            'page: "The fork" is described at no page -> https://x.test/',
        ),
        (
            requirement(),
            requirement(estimate=ESTIMATE),
            (
                'estimated: "The fork" waits for block 1000 of btt, between Friday 15 January 2027, 12:00 UTC and'
                " Saturday 16 January 2027, 12:00 UTC, as estimated on Friday 20 November 2026, 12:00 UTC"
            ),
        ),
        (requirement(estimate=ESTIMATE), requirement(), 'estimated: "The fork" has a date from now on'),
    ],
)
def test_every_change_has_its_line(before: Requirement | None, after: Requirement | None, line: str) -> None:
    assert requirement_changes([before] if before else [], [after] if after else [], NOW) == (line,)


def test_what_stays_has_none_in_whatever_order() -> None:
    fork, other = requirement(), requirement(event="other")
    assert requirement_changes([fork, other], [other, fork], NOW) == ()


def test_what_is_over_and_covered_goes_without_a_word_and_anything_else_does_not() -> None:
    over = requirement(by=NOW - timedelta(days=1))
    assert requirement_changes([over], [requirement("2.0.0", "later")], NOW)[1:] == ()
    assert requirement_changes([over, requirement("2.0.0", "later")], [requirement("2.0.0", "later")], NOW) == ()
    for left in (requirement("1.9.0", "later"), requirement("2.0.0", "later", audiences=(Audience.HOSTS,))):
        assert requirement_changes([over, left], [left], NOW) == ('cancelled: "The fork" no longer requires 2.0.0',)
