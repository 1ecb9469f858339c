"""Freeze windows and rules, at the second before, at, and after each boundary (R19-R21, R26)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.windows import Hardness, freeze_windows
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00")


def outcome(change_class: str, moment: str, shift: int = 0, product: str = "daemon", version: str = "4.2.0") -> Outcome:
    """What is decided on one release around the listing, `shift` seconds after a moment."""
    one = build.release(version, change_class, product)
    decided = evaluate(build.catalog([LISTING], [one]), one, "stable", at(moment) + shift * SECOND)
    return decided.outcome


@pytest.mark.parametrize(
    ("product", "change_class", "hard_from", "soft_until"),
    [
        # R21: seven days hard before a major listing, 72 hours soft after it.
        ("desktop", "feature", "2026-03-03 10:00", "2026-03-13 22:00"),
        # R26: persistence and RPC of a node wait longer than anything else, before and after.
        ("daemon", "storage", "2026-03-01 10:00", "2026-03-14 22:00"),
        ("daemon", "rpc", "2026-03-01 10:00", "2026-03-14 22:00"),
        # R26: DHT, trackers and seeding wait longer than a change of looks.
        ("desktop", "dht", "2026-03-02 10:00", "2026-03-13 22:00"),
        ("daemon", "seeding", "2026-03-02 10:00", "2026-03-13 22:00"),
        ("daemon", "protocol", "2026-02-28 10:00", "2026-03-14 22:00"),
        ("desktop", "ui-polish", "2026-03-07 10:00", "2026-03-13 22:00"),
        ("dashboard", "feature", "2026-03-07 10:00", "2026-03-13 22:00"),
        ("service", "feature", "2026-03-09 10:00", "2026-03-13 22:00"),
    ],
)
def test_r21_r26_a_listing_stops_from_and_until(
    product: str, change_class: str, hard_from: str, soft_until: str
) -> None:
    assert outcome(change_class, hard_from, -1, product) is Outcome.PASS
    assert outcome(change_class, hard_from, 0, product) is Outcome.WAITING
    assert outcome(change_class, hard_from, 1, product) is Outcome.WAITING
    assert outcome(change_class, soft_until, -1, product) is Outcome.WAITING
    assert outcome(change_class, soft_until, 0, product) is Outcome.PASS
    assert outcome(change_class, soft_until, 1, product) is Outcome.PASS


@pytest.mark.parametrize(
    ("product", "change_class", "hard_from"),
    [("desktop", "patch", "2026-03-07 10:00"), ("daemon", "security", "2026-03-05 10:00")],
)
def test_r20_patches_and_security_fixes_ship_in_a_soft_freeze_and_not_in_a_hard_one(
    product: str, change_class: str, hard_from: str
) -> None:
    assert outcome(change_class, hard_from, -1, product) is Outcome.PASS
    assert outcome(change_class, hard_from, 0, product) is Outcome.WAITING
    assert outcome(change_class, "2026-03-10 22:00", -1, product) is Outcome.WAITING
    assert outcome(change_class, "2026-03-10 22:00", 0, product) is Outcome.PASS


def test_r19_documentation_is_exempt_even_during_the_event() -> None:
    assert outcome("docs", "2026-03-10 12:00") is Outcome.PASS


def test_r19_hard_freeze_before_and_after_the_event() -> None:
    upgrade = build.event("2026-03-10", "2026-03-11", type="mainnet-upgrade")
    windows = freeze_windows(build.catalog([upgrade]), build.subject("desktop", "feature"))
    assert [(w.hardness, w.start, w.end) for w in windows] == [
        (Hardness.HARD, at("2026-03-03"), at("2026-03-12")),
        (Hardness.SOFT, at("2026-03-12"), at("2026-03-15")),
    ]


def test_a_soft_freeze_may_come_first() -> None:
    talk = build.event("2026-03-10", "2026-03-11", type="conference")
    windows = freeze_windows(build.catalog([talk]), build.subject("desktop", "feature"))
    assert [(w.hardness, w.start, w.end) for w in windows] == [
        (Hardness.SOFT, at("2026-03-07"), at("2026-03-09")),
        (Hardness.HARD, at("2026-03-09"), at("2026-03-11")),
        (Hardness.SOFT, at("2026-03-11"), at("2026-03-13")),
    ]


def test_a_cancelled_event_opens_no_window() -> None:
    gone = build.event("2026-03-10", "2026-03-11", status="cancelled")
    assert freeze_windows(build.catalog([gone]), build.subject("daemon", "storage")) == ()


def test_lengths_tell_how_they_came_about() -> None:
    policy = build.team_policy().freeze
    lengths = build.lengths(policy, LISTING, build.subject("daemon", "storage"))
    assert lengths is not None
    assert lengths.sums["hard_before"].text() == (
        "9 days (7 days exchange listing + 2 days persistence format or RPC of a node)"
    )
    assert lengths.soft_after == "4 days after (3 days exchange listing + 1 day persistence format or RPC of a node)"
    assert lengths.sums["hard_after"].text() == ""
    assert lengths.hard.endswith(" of a node) and the event itself")
    assert build.lengths(policy, LISTING, build.subject("daemon", "docs")) is None


def test_severity_5_adds_days() -> None:
    policy = build.team_policy().freeze
    days = []
    for score in (4, 5):
        upgrade = build.event("2026-03-10", "2026-03-11", type="hard-fork", severity=build.severity(score))
        lengths = build.lengths(policy, upgrade, build.subject("desktop", "feature"))
        assert lengths is not None
        days.append(lengths.band.hard_before.days)
    assert days == [7, 9]


@pytest.mark.parametrize(
    ("severity", "covered", "days"), [(3, True, 3), (4, True, 4), (3, False, 4), (4, False, 5), (5, False, 5)]
)
def test_r23_a_low_risk_patch_waits_three_to_five_days_by_severity_and_staffing(
    severity: int, covered: bool, days: int
) -> None:
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00", severity=build.severity(severity))
    catalog = build.catalog([event]) if covered else build.catalog([event], staffing=None)
    first = freeze_windows(catalog, build.subject("desktop", "patch"))[0]
    assert (event.starts - first.start).days == days


@pytest.mark.parametrize(("risk", "days"), [(1, 10), (2, 11), (3, 11)])
def test_r14_a_compatibility_risk_of_two_widens_the_freeze_of_nodes_and_protocols(risk: int, days: int) -> None:
    tags = {"client_load": 0, "node_churn": 0, "support_traffic": 0, "compatibility_risk": risk}
    event = build.event("2026-03-10 10:00", "2026-03-10 22:00", impact=tags)
    assert (
        event.starts - freeze_windows(build.catalog([event]), build.subject("daemon", "protocol"))[0].start
    ).days == days
    plain = freeze_windows(build.catalog([event]), build.subject("desktop", "feature"))[0]
    assert (event.starts - plain.start).days == 7


def test_r13_the_policy_knows_every_type_of_event_that_the_source_names() -> None:
    assert build.team_policy().event_types >= {
        "redeploy",
        "mainnet-upgrade",
        "testnet-upgrade",
        "hard-fork",
        "exchange-listing",
        "conference",
        "token-migration",
        "announcement",
        "settlement-announcement",
        "contract-milestone",
    }
