"""`publish explain`: all answers at a moment; what the public reads agrees in outcome and times (R94)."""

from __future__ import annotations

import json

from publisher.cli.plan.explain import ExplainReport
from publisher.rules.gate_order import GATES
from tests.support.build import at
from tests.support.command import Publish, flat

KEPT = ("product", "version", "channel", "outcome", "next_change", "then")


def test_r94_every_release_to_come_has_an_answer(publish: Publish) -> None:
    out = publish("explain").out
    assert out.splitlines()[0] == "Friday 20 November 2026, 12:00 UTC: 3 of 9 may ship."
    assert "\nbtfs-node 4.2.0 waits until Saturday 28 November 2026, 22:00 UTC (stable).\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_r94_the_public_and_the_maintainers_read_the_same_outcome_and_times(publish: Publish) -> None:
    for moment in ("2026-11-20T12:00:00Z", "2026-12-08T00:00:00Z", "2027-01-20T00:00:00Z"):
        whole = json.loads(publish("explain", "--json", "--at", moment).out)["decisions"]
        public = json.loads(publish("explain", "--json", "--public", "--at", moment).out)["decisions"]
        assert [{name: one[name] for name in KEPT} for one in public] == [
            {name: one[name] for name in KEPT} for one in whole if (one["product"], one["version"]) != INTERNAL
        ]
        assert all(
            [verdict["rule"] for verdict in decision["verdicts"]] == [gate.id for gate in GATES] for decision in public
        )


INTERNAL = ("web-dashboard", "3.0.0")


def test_r96_nothing_internal_or_embargoed_is_in_the_public_answer(publish: Publish) -> None:
    out = publish("explain", "--public", "--at", "2026-12-08T00:00:00Z").out
    assert "Reserved period" in out
    assert "Partner" not in out
    assert "3.0.0" not in out


def test_one_product_alone_can_be_asked_about_if_there_is_such_a_one(publish: Publish) -> None:
    decisions = json.loads(publish("explain", "--product", "web-dashboard", "--json").out)["decisions"]
    assert {one["product"] for one in decisions} == {"web-dashboard"}
    ran = publish("explain", "--product", "web-dash")
    assert (ran.code, ran.out) == (1, "")
    assert "did you mean web-dashboard" in flat(ran.err)


def test_where_no_release_is_to_come_it_says_so() -> None:
    assert ExplainReport([], at("2026-11-20 12:00")).lines(80) == [
        "Friday 20 November 2026, 12:00 UTC: no upcoming release."
    ]
