"""What was taken back never ships again, and counts as live nowhere (R81)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.content.links.risk_register import OVERRIDABLE
from publisher.model.config.role import Duty
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Approver, Override
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, LiveRelease, Withdrawal
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.calendar.advice import plan
from publisher.rules.calendar.lifecycle import deprecation_state
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import evaluate
from publisher.rules.gates.technical import version
from publisher.rules.gates.technical.withdrawn import GATE
from publisher.rules.withdrawal_text import sentence, sentences
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

NOW = at("2026-02-01")
BACK = at("2026-01-20 12:00")


def withdrawal(number: str = "4.1.0", channel: str = "stable", **fields: Any) -> Withdrawal:
    product = build.release(number).product
    known = {"product": product, "channel": channel, "version": Version.parse(number), "at": BACK, "id": "a" * 64}
    return Withdrawal(**{**known, **fields})


def evidence(live: str | None, *withdrawn: Withdrawal) -> Evidence:
    return Evidence(live=Version.parse(live) if live else None, withdrawn=withdrawn)


OLD = build.release("4.0.0", shipped_at="2026-01-01T00:00:00Z")
TAKEN_BACK = build.release("4.1.0", shipped_at="2026-01-10T00:00:00Z", channels=["stable", "beta"])


def asked(release: Release, known: Evidence, channel: str = "stable", rule: str = GATE.id) -> Verdict:
    decision = evaluate(build.catalog([], [OLD, TAKEN_BACK]), release, channel, NOW, known)
    return next(verdict for verdict in decision.verdicts if verdict.rule == rule)


def test_r81_a_channel_never_ships_again_what_it_took_back() -> None:
    verdict = asked(TAKEN_BACK, evidence("4.0.0", withdrawal()))
    assert verdict.outcome == "blocked"
    assert verdict.reason.startswith("4.1.0 was taken back from stable on Tuesday 20 January 2026, 12:00 UTC")
    assert verdict.fix == "Publish a fixed version under a higher number."
    assert asked(TAKEN_BACK, evidence("4.0.0", withdrawal(at=None))).outcome == "blocked"


def test_r81_no_override_can_name_the_rule_and_none_that_did_would_help() -> None:
    assert GATE.id not in OVERRIDABLE
    approvers = tuple(Approver(person=duty, duty=duty) for duty in (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE))
    override = Override(
        id="again",
        product="daemon",
        version=TAKEN_BACK.version,
        channel="stable",
        rules=(GATE.id,),
        artifacts=("a" * 64,),
        reason="The job wants it so.",
        approvers=approvers,
        approved_at=NOW - timedelta(hours=1),
        expires=NOW + timedelta(hours=1),
    )
    catalog = build.catalog([], [OLD, TAKEN_BACK], overrides=(override,))
    decision = evaluate(catalog, TAKEN_BACK, "stable", NOW, evidence("4.0.0", withdrawal()))
    (verdict,) = [verdict for verdict in decision.verdicts if verdict.rule == GATE.id]
    assert verdict.outcome is Outcome.BLOCKED


def test_another_spelling_of_the_version_is_the_same_version() -> None:
    assert asked(build.release("4.1"), evidence("4.0.0", withdrawal())).outcome == "blocked"


@pytest.mark.parametrize(
    ("live", "taken_back_from", "outcome"),
    [
        ("4.0.0", "stable", "blocked"),
        (None, "stable", "blocked"),
        ("4.1.0", "stable", "pass"),
        ("4.0.0", "beta", "blocked"),
    ],
)
def test_each_channel_goes_on_with_what_it_offers_but_takes_over_nothing(
    live: str | None, taken_back_from: str, outcome: str
) -> None:
    assert asked(TAKEN_BACK, evidence(live, withdrawal(channel=taken_back_from)), "beta").outcome == outcome


def test_nothing_was_taken_back_or_nobody_looked() -> None:
    assert asked(TAKEN_BACK, evidence("4.0.0")).outcome == "pass"
    assert asked(TAKEN_BACK, evidence("4.0.0", withdrawal("4.0.9"))).outcome == "pass"
    assert asked(TAKEN_BACK, Evidence()).outcome == "not-applicable"


def test_a_recorded_release_that_was_taken_back_is_not_what_the_channel_offers() -> None:
    known = evidence("4.0.0", withdrawal())
    assert asked(OLD, known, rule="integrity.version").reason == "stable offers 4.0.0 now."
    assert "It follows 4.0.0." in asked(TAKEN_BACK, known, rule="integrity.version").reason
    assert "It follows 4.0.0." in asked(build.release("4.1.1"), known, rule="integrity.version").reason


def test_who_runs_what_was_taken_back_is_led_on_by_a_higher_number_only() -> None:
    verdict = asked(build.release("4.0.5"), evidence("4.0.0", withdrawal()), rule="integrity.version")
    assert verdict.outcome == "blocked"
    assert verdict.fix == "Publish a version higher than 4.1.0."


def test_the_size_of_a_step_is_measured_from_what_people_run() -> None:
    question = Question(build.catalog([], [OLD, TAKEN_BACK]), build.release("4.2.0"), "stable", Evidence(), NOW)
    assert question.current == Version.parse("4.1.0")
    known = evidence("4.0.0", withdrawal())
    assert Question(question.catalog, question.release, "stable", known, NOW).current == Version.parse("4.0.0")
    assert version.GATE.verdict(Question(question.catalog, question.release, "beta", known, NOW)).outcome == "pass"


def test_code_that_was_taken_back_has_not_soaked() -> None:
    default = build.release("4.2.0", enables_default_of="4.1.0", steps=["enable-default"])
    at_peace = asked(default, evidence("4.1.0"), rule="planes.order")
    assert at_peace.outcome == "pass"
    verdict = asked(default, evidence("4.0.0", withdrawal()), rule="planes.order")
    assert verdict.outcome == "blocked"
    assert "4.1.0, which was taken back from stable" in verdict.reason


def test_a_deprecation_stage_of_a_release_that_is_gone_is_not_reached() -> None:
    item = build.deprecation(marked_in="4.1.0")
    catalog = build.catalog([], [OLD, TAKEN_BACK])
    assert deprecation_state(catalog, item, NOW) == "marked"
    assert deprecation_state(catalog, item, NOW, [OLD.version], gone=[TAKEN_BACK.id]) == "announced"


def test_there_is_nothing_to_plan_for_what_was_taken_back() -> None:
    planned = build.release("4.1.0", planned_for="2026-02-10T09:00:00Z")
    catalog = build.catalog([], [OLD, planned])
    assert plan(catalog, planned, "stable", NOW, evidence("4.0.0")).options
    assert plan(catalog, planned, "stable", NOW, evidence("4.0.0", withdrawal())).options == ()


@pytest.mark.parametrize(
    ("live", "end"),
    [
        ("4.0.0", "12:00 UTC. Go back to 4.0.0."),
        ("4.1.1", "12:00 UTC. Update to 4.1.1."),
        (None, "12:00 UTC. Nothing is offered in its place yet; do not install it again, and check again soon."),
    ],
)
def test_the_sentence_says_what_to_run_instead(live: str | None, end: str) -> None:
    back = withdrawal()
    file = PublishedFile(file="node.zip", platform="windows-amd64", size=1, sha256="a" * 64)
    releases = [] if live is None else [Version.parse(live)]
    offered = tuple(
        LiveRelease(product=back.product, channel="stable", version=release, artifacts=(file,)) for release in releases
    )
    state = ChannelState(read_at=NOW, live=offered, withdrawn=(back, withdrawal(product="other")))
    assert sentence(back, state).startswith(f"{back.product} 4.1.0 was taken back from stable on Tuesday 20 January")
    assert sentence(back, state).endswith(end)
    assert sentences(state, NOW, back.product) == [sentence(back, state)]
