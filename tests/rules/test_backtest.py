"""A policy over history: exact boundaries, in doubt longer, and one opinion with the rules that decide today."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.model.content.event import Event, Revision
from publisher.model.content.policy import Policy
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.history.past import History, PastEvent, PastRelease
from publisher.rules.backtest import Backtest, BacktestedRelease, backtest
from publisher.rules.evaluate import evaluate
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")
"""For a feature of a desktop client hard from 3 March, 10:00, and then soft until 13 March, 22:00."""


def past(
    start: str | datetime,
    length: timedelta = DAY,
    change_class: str = "feature",
    product: str = "desktop",
    version: str = "4.2.0",
    previous: str | None = None,
    **fields: Any,
) -> PastRelease:
    """A release of a whole day, unless told otherwise; nothing says that it had to ship."""
    first = at(start) if isinstance(start, str) else start
    known = {"necessity": "opportunistic"} | fields
    one = build.release(version, change_class, product, **known)
    return PastRelease(one.id, version, one, first, first + length, Version.parse(previous) if previous else None)


def ask(
    releases: Sequence[PastRelease],
    events: Iterable[Event | PastEvent] = (LISTING,),
    policy: Policy | None = None,
    **today: Any,
) -> Backtest:
    """Ask a policy about some releases and events, as the only history there is."""
    catalog = build.catalog([], [], **today)
    known = tuple(one if isinstance(one, PastEvent) else PastEvent(one) for one in events)
    names = {one.release.product for one in releases}
    history = History(
        products={name: catalog.products[name] for name in names},
        releases=tuple(sorted(releases, key=lambda one: one.start)),
        events=tuple(sorted(known, key=lambda one: one.event.starts)),
        unmapped={},
        remarks=(),
        event_rows=len(known),
        release_rows=len(releases),
    )
    return backtest(catalog, policy or build.team_policy(), history)


def answer(release: PastRelease, *events: Event | PastEvent, **fields: Any) -> BacktestedRelease:
    """What is said of one release."""
    return ask([release], events or (LISTING,), **fields).answers[0]


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        ("2026-03-02", None, None),
        ("2026-03-03", "2026-03-03 10:00", "2026-03-13 22:00"),
        ("2026-03-04", "2026-03-04", "2026-03-13 22:00"),
        ("2026-03-10", "2026-03-10", "2026-03-13 22:00"),
        ("2026-03-13", "2026-03-13", "2026-03-13 22:00"),
        ("2026-03-14", None, None),
    ],
)
def test_a_day_is_held_if_a_freeze_holds_at_any_moment_of_it(day: str, since: str | None, until: str | None) -> None:
    found = answer(past(day))
    assert found.held == (since is not None)
    assert (found.since, found.until) == (at(since) if since else None, at(until) if until else None)
    assert found.causes == (("example-listing",) if since else ())
    assert found.waited == (at(until) - at(since) if since and until else timedelta())


@pytest.mark.parametrize(
    ("moment", "shift", "held"),
    [
        ("2026-03-03 10:00", -1, False),
        ("2026-03-03 10:00", 0, True),
        ("2026-03-13 22:00", -1, True),
        ("2026-03-13 22:00", 0, False),
    ],
)
def test_a_known_moment_is_asked_to_the_second(moment: str, shift: int, held: bool) -> None:
    found = answer(past(at(moment) + shift * SECOND, SECOND))
    assert found.held is held
    assert found.until == (at("2026-03-13 22:00") if held else None)


def test_of_two_freezes_that_touch_a_day_the_later_end_counts() -> None:
    later = build.event("2026-03-21 20:00", "2026-03-21 22:00", id="later-listing")
    found = answer(past("2026-03-13 00:00", 2 * DAY), LISTING, later)
    # Soft until 22:00 on the first day, and hard from 20:00 on the second.
    assert (found.since, found.until) == (at("2026-03-13"), at("2026-03-24 22:00"))
    assert found.causes == ("example-listing", "later-listing")


def test_a_hard_freeze_and_the_soft_one_after_it_are_one_wait() -> None:
    assert answer(past("2026-03-05")).rules == ("freeze.hard", "freeze.soft")
    assert answer(past("2026-03-12")).rules == ("freeze.soft",)


def test_every_reason_is_a_sentence_of_the_rules_themselves() -> None:
    hard, soft = answer(past("2026-03-05")).stopped
    assert hard.reason.startswith('Hard freeze around "A trading pair opens on Example Exchange": new features for')
    assert soft.reason.startswith('Soft freeze around "A trading pair opens on Example Exchange": only documentation')


def known_from(moment: str) -> Event:
    """The listing, of which nobody knew before a moment."""
    unknown = Revision(until=at(moment), because="It was not announced.", status="cancelled")
    return LISTING.model_copy(update={"revisions": (unknown,)})


@pytest.mark.parametrize(
    ("day", "since"),
    [("2026-03-04", None), ("2026-03-05", "2026-03-05"), ("2026-03-09", "2026-03-09")],
)
def test_an_event_holds_nothing_before_it_was_announced(day: str, since: str | None) -> None:
    assert answer(past(day), known_from("2026-03-05")).since == (at(since) if since else None)


def test_an_event_announced_after_it_began_holds_only_what_came_later() -> None:
    assert not answer(past("2026-03-10"), known_from("2026-03-11")).held
    assert answer(past("2026-03-11"), known_from("2026-03-11")).until == at("2026-03-13 22:00")


@pytest.mark.parametrize(
    ("fields", "held", "candidate"),
    [
        ({"necessity": "essential"}, True, True),
        ({"necessity": "opportunistic"}, True, False),
        ({"necessity": "essential", "start": "2026-03-12"}, False, False),
        ({"necessity": "essential", "start": "2026-03-12", "fix_confidence": "low"}, True, False),
        ({"necessity": "opportunistic", "start": "2026-03-12"}, True, False),
        ({"necessity": "essential", "change_class": "storage", "start": "2026-03-12"}, True, False),
        ({"necessity": "essential", "change_class": "storage"}, True, True),
        ({"necessity": "essential", "change_class": "docs"}, False, False),
    ],
)
def test_r27_r28_an_essential_fix_in_a_hard_freeze_would_have_needed_an_override(
    fields: dict[str, Any], held: bool, candidate: bool
) -> None:
    found = answer(past(**({"start": "2026-03-09", "change_class": "security"} | fields)))
    assert (found.held, found.override_candidate) == (held, candidate)


@pytest.mark.parametrize(
    ("previous", "held"), [("4.1.9", True), ("4.2.0-rc.1", False), (None, False), ("5.0.0", False)]
)
def test_r28_a_patch_must_be_a_small_step_from_the_version_before(previous: str | None, held: bool) -> None:
    assert answer(past("2026-03-12", change_class="patch", previous=previous, necessity="essential")).held is held


def test_a_release_is_not_held_by_itself() -> None:
    own = PastEvent(LISTING, own_of=("desktop",))
    result = ask([past("2026-03-05"), past("2026-03-05", product="daemon")], [own])
    assert {one.past.release.product: one.held for one in result.answers} == {"desktop": False, "daemon": True}


def test_gaps_in_staffing_are_not_asked_since_history_does_not_tell() -> None:
    # A patch waits three days before a listing, and a day more where on-call or support has a gap.
    patch = past("2026-03-06", change_class="patch")
    assert not answer(patch).held
    assert not answer(patch, staffing=None).held
    assert answer(past("2026-03-07", change_class="patch"), staffing=None).since == at("2026-03-07 10:00")


def test_the_policy_counts_as_if_it_had_always_held() -> None:
    gentle = build.policy(base=[{"events": ["exchange-listing"], "band": {"hard_before": "1 h"}, "because": "x"}])
    assert gentle.effective < LISTING.starts
    release = past("2026-03-05")
    assert not answer(release, policy=gentle).held
    assert answer(past("2026-03-10"), policy=gentle).since == at("2026-03-10 09:00")
    strict = build.team_policy()
    long_ago = build.event("2006-03-10 10:00", "2006-03-10 22:00")
    assert strict.effective > long_ago.ends
    assert answer(past("2006-03-05"), long_ago, policy=strict).until == at("2006-03-13 22:00")


def test_todays_own_events_sprints_and_policies_count_for_nothing() -> None:
    sprint = {
        "id": "all-year",
        "title": "All year",
        "starts": "2026-01-01T00:00:00Z",
        "ends": "2026-12-31T00:00:00Z",
        "because": "rest",
    }
    sprints = (SprintFreeze.model_validate_json(json.dumps(sprint)),)
    assert not answer(past("2026-05-05"), sprints=sprints, earlier_policies=(build.team_policy(),)).held


def test_days_frozen_are_those_from_the_first_release_to_the_last() -> None:
    releases = [past("2026-03-01", version="4.1.0"), past("2026-03-12", version="4.2.0")]
    (product,) = ask(releases).products
    assert (product.start, product.end) == (at("2026-03-01"), at("2026-03-13"))
    assert product.frozen.hard == at("2026-03-10 22:00") - at("2026-03-03 10:00")
    assert product.frozen.soft == at("2026-03-13") - at("2026-03-10 22:00")
    assert product.frozen.total == product.frozen.hard + product.frozen.soft
    assert product.by_class == {"feature": product.frozen}


def test_days_frozen_of_several_kinds_of_change_count_once() -> None:
    releases = [past("2026-02-01", version="4.1.0"), past("2026-04-01", change_class="dht", version="4.2.0")]
    (product,) = ask(releases).products
    assert product.by_class["feature"].hard == at("2026-03-10 22:00") - at("2026-03-03 10:00")
    assert product.by_class["dht"].hard == product.by_class["feature"].hard + DAY
    assert product.frozen == product.by_class["dht"]


def test_r25_the_answer_is_that_of_the_rules_that_decide_today() -> None:
    events = [LISTING, build.event("2026-03-18 00:00", "2026-03-19 00:00", id="summit", type="conference")]
    catalog = build.catalog(events, [])
    moments = [at("2026-02-25") + timedelta(hours=5 * step) for step in range(150)]
    for change_class in ("feature", "storage", "security"):
        releases = [
            past(moment, SECOND, change_class, version=f"4.{number}.0") for number, moment in enumerate(moments)
        ]
        for found in ask(releases, events).answers:
            decision = evaluate(catalog, found.past.release, "stable", found.past.start)
            freezes = [verdict for verdict in decision.verdicts if verdict.rule.startswith("freeze.")]
            assert found.held == any(verdict.outcome.stops for verdict in freezes)
            if found.until is not None:
                then = evaluate(catalog, found.past.release, "stable", found.until)
                assert not any(one.outcome.stops for one in then.verdicts if one.rule.startswith("freeze."))


def test_chance_is_the_share_of_the_days_around_it_that_a_freeze_touches() -> None:
    inside, beside, far = past("2026-03-05", version="4.1.0"), past("2026-05-01"), past("2027-01-01", version="4.3.0")
    result = ask([inside, beside, far])
    year, day = timedelta(days=364), timedelta(days=1)
    frozen = (at("2026-03-13 22:00") - at("2026-03-03 10:00") + day) / year
    assert [answer.chance for answer in result.answers] == [frozen, frozen, 0]
    assert result.by_chance == 2 * frozen
    edge = ask([past(at("2026-03-08 10:00") - timedelta(days=182))]).answers[0]
    assert edge.chance == (timedelta(days=5) + (edge.past.end - edge.past.start)) / year


def test_chance_counts_no_freeze_that_lets_the_release_through() -> None:
    """A fix that has to ship waits for hard freezes only, on other days as on its own."""
    fix = past("2026-03-05", SECOND, "security", necessity="essential", fix_confidence="high")
    feature = past("2026-03-05", SECOND)
    assert 0 < ask([fix]).answers[0].chance < ask([feature]).answers[0].chance


def test_a_release_of_which_the_month_is_known_is_held_by_chance_as_often_as_held() -> None:
    days = [f"{year}-{month:02}-10" for year in (2025, 2026) for month in range(1, 13)]
    events = [build.event(f"{day} 10:00", f"{day} 22:00", id=f"listing-{day}", impact=build.CALM) for day in days]
    found = ask([past("2026-06-01", timedelta(days=30))], events).answers[0]
    assert (found.held, found.chance) == (True, 1.0)
