"""The feed is read strictly; every complaint names the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publisher.wire.errors import FeedError
from publisher.wire.feed_parser import MAX_BYTES, DeprecationNotice, parse_feed
from publisher.wire.feed_words import Action, Restart, State
from publisher.wire.version import Version
from tests.support.requirements import mainnet_upgrade
from tests.support.tuf_repository import a_feed

VECTORS = Path(__file__).parent.parent / "vectors" / "client"
REFUSED = json.loads((VECTORS / "refused-feeds.json").read_text(encoding="utf-8"))["cases"]


def parse(feed: Any) -> Any:
    return parse_feed(json.dumps(feed).encode())


def bent(path: list[Any], value: Any) -> dict[str, Any]:
    """A good feed with one field replaced, or removed if the value is the text "(missing)"."""
    feed: Any = a_feed(previous=a_feed(version="4.0.0")["release"])
    feed["deprecations"] = [{"id": "old-api", "subject": "The old API", "state": "marked"}]
    feed["requirements"] = [mainnet_upgrade()]
    place = feed
    for step in path[:-1]:
        place = place[step]
    if value == "(missing)":
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return dict(feed)


def test_a_whole_feed_is_read() -> None:
    written = a_feed(
        min_secure="4.0.2",
        deprecations=[
            {
                "id": "old-api",
                "subject": "The old API",
                "state": "warned",
                "remove_in": "5.0.0",
                "replacement": "v2",
            }
        ],
    )
    written["release"] |= {
        "required_by": "2026-03-01T12:00:00Z",
        "old_peers_ok_until": "2026-06-01T00:00:00Z",
    }
    feed = parse(written)
    release = feed.release
    assert (feed.product, feed.channel, feed.platform) == ("btfs-node", "stable", "linux-amd64")
    assert (release.version, release.action, release.restart) == (
        Version.parse("4.1.0"),
        Action.RECOMMENDED,
        Restart.SERVICE,
    )
    assert release.required_by == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert release.symptoms == ("The node stops about once a day.",)
    assert release.artifact.size == len(b"the program")
    assert feed.min_secure == Version.parse("4.0.2")
    assert feed.deprecations == (
        DeprecationNotice("old-api", "The old API", State.WARNED, Version.parse("5.0.0"), "v2"),
    )


def test_r81_the_release_before_it_is_read_like_the_release() -> None:
    earlier = a_feed(version="4.0.0")
    assert parse(a_feed(previous=earlier["release"])).previous == parse(earlier).release
    assert parse(a_feed(previous=None)).previous is parse(a_feed()).previous is None
    assert parse(a_feed(previous=earlier["release"], min_secure="4.0.0")).previous is not None


def test_nothing_published_is_null() -> None:
    assert parse(a_feed(release=None)).release is None


def test_unknown_keys_are_ignored_everywhere() -> None:
    feed = a_feed(ramp=[1, 2])
    feed["release"]["later"] = {}
    feed["release"]["artifact"]["later"] = None
    assert parse(feed) == parse(a_feed())


def test_another_format_says_that_the_client_is_too_old() -> None:
    with pytest.raises(FeedError, match="this client is too old for the feed") as caught:
        parse(a_feed(format="tidegate-feed/2"))
    assert "newest client" in caught.value.fix


@pytest.mark.parametrize("case", REFUSED, ids=[case["name"] for case in REFUSED])
def test_refused_feeds_of_the_published_vectors(case: dict[str, Any]) -> None:
    with pytest.raises(FeedError) as caught:
        parse(bent(case["path"], case["value"]))
    assert case["error"] in caught.value.what


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "the feed must be an object"),
        (b'{"format": "tidegate-feed/1", "format": "tidegate-feed/1"}', "the key 'format' appears twice"),
        (b'{"format": NaN}', "NaN is not a JSON number"),
        (b"[" * 60_000, "not JSON"),
        (b" " * (MAX_BYTES + 1), "at most 65536"),
    ],
    ids=["empty", "not-utf-8", "list", "duplicate-key", "nan", "deep", "big"],
)
def test_what_is_not_a_feed_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parse_feed(data)
