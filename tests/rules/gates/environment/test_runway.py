"""A version that an event requires comes out while users have time to install it (R28)."""

from __future__ import annotations

import pytest

from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import evaluate, moments
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

UPGRADE = build.event(
    "2026-03-31 12:00",
    "2026-03-31 18:00",
    id="upgrade",
    title="Network upgrade",
    type="mainnet-upgrade",
    requires=[{"product": "daemon", "channel": "stable", "at_least": "5.0.0"}],
)
NEEDED = build.release(
    "5.0.0", "protocol", notes={"action": "required", "restart": "service", "symptoms": [], "first_24h": ["Wait."]}
)


def verdict(moment: str, *events: Event, release: Release = NEEDED, **evidence: object) -> Verdict:
    catalog = build.catalog(events or [UPGRADE], [release])
    decision = evaluate(catalog, release, "stable", at(moment), Evidence.model_validate(evidence))
    return next(verdict for verdict in decision.verdicts if verdict.rule == "urgency.runway")


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [
        ("2026-03-10 11:59:59", Outcome.PASS),
        ("2026-03-10 12:00", Outcome.NEEDS_APPROVAL),
        ("2026-03-31 11:59:59", Outcome.NEEDS_APPROVAL),
        ("2026-03-31 12:00", Outcome.NEEDS_APPROVAL),
    ],
)
def test_r28_it_passes_until_21_days_before_and_then_asks_for_an_approval(moment: str, outcome: Outcome) -> None:
    """zcash#4111: a version that everybody needed came out a day before the fork."""
    assert verdict(moment).outcome is outcome


def test_r28_it_says_the_last_safe_date_and_whose_runway_that_is() -> None:
    assert verdict("2026-03-01").reason == (
        '"Network upgrade" requires it by Tuesday 31 March 2026, 12:00 UTC. The last safe date to ship is Tuesday'
        " 10 March 2026, 12:00 UTC, 21 days before (nodes on main networks)."
    )
    assert verdict("2026-03-20").who == "Operations, comms and an executive"


def test_a_fork_announced_with_two_days_notice_needs_an_approval_and_never_waits() -> None:
    late = UPGRADE.model_copy(update={"announced": at("2026-03-29 12:00")})
    assert verdict("2026-03-29 12:00", late).outcome is Outcome.NEEDS_APPROVAL
    assert "every later date is worse" in verdict("2026-03-29 12:00", late).fix


def test_the_longest_runway_of_those_asked_counts() -> None:
    line = {"product": "daemon", "channel": "stable", "at_least": "5.0.0"}
    exchanges = UPGRADE.model_copy(
        update={
            "requires": build.event("2026-03-31", "2026-04-01", requires=[line | {"audiences": ["exchanges"]}]).requires
        }
    )
    assert verdict("2026-03-01 12:00", exchanges).outcome is Outcome.NEEDS_APPROVAL
    assert "30 days before (exchanges test in their own time)" in verdict("2026-02-01", exchanges).reason
    assert "for exchanges" in verdict("2026-02-01", exchanges).reason
    hosts = build.event(
        "2026-03-31 12:00", "2026-04-01", type="mainnet-upgrade", requires=[line | {"audiences": ["hosts"]}]
    )
    assert verdict("2026-03-10 11:59", hosts).outcome is Outcome.PASS


def test_nothing_is_asked_of_a_version_that_nobody_needs() -> None:
    assert verdict("2026-03-20", release=build.release("4.9.0", "patch")).outcome is Outcome.NOT_APPLICABLE
    cancelled = UPGRADE.model_copy(update={"status": "cancelled"})
    assert verdict("2026-03-20", cancelled).outcome is Outcome.NOT_APPLICABLE
    assert verdict("2026-03-20", live=Version.parse("5.0.0")).outcome is Outcome.NOT_APPLICABLE


def test_r18_the_last_safe_date_comes_nearer_as_an_estimate_ages() -> None:
    trigger = {
        "kind": "block", "chain": "chain", "height": 2000, "seen": 1000, "spacing_seconds": 2592.0,
        "as_of": "2026-03-01T12:00:00Z", "earliest": "2026-03-31T12:00:00Z", "latest": "2026-04-01T12:00:00Z",
    }  # fmt: skip
    estimated = build.event(
        "2026-03-31 12:00",
        "2026-03-31 18:00",
        type="mainnet-upgrade",
        trigger=trigger,
        requires=[{"product": "daemon", "channel": "stable", "at_least": "5.0.0"}],
    )
    # 9 days after the estimate its earliest moment has come 9 hours nearer, by 1 hour a day.
    assert verdict("2026-03-10 03:00", estimated).outcome is Outcome.PASS
    assert verdict("2026-03-10 04:00", estimated).outcome is Outcome.NEEDS_APPROVAL
    question = Question(build.catalog([estimated], [NEEDED]), NEEDED, "stable", Evidence(), at("2026-03-02"))
    inside = [moment for moment in moments(question, at("2026-03-11")) if moment > at("2026-03-10")]
    assert inside
    assert at("2026-03-10 03:00") < inside[0] < at("2026-03-10 04:00")
