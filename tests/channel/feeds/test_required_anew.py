"""Published feeds with other requirements: nothing else of them changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.channel.feeds.required_anew import same_without_requirements, with_requirements
from publisher.errors import InputError, VerificationError
from publisher.model.records.feed_format import FeedRequirement
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


@pytest.mark.parametrize("data", [feed(), feed(requirements=[]), b" " + feed(requirements=[])])
def test_a_feed_that_says_so_already_keeps_its_bytes(data: bytes) -> None:
    assert with_requirements(data, ()) is data
    anew = with_requirements(data, (required(),))
    assert with_requirements(anew, (required(),)) is anew


@given(st.dictionaries(st.from_regex("x-[a-z]{1,9}", fullmatch=True), st.text(max_size=20) | st.integers(), max_size=4))
def test_what_this_program_does_not_know_is_kept(fields: dict[str, object]) -> None:
    data = feed(**fields)
    anew = with_requirements(data, (required(),))
    assert json.loads(anew) == {**json.loads(data), "requirements": json.loads(anew)["requirements"]}
    assert [requirement.event for requirement in parse_feed(anew).requirements] == ["fork"]
    assert with_requirements(anew, ()) == feed(**fields, requirements=[])
    assert same_without_requirements(data, anew)


def test_other_words_are_seen() -> None:
    assert not same_without_requirements(feed(min_secure="1.0.0"), feed(requirements=[]))
    with pytest.raises(VerificationError, match="is not a feed"):
        same_without_requirements(feed(), b"[]")


def test_what_clients_would_refuse_is_not_written() -> None:
    with pytest.raises(InputError, match=f"at most {MOST} are read"):
        with_requirements(feed(), [required(f"event-{number}") for number in range(MOST + 1)])
    with pytest.raises(InputError, match="clients would refuse the feed"):
        with_requirements(b"<html>", ())
