"""The order of gates, and names of events in reasons."""

from __future__ import annotations

from publisher.rules.engine.public_words import neutral, titled
from publisher.rules.english import few, sentences
from publisher.rules.evaluate import evaluate
from publisher.rules.gate_order import GATES
from tests.support import build
from tests.support.build import at


def test_every_rule_that_decides_is_known_by_its_id_and_shown_in_this_order() -> None:
    one = build.release("4.2.0")
    decided = [verdict.rule for verdict in evaluate(build.catalog([], [one]), one, "stable", at("2026-01-01")).verdicts]
    assert decided == [gate.id for gate in GATES]


def test_long_lists_stay_readable() -> None:
    assert few(["a", "b", "a", "c"]) == "a, b and c"
    assert few(["a", "b", "c", "d"]) == "a, b and 2 more"
    assert sentences(["A.", "B.", "C."]) == "A. B. C."
    assert sentences(["A.", "B.", "C.", "D."]) == "A. B. The same goes for 2 more."


def test_what_is_not_public_has_neutral_words_from_the_embargo_to_its_end() -> None:
    open_one = build.event("2026-03-10", "2026-03-11", title="Fair")
    fields = {"visibility": "embargoed", "embargoed_until": "2026-03-01T12:00:00Z"}
    hidden = build.event("2026-03-10", "2026-03-11", title="Deal", **fields)
    assert titled([open_one, hidden]) == '"Fair" and "Deal"'
    assert neutral([open_one, hidden], at("2026-03-01 11:59:59"), "wait.") == '"Fair" and "Reserved period": wait.'
    assert neutral([open_one, hidden], at("2026-03-01 12:00"), "wait.") is None
