"""What events require, when, and which release is the one that is required (R18, R55)."""

from __future__ import annotations

from typing import Any

from publisher.model.content.event import Event
from publisher.model.content.release import Release
from publisher.rules.calendar.advice import AdviceKind, plan
from publisher.rules.requirements.required import required_by, required_release, requirements_of
from publisher.wire.feed_words import Action
from tests.support import build
from tests.support.build import at

LINE = {"product": "daemon", "channel": "stable", "at_least": "5.0.0"}


def upgrade(starts: str = "2026-03-31 12:00", **fields: Any) -> Event:
    known = {"id": "upgrade", "type": "mainnet-upgrade", "requires": [LINE]}
    return build.event(starts, "2026-04-10 18:00", **known | fields)


def release(version: str, **fields: Any) -> Release:
    notes = {"action": "required", "restart": "service", "symptoms": [], "first_24h": ["Wait."]}
    return build.release(version, "protocol", **{"notes": notes, "channels": ["stable"], **fields})


def test_r55_when_users_must_run_it_follows_from_the_event() -> None:
    catalog = build.catalog([upgrade()], [release("5.0.0"), release("5.1.0"), release("4.9.0")])
    deadlines = {str(each.version): each.notes.required_by for each in catalog.releases}
    assert deadlines == {"4.9.0": None, "5.0.0": at("2026-03-31 12:00"), "5.1.0": None}


def test_by_may_be_earlier_than_the_event_for_some() -> None:
    earlier = LINE | {"audiences": ["exchanges"], "by": "2026-03-20T00:00:00Z"}
    catalog = build.catalog([upgrade(requires=[LINE | {"audiences": ["hosts"]}, earlier])], [release("5.0.0")])
    assert catalog.releases[0].notes.required_by == at("2026-03-20")


def test_r96_the_date_of_an_event_under_embargo_stands_in_no_notes_and_is_planned_for() -> None:
    secret = {"visibility": "embargoed", "embargoed_until": "2026-03-20T00:00:00Z"}
    needed = release("5.0.0", planned_for="2026-04-20T09:00:00Z")
    catalog = build.catalog([upgrade(**secret)], [needed])
    assert catalog.releases[0].notes.required_by is None
    advice = plan(catalog, catalog.releases[0], "stable", at("2026-02-20"))
    assert advice.options[0].kind is AdviceKind.MOVE_LEFT
    assert advice.last_safe == at("2026-03-10 12:00")
    (verdict,) = [verdict for verdict in advice.decision.verdicts if verdict.rule == "urgency.runway"]
    assert verdict.public_reason == '"Reserved period": it can still ship in time.'


def test_a_requirement_that_differs_by_release_line_is_met_on_its_own_line_only() -> None:
    lines = [LINE | {"channel": "stable"}, LINE | {"channel": "beta", "at_least": "5.2.0"}]
    stable, beta = release("5.0.0"), release("5.2.0", channels=["beta"])
    catalog = build.catalog([upgrade(requires=lines)], [stable, beta, release("5.1.0", channels=["beta"])])
    met = {
        channel: required_release(catalog, requirements_of(catalog, "daemon", channel)[0])
        for channel in ("stable", "beta")
    }
    assert {channel: str(each.version) for channel, each in met.items() if each} == {"stable": "5.0.0", "beta": "5.2.0"}


def test_a_mandatory_version_that_exists_only_as_a_release_candidate_is_not_there() -> None:
    catalog = build.catalog([upgrade()], [release("5.0.0-rc.1", channels=["stable", "beta"])])
    (requirement,) = requirements_of(catalog, "daemon", "stable")
    assert required_release(catalog, requirement) is None


def test_an_event_that_is_cancelled_asks_nobody_to_update() -> None:
    catalog = build.catalog([upgrade(status="cancelled")], [release("5.0.0")])
    assert requirements_of(catalog, "daemon", "stable") == ()
    assert required_by(catalog, catalog.releases[0]) is None
    assert catalog.releases[0].notes.required_by is None


def test_r18_a_block_estimate_that_moves_by_three_days_moves_what_users_are_told() -> None:
    def estimated(earliest: str, latest: str, seen: int, as_of: str) -> Event:
        trigger = {
            "kind": "block", "chain": "chain", "height": 10_000, "seen": seen, "spacing_seconds": 2592.0,
            "as_of": as_of, "earliest": earliest, "latest": latest,
        }  # fmt: skip
        return upgrade(earliest[:10] + " 18:00", trigger=trigger)

    before = estimated("2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z", 9000, "2026-03-01T18:00:00Z")
    after = estimated("2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z", 9250, "2026-03-06T06:00:00Z")
    for event, day in ((before, "2026-03-31"), (after, "2026-03-28")):
        catalog = build.catalog([event], [release("5.0.0")])
        (requirement,) = requirements_of(catalog, "daemon", "stable")
        assert catalog.releases[0].notes.required_by == at(day)
        policy, product = catalog.policy, catalog.products["daemon"]
        assert requirement.last_safe_ship(policy, product) < at(day) - requirement.runway(policy, product).length
        assert requirement.due(policy) < at(day)


def test_r93_a_release_that_an_upgrade_needs_is_never_moved_behind_it() -> None:
    needed = release("5.0.0", planned_for="2026-03-28T09:00:00Z")
    catalog = build.catalog([upgrade()], [needed])
    advice = plan(catalog, catalog.releases[0], "stable", at("2026-02-20"))
    assert advice.options[0].kind is AdviceKind.MOVE_LEFT
    assert advice.options[0].what == "Ship between now and Tuesday 10 March 2026, 12:00 UTC."
    assert advice.last_safe == at("2026-03-10 12:00")
    assert AdviceKind.MOVE_RIGHT not in {option.kind for option in advice.options}


def test_r93_what_an_event_requires_may_be_split_off_and_ship_alone() -> None:
    needed = release("5.0.0", planned_for="2026-03-28T09:00:00Z", channels=["stable"])
    catalog = build.catalog(
        [upgrade()], [needed], the_policy=build.team_policy().model_copy(update={"requirements": NO_RUNWAY})
    )
    advice = plan(catalog, catalog.releases[0], "stable", at("2026-03-25"))
    assert advice.options[0].kind is AdviceKind.SPLIT
    assert "with `for_event: upgrade`, from" in advice.options[0].what
    assert AdviceKind.OVERRIDE in {option.kind for option in advice.options}


def test_r93_an_override_is_asked_for_no_freeze_that_for_event_lifts() -> None:
    needed = release("5.0.0", planned_for="2026-03-28T09:00:00Z")
    catalog = build.catalog([upgrade()], [needed])
    advice = plan(catalog, catalog.releases[0], "stable", at("2026-03-25"))
    assert advice.options[0].what == (
        "Ship with `for_event: upgrade` between now and Tuesday 31 March 2026, 12:00 UTC, the earlier the better, by an"
        " override of urgency.runway."
    )
    saying_so = catalog.releases[0].model_copy(update={"for_event": "upgrade"})
    advice = plan(build.catalog([upgrade()], [saying_so]), saying_so, "stable", at("2026-03-25"))
    assert advice.options[0].what.startswith("Ship between now and Tuesday 31 March 2026, 12:00 UTC")


NO_RUNWAY = build.team_policy().requirements.model_copy(update={"runways": ()})


def test_action_stays_what_the_notes_say() -> None:
    optional = release("5.0.0").model_copy(update={"notes": build.release("5.0.0").notes})
    assert optional.notes.action is not Action.REQUIRED
    catalog = build.catalog([upgrade()], [optional])
    assert catalog.releases[0].notes.required_by is None
