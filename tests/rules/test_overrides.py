"""Overrides: exact rules, exact files, the right people, for a while, once (R27, R30)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from publisher.content.links.risk_register import OVERRIDABLE
from publisher.model.config.role import Duty
from publisher.model.content.risk_register import Approver, Override, RollbackReview
from publisher.model.published_file import PublishedFile
from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.evidence import Evidence, OfferedFile
from publisher.rules.evaluate import evaluate
from publisher.rules.gates.technical import artifacts
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
RIGHT, OTHER = "a" * 64, "b" * 64
PEOPLE = {
    "engineering": Approver(person="Ana", duty=Duty.ENGINEERING),
    "operations": Approver(person="Ben", duty=Duty.OPERATIONS),
    "executive": Approver(person="Eva", duty=Duty.EXECUTIVE),
}
REVIEW = RollbackReview(by="Ben", at=at("2026-03-08"), bundle=OTHER)


def override(*duties: str, **fields: Any) -> Override:
    known: dict[str, Any] = {
        "id": "urgent",
        "product": "daemon",
        "version": Version.parse("4.2.0"),
        "channel": "stable",
        "rules": ("freeze.hard",),
        "artifacts": (RIGHT,),
        "reason": "Nodes accept commands without a password.",
        "approvers": tuple(PEOPLE[duty] for duty in duties or PEOPLE),
        "rollback_review": REVIEW,
        "approved_at": at("2026-03-09 12:00"),
        "expires": at("2026-03-10 12:00"),
    }
    return Override(**(known | fields))


def decided(
    *overrides: Override, moment: str = "2026-03-10", shift: int = 0, sha256: str = RIGHT, profile: str = "team"
) -> Decision:
    one = build.release("4.2.0", "security")
    files = (PublishedFile(file="node.tar.gz", platform="linux-amd64", size=1, sha256=sha256),)
    policy = build.team_policy().model_copy(update={"profile": profile})
    catalog = build.catalog([LISTING], [one], the_policy=policy, overrides=overrides)
    return evaluate(catalog, one, "stable", at(moment) + shift * SECOND, Evidence(artifacts=files))


@pytest.mark.parametrize("duty", PEOPLE)
def test_r27_under_profile_solo_one_person_overrides_a_hard_freeze(duty: str) -> None:
    decision = decided(override(duty, rollback_review=None), profile="solo")
    assert decision.outcome is Outcome.PASS_OVERRIDDEN
    (verdict,) = [one for one in decision.verdicts if one.rule == "freeze.hard"]
    name = PEOPLE[duty].person
    assert f"by {name} ({duty}) alone: Nodes accept commands without a password." in verdict.reason
    assert decided(override(duty, rollback_review=None)).outcome is Outcome.WAITING


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        (override("engineering", artifacts=(OTHER,)), "does not cover node.tar.gz"),
        (override("engineering", expires=at("2026-03-23 12:00:01")), "lasts longer than 14 days"),
    ],
)
def test_r30_profile_solo_lifts_no_other_limit_of_an_override(given: Override, lacks: str) -> None:
    decision = decided(given, profile="solo")
    assert decision.outcome is Outcome.WAITING
    (verdict,) = [one for one in decision.verdicts if one.rule == "freeze.hard"]
    assert lacks in verdict.fix


def test_r27_engineering_operations_and_an_executive_with_a_reviewed_way_back_override_a_hard_freeze() -> None:
    decision = decided(override())
    assert decision.outcome is Outcome.PASS_OVERRIDDEN
    (verdict,) = [one for one in decision.verdicts if one.rule == "freeze.hard"]
    assert verdict.reason.startswith(
        "Overridden until Tuesday 10 March 2026, 12:00 UTC by Ana (engineering), Ben (operations) and Eva (executive):"
        " Nodes accept commands without a password. Without it: Hard freeze around"
    )


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        (override("engineering", "operations"), "lacks an approver of duty executive"),
        (override("executive"), "lacks an approver of duty engineering and operations"),
        (override(rollback_review=None), "lacks a `rollback_review`"),
        (override(artifacts=(OTHER,)), "does not cover node.tar.gz"),
        (override(expires=at("2026-03-23 12:00:01")), "lasts longer than 14 days"),
    ],
)
def test_r27_r30_what_an_override_lacks_is_said_and_it_does_not_count(given: Override, lacks: str) -> None:
    decision = decided(given)
    assert decision.outcome is Outcome.WAITING
    (verdict,) = [one for one in decision.verdicts if one.rule == "freeze.hard"]
    assert lacks in verdict.fix


@pytest.mark.parametrize(
    "fields", [{"version": Version.parse("4.2.1")}, {"channel": "beta"}, {"rules": ("freeze.soft",)}]
)
def test_r30_an_override_is_for_one_release_one_channel_and_named_rules(fields: dict[str, Any]) -> None:
    assert decided(override(**fields)).outcome is Outcome.WAITING


def test_r30_an_override_begins_and_expires_to_the_second() -> None:
    given = override()
    assert decided(given, moment="2026-03-09 12:00", shift=-1).outcome is Outcome.WAITING
    assert decided(given, moment="2026-03-09 12:00").outcome is Outcome.PASS_OVERRIDDEN
    assert decided(given, moment="2026-03-10 12:00", shift=-1).outcome is Outcome.PASS_OVERRIDDEN
    assert decided(given, moment="2026-03-10 12:00").outcome is Outcome.WAITING
    before = decided(given, moment="2026-03-09")
    assert (before.next_change, before.then) == (at("2026-03-09 12:00"), Outcome.PASS_OVERRIDDEN)


def test_r30_an_override_of_exactly_the_longest_time_counts() -> None:
    assert decided(override(expires=at("2026-03-23 12:00"))).outcome is Outcome.PASS_OVERRIDDEN


def test_r30_an_override_is_used_up_by_its_publication() -> None:
    one = build.release("4.2.0", "security", shipped_at="2026-03-09T13:00:00Z")
    live = Version.parse("4.1.9")  # it was taken back since
    catalog = build.catalog([LISTING], [one], overrides=(override(),))
    offered = (OfferedFile(version=live, sha256=OTHER),)
    decision = evaluate(catalog, one, "stable", at("2026-03-10"), Evidence(live=live, offered=offered))
    assert decision.outcome is Outcome.WAITING
    assert any("has been used" in verdict.fix for verdict in decision.verdicts)


def test_r30_r54_integrity_and_failures_cannot_be_overridden() -> None:
    assert artifacts.GATE.id not in OVERRIDABLE
    broken = build.release("4.2.0", "security", artifacts=[])
    catalog = build.catalog([], [broken], overrides=(override(rules=(artifacts.GATE.id,)),))
    assert evaluate(catalog, broken, "stable", at("2026-03-10")).outcome is Outcome.BLOCKED
    one = build.release("4.2.0", "hotfix", risk_of_delay=build.severity(1), risk_of_rollout=build.severity(5))
    given = override(rules=("urgency.hotfix", "freeze.hard"))
    catalog = build.catalog([LISTING], [one], overrides=(given,))
    assert evaluate(catalog, one, "stable", at("2026-03-10")).outcome is Outcome.BLOCKED


def test_r30_the_public_reads_of_the_override_and_nothing_of_a_hidden_event() -> None:
    hidden = build.event("2026-03-10 10:00", "2026-03-10 22:00", visibility="internal", title="Secret listing")
    one = build.release("4.2.0", "security")
    catalog = build.catalog([hidden], [one], overrides=(override(),))
    public = evaluate(catalog, one, "stable", at("2026-03-10")).public()
    said = " ".join(verdict.reason for verdict in public.verdicts)
    assert "Nodes accept commands without a password" in said
    assert "Secret" not in said


def test_r30_an_override_that_lacks_something_is_not_in_the_way_of_one_that_lacks_nothing() -> None:
    wrong = override("engineering", "operations", id="a-first-try")
    assert decided(wrong, override()).outcome is Outcome.PASS_OVERRIDDEN
    assert decided(override(), wrong).outcome is Outcome.PASS_OVERRIDDEN
    other = override(id="b-second-try", artifacts=(OTHER,))
    (verdict,) = [one for one in decided(wrong, other).verdicts if one.rule == "freeze.hard"]
    assert "The override a-first-try lacks an approver of duty executive." in verdict.fix
    assert "The override b-second-try does not cover node.tar.gz." in verdict.fix


def test_r27_a_review_of_the_way_back_that_is_still_to_come_is_none() -> None:
    with pytest.raises(ValidationError, match="review the rollback first, then approve"):
        override(rollback_review=REVIEW.model_copy(update={"at": at("2026-03-09 12:01")}))
    override(rollback_review=REVIEW.model_copy(update={"at": at("2026-03-09 12:00")}))


@pytest.mark.parametrize("spelling", ["ana", "ANA", "Ana"])
def test_r27_one_person_in_two_spellings_is_one_person(spelling: str) -> None:
    twice = (PEOPLE["engineering"], Approver(person=spelling, duty=Duty.OPERATIONS), PEOPLE["executive"])
    with pytest.raises(ValidationError, match=f"names {spelling} twice"):
        override(approvers=twice)
