"""The quarter as lanes: whose bars, from when until when, and what everybody may know (R10, R91, R96)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.risk_register import SprintFreeze
from publisher.rules.calendar.lanes import BarKind, Lane, Quarter, quarter
from tests.support import build
from tests.support.build import at

START = at("2026-02-01")
WAY = {"bundle": "ab" * 32, "verified_at": "2026-01-20T10:00:00Z", "rehearsed_at": "2026-01-22T10:00:00Z"}


def listing(**fields: Any) -> Event:
    return build.event("2026-03-10 10:00", "2026-03-10 22:00", **{"impact": build.CALM, "title": "Zebra"} | fields)


def drawn(*events: Event, public: bool = False, **fields: Any) -> Quarter:
    releases = [
        build.release("4.1.0", shipped_at="2026-01-01T00:00:00Z", planned_for="2026-02-02T00:00:00Z"),
        build.release("4.2.0", planned_for="2026-02-20T09:00:00Z", rollback=WAY),
        build.release("4.3.0", planned_for="2026-02-21T09:00:00Z", visibility="internal"),
    ]
    return quarter(build.catalog(events, releases), START, timedelta(days=90), START, public=public, **fields)


def lane(found: Quarter, label: str) -> Lane:
    return next(one for one in found.lanes if label in (one.label, one.product))


def test_r91_there_are_four_kinds_of_lanes() -> None:
    found = drawn(listing())
    assert [one.product or one.label for one in found.lanes] == [
        "daemon",
        "desktop",
        "dashboard",
        "service",
        "Events",
        "Planned releases",
        "Rollback-ready",
    ]
    hard, soft = lane(found, "desktop").bars
    assert (hard.kind, hard.start, hard.end) == (BarKind.HARD, at("2026-03-03 10:00"), at("2026-03-10 22:00"))
    assert (soft.kind, soft.start, soft.end) == (BarKind.SOFT, at("2026-03-10 22:00"), at("2026-03-13 22:00"))
    assert [bar.title for bar in lane(found, "Events").bars] == ["Zebra"]
    assert [bar.title for bar in lane(found, "Planned releases").bars] == ["daemon 4.2.0", "daemon 4.3.0"]
    (ready,) = lane(found, "Rollback-ready").bars
    assert (ready.start, ready.end) == (START, at("2026-04-22 10:00"))


def test_r96_in_public_what_is_hidden_has_neutral_words_or_none() -> None:
    hidden = listing(visibility="internal", public_title="Reserved")
    found = drawn(hidden, public=True)
    assert {bar.title for bar in lane(found, "desktop").bars} == {"Reserved"}
    assert lane(found, "Events").bars == ()
    assert [bar.title for bar in lane(found, "Planned releases").bars] == ["daemon 4.2.0"]
    whole = drawn(hidden)
    assert {bar.title for bar in lane(whole, "desktop").bars} == {"Zebra"}
    assert [bar.public for bar in lane(whole, "Events").bars] == [False]


def test_only_what_overlaps_is_drawn_and_one_product_alone_can_be() -> None:
    early = build.event("2026-01-10 10:00", "2026-02-01 00:00", id="early", type="testnet-upgrade")
    late = build.event("2026-05-02 00:00", "2026-05-03 00:00", id="late", type="testnet-upgrade")
    assert lane(drawn(early, late), "Events").bars == ()
    found = drawn(listing(), product="desktop")
    assert [one.product for one in found.lanes if one.product] == ["desktop"]
    assert lane(found, "Planned releases").bars == ()


def test_r10_sprint_freezes_and_maintenance_stand_on_the_same_lanes() -> None:
    sprint = SprintFreeze(
        id="sprint", title="End of quarter", starts=at("2026-03-28"), ends=at("2026-04-02"), because="end of quarter"
    )
    catalog: Catalog = replace(build.catalog(), sprints=(sprint,), maintenance=(build.maintenance("2026-03-05 09:00"),))
    found = quarter(catalog, START, timedelta(days=90), START, public=True)
    assert [bar.title for bar in lane(found, "desktop").bars] == ["End of quarter"]
    assert [bar.kind for bar in lane(found, "Events").bars] == [BarKind.MAINTENANCE]


def test_a_release_that_is_gone_is_not_planned_any_more() -> None:
    assert [bar.title for bar in lane(drawn(gone={"daemon@4.2.0"}), "Planned releases").bars] == ["daemon 4.3.0"]


@pytest.mark.parametrize("public", [True, False])
def test_ways_back_are_due_for_the_releases_that_are_shown(public: bool) -> None:
    assert [one.release.id for one in drawn(public=public).due] == ["daemon@4.2.0", "daemon@4.3.0"][: 2 - public]


def test_a_release_that_shipped_later_was_planned_at_that_time() -> None:
    one = build.release("4.2.0", planned_for="2026-02-20T09:00:00Z", shipped_at="2026-02-20T10:00:00Z")
    catalog = build.catalog([], [one])
    assert lane(quarter(catalog, START, timedelta(days=90), START, public=True), "Planned releases").bars
    later = at("2026-02-21")
    assert not lane(quarter(catalog, START, timedelta(days=90), later, public=True), "Planned releases").bars
