"""What opens a freeze window, and from when until when: events, estimates, doubts, what was known, sprint freezes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.windows import Hardness, Window, arithmetic, freeze_windows
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
NODE = build.subject("daemon", "feature")
TYPES_OF_EVENT = sorted(build.team_policy().event_types)
LISTING = ("2026-03-10 10:00", "2026-03-10 22:00")
TRIGGER = {
    "kind": "block",
    "chain": "TRON",
    "height": 1_000_000,
    "seen": 712_000,
    "as_of": "2026-02-28T10:00:00Z",
    "spacing_seconds": 3,
    "earliest": "2026-03-10T04:00:00Z",
    "latest": "2026-03-10T16:00:00Z",
}


def windows(catalog: Catalog, change_class: str = "feature", client: str = "desktop") -> list[Window]:
    return list(freeze_windows(catalog, build.subject(client, change_class)))


def hard(catalog: Catalog) -> Window:
    """The only hard window."""
    (window,) = [one for one in windows(catalog) if one.hardness is Hardness.HARD]
    return window


def estimated(**fields: Any) -> Event:
    return build.event(*LISTING, trigger=TRIGGER | fields)


def stops(catalog: Catalog, moment: str, shift: int = 0) -> bool:
    one = build.release("4.2.0", product="desktop")
    return evaluate(catalog, one, "stable", at(moment) + shift * SECOND).outcome is Outcome.WAITING


def test_r18_a_freeze_around_an_estimate_holds_when_the_widened_estimate_reaches_the_moment() -> None:
    catalog = build.catalog([estimated()])
    window = hard(catalog)
    age = (window.start - at("2026-02-28 10:00")) / timedelta(days=1)
    # 7 d before the earliest moment, and 1 h earlier for each day of age at that very moment.
    assert abs(window.start - (at("2026-03-03 04:00") - age * timedelta(hours=1))) <= 2 * SECOND  # rounded outwards
    age = (window.end - at("2026-02-28 10:00")) / timedelta(days=1)
    assert abs(window.end - (at("2026-03-11 04:00") + age * timedelta(hours=1))) <= 2 * SECOND  # rounded outwards
    assert "block 1,000,000" in window.arithmetic
    assert "plus 1 hour on both sides for each day since 28 February 2026" in window.arithmetic


def test_r18_an_older_estimate_is_wider_on_both_sides() -> None:
    fresh, old = (
        hard(build.catalog([estimated(as_of=day, seen=seen)]))
        for day, seen in (("2026-03-02T10:00:00Z", 769_600), ("2026-02-20T10:00:00Z", 481_600))
    )
    assert old.start < fresh.start
    assert old.end > fresh.end


def test_r18_what_has_happened_is_no_estimate_any_more() -> None:
    known = build.event(*LISTING, trigger=TRIGGER, status="happened")
    plain = build.event(*LISTING, status="happened")
    assert [(w.start, w.end) for w in windows(build.catalog([known]))] == [
        (w.start, w.end) for w in windows(build.catalog([plain]))
    ]


@pytest.mark.parametrize(("confidence", "more"), [("confirmed", 0), ("likely", 1), ("rumoured", 2)])
def test_r25_what_is_less_sure_freezes_longer(confidence: str, more: int) -> None:
    policy = build.policy(
        uncertainty={
            "likely": {"hard_before": "1 d", "soft_after": "1 d"},
            "rumoured": {"hard_before": "2 d", "soft_after": "2 d"},
        }
    )
    catalog = build.catalog([build.event(*LISTING, confidence=confidence)], the_policy=policy)
    found = windows(catalog)
    assert found[0].start == at("2026-03-03 10:00") - timedelta(days=more)
    assert found[-1].end == at("2026-03-13 22:00") + timedelta(days=more)
    if more:
        doubt = f"{more} day{'s' if more > 1 else ''} because it is only {confidence}"
        assert f"{7 + more} days before (7 days exchange listing + {doubt})" in found[0].arithmetic


def test_r25_an_event_that_is_moved_while_its_freeze_runs_does_not_end_it() -> None:
    moved = build.event(
        "2026-04-20",
        "2026-04-21",
        revisions=[
            {
                "until": "2026-03-05T00:00:00Z",
                "because": "The exchange has put it off.",
                "starts": "2026-03-10T10:00:00Z",
                "ends": "2026-03-10T22:00:00Z",
            }
        ],
    )
    catalog = build.catalog([moved])
    assert not stops(catalog, "2026-03-03 10:00", -1)
    assert stops(catalog, "2026-03-03 10:00")
    assert stops(catalog, "2026-03-10 22:00", -1)
    # What had not begun by then does not begin: the soft freeze after the first date.
    assert not stops(catalog, "2026-03-10 22:00")
    assert not stops(catalog, "2026-04-13", -1)
    assert stops(catalog, "2026-04-13")
    assert "a freeze that has begun runs to its end" in windows(catalog)[0].arithmetic


def test_r25_an_event_that_is_moved_before_its_freeze_began_leaves_nothing_behind() -> None:
    revision = {"until": "2026-03-03T10:00:00Z", "because": "Put off.", "starts": "2026-03-10T10:00:00Z"}
    revision["ends"] = "2026-03-10T22:00:00Z"
    catalog = build.catalog([build.event("2026-04-20", "2026-04-21", revisions=[revision])])
    assert not stops(catalog, "2026-03-04")


def test_r25_a_freeze_outlives_the_cancellation_of_its_event() -> None:
    revision = {"until": "2026-03-05T00:00:00Z", "because": "It does not take place.", "status": "planned"}
    catalog = build.catalog([build.event(*LISTING, status="cancelled", revisions=[revision])])
    assert stops(catalog, "2026-03-10 22:00", -1)
    assert not stops(catalog, "2026-03-10 22:00")


@pytest.mark.parametrize(
    ("effective", "until"), [("2026-03-05T00:00:00Z", "2026-03-10 22:00"), ("2026-03-03T10:00:00Z", "2026-03-03 10:00")]
)
def test_r98_a_policy_change_cannot_loosen_a_freeze_that_has_begun(effective: str, until: str) -> None:
    strict = build.policy()
    base = {"events": ["exchange-listing"], "band": {}, "because": "exchange listing"}
    loose = build.policy(base=[base]).model_copy(update={"version": 2, "effective": at(effective[:10])})
    if effective.endswith("10:00:00Z"):
        loose = loose.model_copy(update={"effective": at("2026-03-03 10:00")})
    catalog = build.catalog([build.event(*LISTING)], the_policy=loose, earlier_policies=(strict,))
    first = windows(catalog)[0]
    if until == "2026-03-03 10:00":  # it took effect at the very second at which the freeze would have begun
        assert first.start == at("2026-03-10 10:00")
    else:
        assert (first.start, first.end) == (at("2026-03-03 10:00"), at("2026-03-10 22:00"))
        assert "policy version 1, in force" in arithmetic([first])[0]


def test_r98_a_stricter_policy_holds_from_the_moment_it_takes_effect() -> None:
    base = {"events": ["exchange-listing"], "band": {}, "because": "exchange listing"}
    strict = build.policy().model_copy(update={"version": 2, "effective": at("2026-03-05")})
    catalog = build.catalog([build.event(*LISTING)], the_policy=strict, earlier_policies=(build.policy(base=[base]),))
    assert not stops(catalog, "2026-03-05", -1)
    assert stops(catalog, "2026-03-05")


def test_r10_a_sprint_freeze_stands_on_the_same_timeline() -> None:
    sprint = SprintFreeze(
        id="quarter",
        title="End of the quarter",
        starts=at("2026-03-28"),
        ends=at("2026-04-02"),
        products=("desktop",),
        because="end of quarter",
    )
    catalog = build.catalog(sprints=(sprint,))
    assert not stops(catalog, "2026-03-28", -1)
    assert stops(catalog, "2026-03-28")
    assert stops(catalog, "2026-04-02", -1)
    assert not stops(catalog, "2026-04-02")
    assert windows(catalog, client="daemon") == []
    assert [one.stops for one in windows(catalog, "docs")] == [False]


def test_r12_r84_an_accepted_signal_raises_the_severity_and_never_lowers_it() -> None:
    for proposed, accepted, expected in ((5, True, 9), (5, False, 7), (1, True, 7)):
        signal = build.signal("example-listing", proposed, accepted=accepted)
        policy = build.policy(adjust=[{"because": "severity 5", "severity_at_least": 5, "add": {"hard_before": "2 d"}}])
        catalog = build.catalog([build.event(*LISTING)], the_policy=policy, signals=(signal,))
        assert (at(LISTING[0]) - windows(catalog)[0].start).days == expected


@pytest.mark.parametrize(
    ("condition", "release", "days"),
    [
        ({"blast_radius_at_least": 4}, {"blast_radius": 4}, 9),
        ({"blast_radius_at_least": 4}, {"blast_radius": 3}, 7),
        ({"event_sensitivity_at_least": 5}, {"event_sensitivity": 5}, 9),
        ({"event_sensitivity_at_least": 5}, {"event_sensitivity": 4}, 7),
        ({"tested_less_than": "5 d"}, {"tested": timedelta(days=5)}, 7),
        ({"tested_less_than": "5 d"}, {"tested": timedelta(days=5) - SECOND}, 9),
        ({"compatibility_risk_at_least": 1}, {}, 7),
        ({"compatibility_risk_at_least": 0}, {}, 9),
    ],
)
def test_r24_r95_reach_sensitivity_and_tests_make_it_longer(
    condition: dict[str, Any], release: dict[str, Any], days: int
) -> None:
    policy = build.policy(adjust=[{"because": "more care", "add": {"hard_before": "2 d"}, **condition}])
    catalog = build.catalog([build.event(*LISTING)], the_policy=policy)
    subject = build.subject("desktop", "feature", **release)
    assert (at(LISTING[0]) - freeze_windows(catalog, subject)[0].start).days == days


def test_r24_a_release_that_does_not_say_how_long_it_was_tested_counts_as_untested() -> None:
    policy = build.policy(adjust=[{"because": "few tests", "add": {"hard_before": "2 d"}, "tested_less_than": "5 d"}])
    catalog = build.catalog([build.event(*LISTING)], the_policy=policy)
    for tested, outcome in ((None, Outcome.WAITING), ("4 d", Outcome.WAITING), ("5 d", Outcome.PASS)):
        one = build.release("4.2.0", product="desktop", **({"tested": tested} if tested else {}))
        assert evaluate(catalog, one, "stable", at("2026-03-02")).outcome is outcome


def test_r98_a_type_that_an_earlier_policy_did_not_know_has_the_freezes_of_the_next() -> None:
    """A new type of event needs a new policy, and the one before must be kept."""
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00", type="token-migration")
    alone = build.catalog([event])
    policy = alone.policy.model_copy(update={"version": 3, "effective": at("2026-03-05")})
    catalog = build.catalog([event], the_policy=policy, earlier_policies=(build.policy(),))
    assert "token-migration" not in build.policy().event_types
    assert freeze_windows(catalog, NODE) == freeze_windows(alone, NODE)


@pytest.mark.parametrize("latest", ["2027-03-01T00:00:00Z", "2036-01-01T00:00:00Z", "2199-01-01T00:00:00Z"])
def test_r18_an_estimate_that_ages_almost_as_fast_as_time_passes_freezes_for_long_and_breaks_nothing(
    latest: str,
) -> None:
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00", trigger=TRIGGER | {"latest": latest})
    policy = build.policy(uncertainty={"drift_per_day": "1439 min"})
    catalog = build.catalog([event], the_policy=policy)
    windows = freeze_windows(catalog, NODE)
    assert all(window.start < window.end for window in windows)
    assert max(window.end for window in windows) > at("2150-01-01")
    one = build.release("4.2.0")
    assert evaluate(catalog, one, "stable", at("2100-01-01")).outcome.stops


@pytest.mark.parametrize("height", [10**20, 10**400])
def test_r18_a_height_that_no_chain_reaches_is_refused_and_not_a_fault(height: int) -> None:
    with pytest.raises(ValidationError, match="more than ten years away"):
        build.event("2026-03-10 10:00", "2026-03-10 22:00", trigger=TRIGGER | {"height": height})


@pytest.mark.parametrize("height", [2**53, 10**400])
def test_r18_a_height_that_clients_refuse_is_refused_whatever_the_spacing(height: int) -> None:
    with pytest.raises(ValidationError, match="the most that clients read"):
        build.event(
            "2026-03-10 10:00", "2026-03-10 22:00", trigger=TRIGGER | {"height": height, "spacing_seconds": 5e-324}
        )


def test_r25_an_event_whose_date_became_a_block_keeps_the_freeze_that_its_date_had_begun() -> None:
    revision = {"until": "2026-03-02T00:00:00Z", "because": "A block decides now.", "starts": "2026-03-05T00:00:00Z"}
    revision["ends"] = "2026-03-06T00:00:00Z"
    catalog = build.catalog([build.event(*LISTING, trigger=TRIGGER, revisions=[revision])])
    first = windows(catalog)[0]
    assert (first.start, first.end) == (at("2026-02-26"), at("2026-03-06"))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "conference", "severity": build.severity(1), "confidence": "confirmed"},
        {"type": "mainnet-upgrade", "severity": build.severity(5), "confidence": "rumoured"},
        {"impact": {"client_load": 3, "node_churn": 3, "support_traffic": 3, "compatibility_risk": 3}},
        {"visibility": "embargoed", "embargoed_until": "2026-03-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("hours", [("2026-03-10 10:00", "2026-03-10 22:00"), ("2026-03-10 23:59", "2026-03-11 00:00")])
def test_r96_the_freeze_around_a_hidden_event_tells_neither_its_kind_nor_its_hour(
    fields: dict[str, Any], hours: tuple[str, str]
) -> None:
    policy = build.team_policy()
    padding = policy.model_copy(update={"freeze": policy.freeze.model_copy(update={"pad_hidden": True})})

    def spans(event: Event, change_class: str) -> list[tuple[datetime, datetime, str]]:
        catalog = build.catalog([event], the_policy=padding)
        found = freeze_windows(catalog, build.subject("daemon", change_class))
        return [(one.start, one.end, one.hardness) for one in found]

    usual = build.event("2026-03-10 08:00", "2026-03-10 09:00", visibility="internal")
    hidden = build.event(*hours, **{"visibility": "internal"} | fields)
    for change_class in ChangeClass:
        assert spans(hidden, change_class) == spans(usual, change_class)
    assert spans(usual, "docs") == []
    longest = [spans(build.event(*hours, type=kind, severity=build.severity(5)), "storage") for kind in TYPES_OF_EVENT]
    assert min(one[0] for one in spans(usual, "storage")) < min(one[0] for found in longest for one in found)


def test_r96_the_padded_freeze_of_a_hidden_block_has_whole_days_as_well() -> None:
    policy = build.team_policy()
    padding = policy.model_copy(update={"freeze": policy.freeze.model_copy(update={"pad_hidden": True})})
    event = build.event("2026-03-10 10:11", "2026-03-10 22:12", visibility="internal", trigger=TRIGGER)
    catalog = build.catalog([event], the_policy=padding)
    found = freeze_windows(catalog, build.subject("desktop", "feature"))
    assert found
    assert {edge.strftime("%H:%M:%S") for window in found for edge in (window.start, window.end)} == {"00:00:00"}
