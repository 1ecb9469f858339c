"""Decisions: the worst verdict wins, the next change is exact, and the public reads the same outcome and times."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass, Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.evaluate import evaluate, worst
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.next_open import opening
from publisher.rules.freeze.timeline import timeline
from publisher.rules.gate_order import BY_ID
from publisher.rules.gates.environment.soft_freeze import TOO_LARGE
from publisher.rules.headline import change, course, halves, headline
from tests.support import build
from tests.support.build import at
from tests.support.examples import examples

START = at("2026-01-01")
HOUR = timedelta(hours=1)
SECRET = "zebra"

TYPES = ("exchange-listing", "mainnet-upgrade", "token-migration", "testnet-upgrade", "conference", "announcement")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Catalog, Release, int]:
    """A few events of any visibility, some shipped releases, one release to decide on, and an hour."""
    events = []
    for number in range(draw(st.integers(0, 5))):
        starts = draw(st.integers(0, 60 * 24))
        fields: dict[str, Any] = {
            "id": f"event-{number}",
            "title": f"Event {number}",
            "type": draw(st.sampled_from(TYPES)),
            "severity": build.severity(draw(st.integers(1, 5))),
            "status": draw(st.sampled_from(["planned", "planned", "cancelled"])),
        }
        match draw(st.sampled_from(["public", "internal", "embargoed"])):
            case "internal":
                fields |= {"visibility": "internal"}
            case "embargoed":
                until = START + draw(st.integers(0, 60 * 24)) * HOUR
                fields |= {"visibility": "embargoed", "embargoed_until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
        if "visibility" in fields:
            fields |= {"title": f"{SECRET} title {number}", "summary": f"{SECRET} summary", "id": f"{SECRET}-{number}"}
        ends = starts + draw(st.integers(1, 96))
        events.append(
            build.event(f"{START + starts * HOUR:%Y-%m-%d %H:%M}", f"{START + ends * HOUR:%Y-%m-%d %H:%M}", **fields)
        )
    product = draw(st.sampled_from(["daemon", "desktop", "dashboard", "service"]))
    releases = [
        build.release(f"4.{minor}.0", product=product, shipped_at=f"{START + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}")
        for minor, hour in enumerate(draw(st.lists(st.integers(0, 60 * 24), max_size=3)))
    ]
    version = draw(st.sampled_from(["3.0.0", "4.0.1", "4.1.1", "4.2.1", "5.0.0"]))
    one = build.release(version, draw(st.sampled_from(list(ChangeClass))).value, product)
    return build.catalog(events, [*releases, one]), one, draw(st.integers(-240, 80 * 24))


def moments(catalog: Catalog) -> list[Any]:
    """More than every moment at which anything may change: each hour, and a second on both sides of it."""
    hours = range(-20 * 24, 90 * 24, 1)
    return [START + hour * HOUR for hour in hours]


@examples(40)
@given(worlds())
def test_next_change_is_exact(world: tuple[Catalog, Release, int]) -> None:
    catalog, release, hour = world
    now = START + hour * HOUR
    decision = evaluate(catalog, release, "stable", now)
    if decision.next_change is not None:
        assert decision.next_change > now
        there = evaluate(catalog, release, "stable", decision.next_change)
        assert there.outcome is decision.then is not decision.outcome
        before = evaluate(catalog, release, "stable", decision.next_change - timedelta(seconds=1))
        assert before.outcome is decision.outcome
    for step in moments(catalog)[::5]:  # everything here happens at full hours
        if step > now and (decision.next_change is None or step < decision.next_change):
            assert evaluate(catalog, release, "stable", step).outcome is decision.outcome


@examples(100)
@given(worlds())
def test_a_decision_depends_on_nothing_but_its_arguments(world: tuple[Catalog, Release, int]) -> None:
    catalog, release, hour = world
    now = START + hour * HOUR
    first = evaluate(catalog, release, "stable", now)
    fresh = build.catalog(catalog.events, catalog.releases)  # nothing worked out yet
    assert evaluate(fresh, release, "stable", now).model_dump_json() == first.model_dump_json()
    assert first.outcome.rank == max(1, *(verdict.outcome.rank for verdict in first.verdicts))


@examples(150)
@given(worlds())
def test_the_public_reads_the_same_outcome_and_times_and_nothing_internal(world: tuple[Catalog, Release, int]) -> None:
    catalog, release, hour = world
    now = START + hour * HOUR
    decision = evaluate(catalog, release, "stable", now)
    public = decision.public()
    assert (public.outcome, public.next_change, public.then, public.at) == (
        decision.outcome,
        decision.next_change,
        decision.then,
        decision.at,
    )
    assert [(v.rule, v.outcome, v.until) for v in public.verdicts] == [
        (v.rule, v.outcome, v.until) for v in decision.verdicts
    ]
    text = public.model_dump_json()
    hidden = [event for event in catalog.events if not event.is_public(now)]
    assert not any(event.title in text or event.id in text for event in hidden)
    assert f"{SECRET} summary" not in text
    assert public.public() == public


@examples(60)
@given(worlds())
def test_the_course_leads_from_the_decision_to_its_change(world: tuple[Catalog, Release, int]) -> None:
    catalog, release, hour = world
    decision = evaluate(catalog, release, "stable", START + hour * HOUR)
    decisions = course(catalog, release, decision)
    assert decisions[0] == decision
    assert all(one.outcome is decision.outcome and one.next_change == decision.next_change for one in decisions)
    assert sorted({one.at for one in decisions}) == [one.at for one in decisions]


@examples(60)
@given(worlds())
def test_the_outlook_agrees_with_the_freeze_rules(world: tuple[Catalog, Release, int]) -> None:
    catalog, release, hour = world
    now = START + hour * HOUR
    for change_class in ChangeClass:
        asked = build.release("9.0.0-rc.1", change_class.value, release.product)
        if change_class in TOO_LARGE:  # the version step matters too, which an outlook cannot know
            continue
        verdicts = evaluate(catalog, asked, "stable", now).verdicts
        frozen = any(v.rule in ("freeze.hard", "freeze.soft") and v.outcome.stops for v in verdicts)
        line = timeline(catalog, Subject.of(catalog.products[release.product], change_class))
        assert (opening(line, now) is None) == (not frozen)


@given(st.lists(st.sampled_from(list(Outcome))))
def test_the_worst_verdict_wins(outcomes: list[Outcome]) -> None:
    ladder = ["not-applicable", "pass", "pass-overridden", "waiting", "needs-approval", "unknown", "blocked"]
    assert [outcome.value for outcome in Outcome] == ladder
    decided = worst(Verdict(rule="a", outcome=outcome, reason="A.") for outcome in outcomes)
    assert ladder.index(decided) == max([1, *(ladder.index(outcome) for outcome in outcomes)])
    assert decided.stops == any(outcome.stops for outcome in outcomes)


def test_asked_about_the_past_a_later_shipment_is_still_to_come() -> None:
    one = build.release("4.0.0")
    later = build.release("4.1.0", shipped_at="2026-02-01T10:00:00Z")
    decision = evaluate(build.catalog([], [one, later]), one, "stable", at("2026-01-01"))
    assert (decision.outcome, decision.next_change, decision.then) == ("pass", at("2026-02-01 10:00"), "blocked")


def test_the_answer_is_one_sentence() -> None:
    listing = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    one = build.release("4.2.0")
    catalog = build.catalog([listing], [one])
    waiting = evaluate(catalog, one, "stable", at("2026-03-08"))
    assert headline(waiting) == "daemon 4.2.0 waits until Friday 13 March 2026, 22:00 UTC."
    assert change(waiting) == "From Friday 13 March 2026, 22:00 UTC on it may ship."
    assert headline(evaluate(catalog, one, "stable", at("2026-03-01"))) == (
        "daemon 4.2.0 may ship until Tuesday 3 March 2026, 10:00 UTC."
    )
    free = evaluate(catalog, one, "stable", at("2026-04-01"))
    assert headline(free) == "daemon 4.2.0 may ship now."
    assert change(free) == "The answer does not change on its own."
    internal = build.release("4.2.0", visibility="internal")
    assert headline(evaluate(catalog, internal, "stable", at("2026-03-08"))) == "daemon 4.2.0 is blocked."


def test_r40_both_halves_are_shown_and_a_sound_release_alone_is_no_yes() -> None:
    one = build.release("4.2.0")
    catalog = build.catalog([build.event("2026-03-10 10:00", "2026-03-10 22:00")], [one])
    waiting = evaluate(catalog, one, "stable", at("2026-03-08"))
    assert not waiting.go
    assert halves(waiting) == "Nothing in the release itself blocks it. The hard freeze does."
    free = evaluate(catalog, one, "stable", at("2026-01-01"))
    assert halves(free) == "Nothing blocks it, neither in the release itself nor around it."


@pytest.mark.parametrize("rule", BY_ID)
def test_whichever_rule_stops_a_release_is_named_in_the_halves(rule: str) -> None:
    release = build.release("4.2.0")
    decision = evaluate(build.catalog(releases=[release]), release, "stable", at("2026-01-01"))
    stopped = decision.model_copy(
        update={"verdicts": (Verdict(rule=rule, outcome=Outcome.BLOCKED, reason="No.", who="All.", fix="Wait."),)}
    )
    assert halves(stopped).startswith("Nothing in the release itself blocks it.") == (
        rule.partition(".")[0] not in ("integrity", "changes", "planes")
    )


def test_r1_a_release_belongs_to_one_product_of_a_known_client_type_and_freezes_as_such() -> None:
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00")
    first = {}
    for client in ("daemon", "desktop", "dashboard", "service"):
        one = build.release("4.2.0", "storage", client)
        catalog = build.catalog([event], [one])
        first[client] = evaluate(catalog, one, "stable", at("2026-01-01")).next_change
    assert len(set(first.values())) == 4


def test_r17_the_same_content_gives_the_same_bytes_in_whatever_order_it_came() -> None:
    events = [build.event(f"2026-03-{day}", f"2026-03-{day} 12:00", id=f"e-{day}") for day in (10, 12, 20)]
    one = build.release("4.2.0")
    said = {
        evaluate(build.catalog(order, [one]), one, "stable", at("2026-03-08")).model_dump_json()
        for order in (events, events[::-1], [events[1], events[0], events[2]])
    }
    assert len(said) == 1


def test_r98_every_rule_follows_the_policy_that_is_in_force_and_the_next_one_is_a_moment_of_change() -> None:
    listing = build.event("2026-03-10 10:00", "2026-03-10 12:00", severity=build.severity(3), comms_lead=None)
    one = build.release("4.2.0", "docs", events=[listing.id])
    first = build.team_policy().model_copy(update={"version": 1, "effective": at("2026-01-01")})
    strict = first.model_copy(update={"comms_lead_severity": 4})
    newer = first.model_copy(update={"version": 2, "effective": at("2026-03-01")})
    catalog = build.catalog([listing], [one], the_policy=newer, earlier_policies=(strict,))

    before = evaluate(catalog, one, "stable", at("2026-02-28 23:59"))
    assert (before.outcome, before.policy_version, before.policy_digest) == (Outcome.PASS, 1, strict.digest())
    assert (before.next_change, before.then) == (at("2026-03-01"), Outcome.BLOCKED)
    after = evaluate(catalog, one, "stable", at("2026-03-01"))
    assert (after.outcome, after.policy_version, after.policy_digest) == (Outcome.BLOCKED, 2, newer.digest())
