"""The content of this repository itself: what is true names its source, what is invented says that it is a sample."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from publisher.model.catalog import Catalog
from publisher.model.content.deprecation import DeprecationState
from publisher.model.content.event import Confidence
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass, Kind, RiskClass
from publisher.model.visibility import Visibility
from publisher.rules.calendar.lifecycle import deprecation_state
from publisher.rules.evaluate import evaluate, worst
from publisher.rules.freeze.matrix import LENGTHS
from publisher.rules.lint.lead_time import disagreement, year_of_event, year_of_release
from publisher.rules.maintenance.judge import judge
from publisher.rules.staffing.coverage import DUTIES, missing
from publisher.rules.staffing.occurrences import occurrences
from tests.support import build

ROOT = Path(__file__).parents[2]
REFERENCE = datetime(2026, 11, 20, 12, tzinfo=UTC)

OURS = "update-client"
"""The one real product: this project's own client. Its source is this repository."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog([ROOT / "content"], ROOT / "site_config")


def test_what_is_true_names_its_source_and_what_is_invented_says_so(catalog: Catalog) -> None:
    for event in catalog.events:
        assert event.sample != (event.source is not None), event.id
    for release in catalog.releases:
        assert release.sample != (release.source is not None or release.product == OURS), release.id
    for deprecation in catalog.deprecations:
        assert deprecation.sample != (deprecation.source is not None), deprecation.id
    for product in catalog.products.values():
        assert product.sample != (product.id == OURS), product.id
    for one in catalog.maintenance:
        assert one.sample, one.id
        assert one.id.endswith("-sample"), one.id
    assert catalog.policy.sample
    assert catalog.sample is not None


def test_an_invented_event_says_so_in_its_name_too(catalog: Catalog) -> None:
    for event in catalog.events:
        assert event.sample == event.id.endswith("-sample"), event.id


def test_no_words_of_advertising() -> None:
    hype = re.compile(
        r"excit|amaz|revolution|game.chang|blazing|seamless|unlock|supercharge|best.in.class|!\s|cutting.edge|thrilled",
        re.IGNORECASE,
    )
    for file in sorted((ROOT / "content").rglob("*.yaml")):
        assert not hype.search(file.read_text()), file


def test_the_real_client_may_ship_at_the_reference_time(catalog: Catalog) -> None:
    release = catalog.find(OURS, "0.1.0")
    assert release is not None
    decision = evaluate(catalog, release, "stable", REFERENCE)
    assert decision.outcome == "pass"
    assert decision.next_change is not None
    assert decision.next_change > REFERENCE


def test_the_sample_shows_every_kind_of_thing(catalog: Catalog) -> None:
    assert catalog.sample is not None
    assert catalog.sample.reference_time == REFERENCE
    assert {deprecation_state(catalog, one, REFERENCE) for one in catalog.deprecations} == set(DeprecationState)
    assert {event.visibility for event in catalog.events} == set(Visibility)
    assert any(event.ends <= REFERENCE for event in catalog.events)
    assert any(event.starts > REFERENCE for event in catalog.events)
    releases = catalog.releases
    assert any(release.kind is Kind.MIGRATION for release in releases)
    assert any(release.change_class is ChangeClass.SECURITY for release in releases)
    assert any(release.visibility == "internal" for release in releases)
    assert any(release.version.prerelease for release in releases)
    outcomes = {one.id: evaluate(catalog, one, one.channels[0], REFERENCE).outcome for one in releases}
    assert outcomes["btfs-node@4.2.0"] == "waiting"
    assert outcomes["desktop-client@7.4.1"] == "pass"
    assert outcomes["web-dashboard@2.8.1"] == "pass"
    assert outcomes["web-dashboard@2.9.0"] == "waiting"


def test_r15_scores_and_dates_of_the_register_agree(catalog: Catalog) -> None:
    for event in catalog.events:
        assert disagreement(event) is None
        assert year_of_event(event) is None
    for release in catalog.releases:
        assert year_of_release(catalog, release) is None


def test_r5_r12_r18_the_sample_shows_a_scenario_a_signal_and_a_block(catalog: Catalog) -> None:
    assert all(one.sample and one.result == "held" and one.ran_at < REFERENCE for one in catalog.scenarios)
    assert any(one.accepted is not None for one in catalog.signals)
    assert any(event.trigger is not None for event in catalog.events)
    assert {event.confidence for event in catalog.events} > {Confidence.CONFIRMED}
    assert all(one.visibility is Visibility.INTERNAL for one in catalog.sprints)
    assert catalog.scenarios
    assert catalog.sprints


def test_r9_r83_everything_has_an_owner(catalog: Catalog) -> None:
    assert catalog.policy.owners is not None
    assert set(catalog.policy.owners.rollback) == set(catalog.products)


def test_r7_every_release_to_come_names_its_risks(catalog: Catalog) -> None:
    for release in catalog.releases:
        if release.shipped_at is None:
            assert {one.risk for one in release.risks} == set(RiskClass), release.id


def test_r60_r63_the_sample_has_a_weekly_slot_a_single_window_and_people_who_follow_the_sun(catalog: Catalog) -> None:
    assert {one.repeats is None for one in catalog.maintenance} == {True, False}
    assert catalog.staffing is not None
    assert {shift.duty for shift in catalog.staffing.shifts} == set(DUTIES)
    assert len({shift.zone for shift in catalog.staffing.shifts}) >= 3
    assert not missing(catalog, DUTIES, REFERENCE, REFERENCE + timedelta(days=35))
    windows = [
        window for one in catalog.maintenance for window in occurrences(one, REFERENCE, REFERENCE + timedelta(days=90))
    ]
    outcomes = {worst(judge(catalog, window.maintenance, window.start)) for window in windows}
    assert {"pass", "waiting", "blocked"} <= outcomes
    for product in {one.product for one in catalog.maintenance}:
        assert catalog.products[product].usage, product


def test_neutral_titles_tell_nothing(catalog: Catalog) -> None:
    for event in catalog.events:
        if event.visibility is not Visibility.PUBLIC:
            words = set(re.findall(r"[a-z]{4,}", f"{event.title} {event.summary}".lower()))
            assert not words & set(re.findall(r"[a-z]{4,}", event.public_title.lower())), event.id


@pytest.mark.parametrize("client_type", [ClientType.DAEMON, ClientType.DESKTOP, ClientType.DASHBOARD])
def test_r26_riskier_classes_wait_at_least_as_long(catalog: Catalog, client_type: ClientType) -> None:
    policy = catalog.policy.freeze
    order = (ChangeClass.PROTOCOL, ChangeClass.FEATURE, ChangeClass.PATCH, ChangeClass.UI_POLISH, ChangeClass.DOCS)
    for event in catalog.events:
        totals = []
        for change_class in order:
            lengths = build.lengths(policy, event, build.subject(client_type, change_class))
            totals.append(sum(getattr(lengths.band, name).total_seconds() for name in LENGTHS) if lengths else 0)
        assert totals == sorted(totals, reverse=True), event.id


def test_r26_client_types_and_classes_differ(catalog: Catalog) -> None:
    listing = next(event for event in catalog.events if event.type == "exchange-listing")
    policy = catalog.policy.freeze
    hard = {
        (client_type, change_class): lengths.band.hard_before
        for client_type in ClientType
        for change_class in ChangeClass
        if (lengths := build.lengths(policy, listing, build.subject(client_type, change_class)))
    }
    storage, dht, patch = ChangeClass.STORAGE, ChangeClass.DHT, ChangeClass.PATCH
    assert hard[ClientType.DAEMON, storage] > hard[ClientType.DESKTOP, storage] > hard[ClientType.DASHBOARD, storage]
    assert hard[ClientType.DAEMON, storage] > hard[ClientType.DAEMON, ChangeClass.UI_POLISH]
    assert hard[ClientType.DESKTOP, dht] > hard[ClientType.DESKTOP, ChangeClass.UI_POLISH]
    # R23: three to five days for patches of low risk, seven and more for protocol and node behaviour.
    assert 3 <= hard[ClientType.DESKTOP, patch].days <= hard[ClientType.DAEMON, patch].days <= 5
    assert hard[ClientType.DAEMON, ChangeClass.PROTOCOL].days >= 7
