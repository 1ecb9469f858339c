"""A release for an event: the event's own freeze does not stop what it requires, and nothing else rides along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from publisher.model.config.role import Duty
from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.model.records.channel_state import Withdrawal
from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.engine.required_approvals import Needs, needs
from publisher.rules.evaluate import evaluate
from publisher.rules.gate_order import BY_ID
from tests.support import build
from tests.support.build import at

NOTES = {"action": "required", "restart": "service", "symptoms": [], "first_24h": ["Wait."]}
LINE = {"product": "daemon", "channel": "stable", "at_least": "5.0.0"}
UPGRADE = build.event(
    "2026-03-31 12:00", "2026-03-31 18:00", id="upgrade", title="Upgrade", type="mainnet-upgrade", requires=[LINE]
)
"""Hard from 21 March, 12:00 (7 days, 2 for a protocol change of a node, 1 for DHT, tracker or seeding)."""
LISTING = build.event("2026-04-04 10:00", "2026-04-04 22:00", id="listing", title="Listing")


def needed(version: str = "5.0.0", change_class: str = "protocol", **fields: Any) -> Release:
    return build.release(version, change_class, notes=NOTES, **{"for_event": "upgrade", **fields})


def decided(moment: str, release: Release, *others: Release, events: tuple[Event, ...] = (UPGRADE,)) -> Decision:
    return evaluate(build.catalog(events, [release, *others]), release, "stable", at(moment))


def outcome(decision: Decision, rule: str) -> Outcome:
    return next(verdict.outcome for verdict in decision.verdicts if verdict.rule == rule)


@pytest.mark.parametrize(
    ("moment", "hard"),
    [
        ("2026-03-21 12:00", Outcome.PASS),
        ("2026-03-31 11:59:59", Outcome.PASS),
        ("2026-03-31 12:00", Outcome.WAITING),
    ],
)
def test_r27_its_own_event_does_not_stop_it_until_the_moment_of_the_requirement(moment: str, hard: Outcome) -> None:
    assert outcome(decided(moment, needed()), "freeze.hard") is hard
    assert outcome(decided(moment, needed(for_event=None)), "freeze.hard") is Outcome.WAITING


def test_r96_what_an_event_under_embargo_requires_and_when_is_not_told() -> None:
    """Its freeze and that a release passes it are public; that it requires a version, and by when, is not."""
    known = UPGRADE.model_dump(mode="json") | {"requires": [LINE | {"by": "2026-03-30T07:13:00Z"}]}
    secret = {"visibility": "embargoed", "embargoed_until": "2026-06-01T00:00:00Z"}
    hidden = Event.model_validate_json(json.dumps(known | secret))
    decision = decided("2026-03-29", needed(), events=(hidden,))
    (told,) = [verdict.reason for verdict in decision.public().verdicts if verdict.rule == "freeze.hard"]
    assert told == '"Reserved period": the hard freeze does not stop this release.'
    assert "07:13" not in decision.public().model_dump_json()
    assert "07:13" in decision.model_dump_json()


def test_the_freeze_of_another_event_stops_it() -> None:
    decision = decided("2026-03-30", needed(), events=(UPGRADE, LISTING))
    (verdict,) = [verdict for verdict in decision.verdicts if verdict.rule == "freeze.hard"]
    assert verdict.outcome is Outcome.WAITING
    assert (verdict.sources, '"Upgrade"' in verdict.reason) == (("listing",), False)


def test_r28_no_feature_rides_along() -> None:
    shipped = build.release("5.0.0", "protocol", notes=NOTES, shipped_at="2026-03-15T00:00:00Z")
    assert outcome(decided("2026-03-25", needed("5.1.0", "feature"), shipped), "freeze.hard") is Outcome.WAITING
    planned = build.release("5.0.0", "protocol", notes=NOTES)
    assert outcome(decided("2026-03-25", needed("5.1.0", "feature"), planned), "freeze.hard") is Outcome.WAITING


def test_a_version_after_one_that_was_taken_back_is_the_required_one() -> None:
    release = needed("5.0.1")
    back = build.release("5.0.0", "protocol", notes=NOTES, shipped_at="2026-03-15T00:00:00Z")
    catalog = build.catalog([UPGRADE], [release, back])
    gone = Withdrawal(product="daemon", version=back.version, channel="stable")
    for evidence, hard in ((Evidence(), Outcome.WAITING), (Evidence(withdrawn=(gone,)), Outcome.PASS)):
        decision = evaluate(catalog, release, "stable", at("2026-03-25"), evidence)
        assert outcome(decision, "freeze.hard") is hard


def test_a_pre_release_meets_nothing() -> None:
    """nearcore#14241: a version was mandatory of which only a release candidate existed."""
    release = needed("5.0.0-rc.1")
    decision = evaluate(build.catalog([UPGRADE], [release]), release, "beta", at("2026-03-25"))
    assert outcome(decision, "freeze.hard") is Outcome.WAITING


def test_a_requirement_of_another_release_line_does_not_help() -> None:
    """bsc#2025: the lowest version that a fork needs differs by release line."""
    other = UPGRADE.model_copy(
        update={"requires": build.event("2026-03-31", "2026-04-01", requires=[LINE | {"channel": "beta"}]).requires}
    )
    release = needed()
    for channel, hard in (("stable", Outcome.WAITING), ("beta", Outcome.PASS)):
        decision = evaluate(build.catalog([other], [release]), release, channel, at("2026-03-25"))
        assert outcome(decision, "freeze.hard") is hard


def asked(moment: str, release: Release, profile: str = "team") -> Needs:
    policy = build.team_policy().model_copy(update={"profile": profile})
    catalog = build.catalog([UPGRADE], [release], the_policy=policy)
    question = Question(catalog, release, "stable", Evidence(), at(moment))
    return needs(question, evaluate(catalog, release, "stable", at(moment)), BY_ID)


def test_r27_in_the_hard_freeze_of_its_event_an_executive_signs_too_and_no_override_is_needed() -> None:
    hard = asked("2026-03-25", needed())
    assert (hard.persons, hard.duties) == (3, (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE))
    assert "It ships in the hard freeze of the event that it is for." in hard.because
    assert not hard.overrides
    assert asked("2026-03-25", needed(for_event=None)).duties == (Duty.ENGINEERING, Duty.OPERATIONS)
    assert asked("2026-03-25", needed(), "solo").duties == ()


def test_in_the_soft_freeze_of_its_event_engineering_and_operations_sign() -> None:
    testnet = build.event("2026-03-31 12:00", "2026-03-31 18:00", id="upgrade", type="testnet-upgrade", requires=[LINE])
    release = needed(change_class="feature")
    catalog = build.catalog([testnet], [release])
    question = Question(catalog, release, "stable", Evidence(), at("2026-03-30 18:00"))
    decision = evaluate(catalog, release, "stable", question.now)
    assert outcome(decision, "freeze.soft") is Outcome.PASS
    assert needs(question, decision, BY_ID).duties == (Duty.ENGINEERING, Duty.OPERATIONS)
    without = build.catalog([testnet], [needed(change_class="feature", for_event=None)])
    assert outcome(evaluate(without, without.releases[0], "stable", question.now), "freeze.soft") is Outcome.WAITING


def test_whoever_forgot_to_say_that_it_is_for_the_event_is_told() -> None:
    decision = decided("2026-03-25", needed(for_event=None))
    (verdict,) = [verdict for verdict in decision.verdicts if verdict.rule == "freeze.hard"]
    assert "set `for_event: upgrade`, and its freeze does not stop it." in verdict.fix


def test_for_event_is_not_proposed_once_the_moment_of_the_requirement_has_passed() -> None:
    decision = decided("2026-03-31 18:30", needed(for_event=None))
    (verdict,) = [verdict for verdict in decision.verdicts if verdict.rule == "freeze.hard"]
    assert verdict.outcome is Outcome.WAITING
    assert "for_event" not in verdict.fix


def test_r3_a_release_for_an_event_is_near_it_before_any_freeze_holds() -> None:
    release = needed(events=[])
    question = Question(build.catalog([UPGRADE], [release]), release, "stable", Evidence(), at("2026-03-01"))
    assert question.near == (UPGRADE,)
    assert question.coordination == "event-coordinated"
    assert needed(events=["upgrade", "other"]).named_events == ("upgrade", "other")
