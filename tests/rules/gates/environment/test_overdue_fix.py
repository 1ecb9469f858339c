"""Safety fixes do not wait for ever (R28)."""

from __future__ import annotations

from publisher.rules.evaluate import evaluate
from tests.support import build
from tests.support.build import at

LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")


def test_r28_a_safety_fix_that_waits_too_long_says_so_and_to_whom() -> None:
    release = build.release("4.2.0", "security", planned_for="2026-03-06T00:00:00Z")
    catalog = build.catalog([LISTING], [release])
    for moment, overdue in (("2026-03-07 23:59:59", False), ("2026-03-08", True)):
        decision = evaluate(catalog, release, "stable", at(moment))
        (verdict,) = [verdict for verdict in decision.verdicts if verdict.rule == "urgency.delay"]
        assert ("overdue" in verdict.reason) is overdue
        assert bool(verdict.who) is overdue
