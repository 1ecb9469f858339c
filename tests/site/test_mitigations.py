"""Mitigations on the site: the page of a version that needs one, and the JSON; nothing where there is none (R86)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from publisher.model.records.channel_state import ChannelState, LiveMitigation, MitigationList
from tests.site.factory import NOW, at, catalog, live, page, release, render
from tests.site.htmltext import from_markdown

GIVEN = catalog(
    releases=(
        release("4.0.0", shipped_at=at(-30), planned_for=None),
        release("4.1.0", shipped_at=at(-2), planned_for=None),
    )
)
ADVICE: dict[str, Any] = {
    "id": "a" * 64,
    "product": "node",
    "from": "4.1.0",
    "before": "4.1.2",
    "setting": "auto-sync",
    "name": "storage.auto_sync",
    "how": "In config.toml.",
    "value": "off",
    "because": "Nodes <b>lose</b> their *index*.",
    "at": at(-1),
    "until": at(9),
    "fixed_in": "4.1.2",
}


def advised(**changes: Any) -> ChannelState:
    fields = {name: value for name, value in {**ADVICE, **changes}.items() if value is not None}
    mitigation = LiveMitigation.model_validate_json(json.dumps(fields))
    return live("4.1.0").model_copy(update={"mitigations": (mitigation,)})


def test_the_page_of_a_version_says_first_what_to_set_and_quotes_the_reason() -> None:
    page_text = from_markdown(page(GIVEN, "releases/node/4.1.0.md", advised())).text
    assert "Until fixed in 4.1.2: set storage.auto_sync to off In config.toml." in page_text
    assert "The reason given: “Nodes <b>lose</b> their *index*.”" in page_text
    assert "This advice ends on" in page_text
    assert page_text.index("Until fixed in 4.1.2") < page_text.index("Optional or not?")


def test_platforms_are_named_and_a_fix_that_nobody_knows_is_not() -> None:
    page_text = from_markdown(
        page(GIVEN, "releases/node/4.1.0.md", advised(platforms=["linux-amd64"], fixed_in=None))
    ).text
    assert "Until this is fixed: set storage.auto_sync to off" in page_text
    assert "Only on linux-amd64." in page_text


@pytest.mark.parametrize("state", [advised(**{"from": "4.1.1"}), advised(until=at(0)), live("4.1.0"), None])
def test_where_there_is_none_nothing_is_said(state: ChannelState | None) -> None:
    assert "storage.auto_sync" not in page(GIVEN, "releases/node/4.1.0.md", state)
    assert "storage.auto_sync" not in page(GIVEN, "releases/node/4.0.0.md", advised())


def test_programs_get_the_same() -> None:
    written = render(GIVEN, advised())["data/mitigations.json"]
    listed = MitigationList.model_validate_json(written)
    assert listed.at == NOW
    assert listed.mitigations == advised().mitigations
    assert json.loads(written)["mitigations"][0]["from"] == "4.1.0"
    assert json.loads(render(GIVEN, live("4.1.0"))["data/mitigations.json"])["mitigations"] == []
    assert json.loads(render(GIVEN, advised(until=at(0)))["data/mitigations.json"])["mitigations"] == []


def test_a_site_that_was_built_without_the_channel_knows_of_none() -> None:
    assert json.loads(render(GIVEN, None)["data/mitigations.json"])["mitigations"] is None
    assert timedelta() < advised().mitigations[0].until - NOW
