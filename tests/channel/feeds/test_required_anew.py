"""Published feeds with other requirements or settings: nothing else of them changes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.channel.feeds.required_anew import same_without_announced, with_announced
from publisher.errors import InputError, VerificationError
from publisher.model.content.setting import Setting
from publisher.model.records.feed_format import FeedRequirement
from publisher.model.values import Model
from publisher.wire.feed_parser import parse_feed
from publisher.wire.requirement import MOST
from publisher.wire.version import Version
from tests.support.build import at

FEED = {"format": "tidegate-feed/1", "product": "node", "channel": "stable", "platform": "linux-amd64", "release": None}


def feed(**fields: object) -> bytes:
    return json.dumps(FEED | fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def required(event: str = "fork") -> FeedRequirement:
    moment = at("2027-01-15 12:00")
    return FeedRequirement(
        event=event, title="The fork", at_least=Version.parse("2.0.0"), by=moment, runway_begins=moment
    )


SETTING = Setting(id="auto-sync", name="storage.auto_sync", how="In config.toml.", values=("on", "off"))


def announced(*requirements: FeedRequirement, settings: tuple[Setting, ...] = ()) -> dict[str, Sequence[Model]]:
    return {"requirements": requirements, "settings": settings}


@pytest.mark.parametrize("data", [feed(), feed(requirements=[]), b" " + feed(requirements=[])])
def test_a_feed_that_says_so_already_keeps_its_bytes(data: bytes) -> None:
    assert with_announced(data, announced()) is data
    anew = with_announced(data, announced(required()))
    assert with_announced(anew, announced(required())) is anew


@given(st.dictionaries(st.from_regex("x-[a-z]{1,9}", fullmatch=True), st.text(max_size=20) | st.integers(), max_size=4))
def test_what_this_program_does_not_know_is_kept(fields: dict[str, object]) -> None:
    data = feed(**fields)
    anew = with_announced(data, announced(required()))
    assert json.loads(anew) == {**json.loads(data), "requirements": json.loads(anew)["requirements"], "settings": []}
    assert [requirement.event for requirement in parse_feed(anew).requirements] == ["fork"]
    assert with_announced(anew, announced()) == feed(**fields, requirements=[], settings=[])
    assert same_without_announced(data, anew)


def test_settings_are_announced_too_and_taken_away_again() -> None:
    anew = with_announced(feed(), announced(settings=(SETTING,)))
    assert [setting.id for setting in parse_feed(anew).settings] == ["auto-sync"]
    assert with_announced(anew, announced(settings=(SETTING,))) is anew
    assert same_without_announced(feed(), anew)
    assert parse_feed(with_announced(anew, announced())).settings == ()


def test_other_words_are_seen() -> None:
    assert not same_without_announced(feed(min_secure="1.0.0"), feed(requirements=[]))
    with pytest.raises(VerificationError, match="is not a feed"):
        same_without_announced(feed(), b"[]")


def test_what_clients_would_refuse_is_not_written() -> None:
    with pytest.raises(InputError, match=f"at most {MOST} are read"):
        with_announced(feed(), announced(*(required(f"event-{number}") for number in range(MOST + 1))))
    with pytest.raises(InputError, match="clients would refuse the feed"):
        with_announced(b"<html>", announced())
