"""A release that was taken back: every page and file of the site says so, and says the same (R81)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.product import Channel
from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.wire.version import Version
from tests.site.factory import NOW, at, catalog, deprecation, live, page, release, render
from tests.site.htmltext import from_markdown

RECORDED = catalog(
    releases=(
        release("4.0.0", shipped_at=at(-30), planned_for=None),
        release("4.1.0", shipped_at=at(-2), planned_for=None, notes={"action": "optional"}),
    )
)
UNRECORDED = catalog(releases=(release("4.0.0", shipped_at=at(-30), planned_for=None), release("4.1.0")))

BOTH = pytest.mark.parametrize("given", [RECORDED, UNRECORDED], ids=["recorded as shipped", "not recorded"])


def taken_back(offers: str = "4.0.0", *versions: str, dated: bool = True) -> ChannelState:
    """What a bucket offers that took these versions of the node back from stable, 4.1.0 where none is named."""
    withdrawn = tuple(
        Withdrawal(
            product="node",
            channel="stable",
            version=Version.parse(version),
            at=NOW - timedelta(days=1) if dated else None,
            id="a" * 64,
        )
        for version in versions or ("4.1.0",)
    )
    return live(offers).model_copy(update={"withdrawn": withdrawn})


@BOTH
def test_r81_its_page_says_first_that_it_was_taken_back_and_what_to_go_back_to(given: Catalog) -> None:
    said = from_markdown(page(given, "releases/node/4.1.0.md", taken_back())).text
    first = said.split("Storage node 4.1.0 ", 1)[1]
    assert first.startswith("Go back to 4.0.0.")
    assert "Taken back from Stable on Thursday 19 November 2026, 12:00 UTC, on all platforms." in said
    assert "Optional or not? Do not install it: it was taken back." in said
    for words in ("when it suits you", "Not out yet", "not from us", "May it ship?", "The first 24 hours", "SHA-256"):
        assert words not in said


@BOTH
def test_home_downloads_and_list_say_the_same(given: Catalog) -> None:
    files = render(given, taken_back())
    for path in ("index.md", "downloads.md"):
        said = from_markdown(files[path].decode()).text
        words = "If you run 4.1.0: Taken back from Stable on Thursday 19 November 2026, 12:00 UTC. Go back to 4.0.0."
        assert words in said
        assert "4.0.0 live, signatures verified" in said
    said = from_markdown(files["releases/index.md"].decode()).text
    assert "4.1.0taken back" in said
    assert "Taken back from Stable on 19 November 2026." in said
    assert "current" not in said
    home = from_markdown(files["index.md"].decode()).text
    assert "No upcoming release is announced." in home


@BOTH
def test_calendar_and_data_say_the_same(given: Catalog) -> None:
    files = render(given, taken_back())
    expected = [withdrawal.model_dump(mode="json") for withdrawal in taken_back().withdrawn]
    assert (expected[0]["version"], expected[0]["at"]) == ("4.1.0", "2026-11-19T12:00:00Z")
    assert json.loads(files["data/decisions.json"])["withdrawn"] == expected
    assert json.loads(files["data/decisions.json"])["decisions"] == []
    assert json.loads(files["data/calendar.json"])["withdrawn"] == expected
    for path in ("calendar.md", "calendar.ics", "data/calendar.json"):
        assert b"node 4.1.0" not in files[path].lower()


def test_once_a_fix_is_out_its_page_says_to_update_and_home_is_calm_again() -> None:
    given = catalog(releases=(*RECORDED.releases, release("4.1.1")))
    files = render(given, taken_back("4.1.1"))
    said = from_markdown(files["releases/node/4.1.0.md"].decode()).text
    assert said.split("Storage node 4.1.0 ", 1)[1].startswith("Update to 4.1.1.")
    assert "Taken back" not in from_markdown(files["index.md"].decode()).text


def test_without_the_ledger_the_day_is_left_out() -> None:
    said = from_markdown(page(RECORDED, "releases/node/4.1.0.md", taken_back(dated=False))).text
    assert "Taken back from Stable, on all platforms." in said


def test_what_another_channel_offers_is_taken_back_from_the_one_only() -> None:
    given = catalog(releases=(release("4.1.0", channels=["stable", "beta"], planned_for=None),))
    beta = Channel(id="beta", name="Beta", summary="For the brave.")
    given = replace(given, channels={**given.channels, "beta": beta})
    state = taken_back("4.0.0")
    offered = live("4.1.0").live[0].model_copy(update={"channel": "beta"})
    state = state.model_copy(update={"live": (*state.live, offered)})
    said = from_markdown(page(given, "releases/node/4.1.0.md", state)).text
    assert "taken back from Stable" in said
    assert "Optional or not? Not from Stable, where it was taken back. Recommended:" in said
    assert "SHA-256" in said


def test_a_deprecation_that_it_marked_is_not_marked_any_more() -> None:
    given = catalog(releases=RECORDED.releases, deprecations=(deprecation(marked_in="4.1.0"),))
    assert "marked" in from_markdown(page(given, "deprecations.md", live("4.1.0"))).text.split("Not removed")[0]
    assert "Marked ahead" in from_markdown(page(given, "deprecations.md", taken_back())).text


def test_without_a_bucket_nothing_claims_to_be_current_or_foreign() -> None:
    files = render(UNRECORDED, None)
    said = " ".join(from_markdown(data.decode()).text for path, data in files.items() if path.endswith(".md"))
    assert "newest on record" in said
    assert "it is not from us" not in said
    assert json.loads(files["data/decisions.json"])["withdrawn"] is None
