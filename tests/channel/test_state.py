"""What a bucket offers, read back from verified metadata."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from tuf.api.metadata import TargetFile, Targets

from publisher.channel.layout import MINISIGN_TARGET, feed_target, target_key
from publisher.channel.state import feeds, minisign_public_key, read_feed, read_state, read_target
from publisher.errors import VerificationError
from publisher.signing.minisign import public_file
from tests.support.channel import NOW, STABLE, MemoryChannel, signer
from tests.support.tuf_repository import a_feed

LINUX, WINDOWS = "linux-amd64", "windows-amd64"
DATA = b"some bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()
KEY = target_key("feed/node/stable/a.json", SHA256)


@pytest.mark.parametrize(
    ("data", "length", "words"),
    [
        (None, len(DATA), "is listed, but its object is missing"),
        (DATA, len(DATA) + 1, "is not the file that the metadata lists"),
        (DATA[:-1], len(DATA), "is not the file that the metadata lists"),
        (b"other data", len(DATA), "is not the file that the metadata lists"),
    ],
)
def test_a_target_is_the_file_that_was_signed_or_refused(data: bytes | None, length: int, words: str) -> None:
    with pytest.raises(VerificationError, match=f"feed/node/stable/a.json {words}"):
        read_target({KEY: data}.get, "feed/node/stable/a.json", length, SHA256)


def test_a_target_is_read_by_path_and_digest() -> None:
    assert read_target({KEY: DATA}.get, "feed/node/stable/a.json", len(DATA), SHA256) == DATA


def feed(
    version: str = "1.1.0", platform: str = LINUX, product: str = "node", channel: str = "stable", **changes: Any
) -> bytes:
    fields = a_feed(version=version, product=product, channel=channel, platform=platform)
    target = f"artifacts/{product}/{channel}/{version}/file"
    fields["release"]["artifact"] |= {"target": target, "file": "file"}
    return json.dumps(fields | changes).encode()


def listed(channel: MemoryChannel, targets: Targets, path: str, data: bytes) -> TargetFile:
    """Store a target and list it."""
    target = TargetFile.from_data(path, data, ["sha256"])
    channel.objects[target_key(path, target.hashes["sha256"])] = data
    targets.targets[path] = target
    return target


LINUX_FEED = feed_target("node", "stable", LINUX)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{}", "is not a feed"),
        (b"junk", "is not a feed"),
        (feed(product="desktop"), "is the feed of desktop, stable, linux-amd64"),
        (feed(channel="beta"), "is the feed of node, beta, linux-amd64"),
        (feed(platform=WINDOWS), "is the feed of node, stable, windows-amd64"),
    ],
)
def test_a_feed_in_the_place_of_another_is_refused(data: bytes, words: str) -> None:
    channel = MemoryChannel()
    target = listed(channel, Targets(version=1, expires=NOW), LINUX_FEED, data)
    with pytest.raises(VerificationError, match=f"{LINUX_FEED} {words}"):
        read_feed(channel.objects.get, LINUX_FEED, target)


def test_a_feed_without_a_digest_is_refused() -> None:
    channel = MemoryChannel()
    target = listed(channel, Targets(version=1, expires=NOW), LINUX_FEED, feed())
    target.hashes = {"sha512": "00" * 64}
    with pytest.raises(VerificationError, match="is listed without a SHA-256 digest"):
        read_feed(channel.objects.get, LINUX_FEED, target)


@pytest.fixture
def channel() -> MemoryChannel:
    """Stable offers 1.1.0 on Linux and still 1.0.0 on Windows; beta has nothing for anybody."""
    channel = MemoryChannel()
    stable = channel.release("1.1.0")
    listed(channel, stable, LINUX_FEED, feed())
    listed(channel, stable, feed_target("node", "stable", WINDOWS), feed("1.0.0", WINDOWS))
    beta = Targets(version=1, expires=stable.expires)
    listed(channel, beta, feed_target("node", "beta", LINUX), feed(channel="beta", release=None))
    channel.store(channel.plan(stable=channel.signed(STABLE, stable), beta=channel.signed("node.beta", beta)))
    return channel


def test_feeds_are_told_by_platform(channel: MemoryChannel) -> None:
    read, live = channel.objects.get, channel.live()
    offered = {platform: feed.release for platform, feed in feeds(read, live, "node", "stable").items()}
    assert {platform: str(release and release.version) for platform, release in offered.items()} == {
        LINUX: "1.1.0",
        WINDOWS: "1.0.0",
    }
    assert feeds(read, live, "node", "nightly") == {}


def test_the_state_has_an_entry_for_each_version_that_a_channel_offers(channel: MemoryChannel) -> None:
    state = read_state(channel.objects.get, channel.live(), NOW)
    assert [
        (entry.product, entry.channel, str(entry.version), [artifact.platform for artifact in entry.artifacts])
        for entry in state.live
    ] == [("node", "stable", "1.0.0", [WINDOWS]), ("node", "stable", "1.1.0", [LINUX])]
    assert {entry.approved_by for entry in state.live} == {("ana (engineering)", "ben (operations)")}
    assert (state.read_at, state.withdrawn, state.holds) == (NOW, (), ())
    line = public_file(signer("minisign-ben", "minisign")).decode().splitlines()[1]
    assert state.minisign_public_key == line


@pytest.mark.parametrize(("data", "line"), [(None, None), (b"", None), (b"one line\n", None), (b"one\ntwo\n", "two")])
def test_the_pinned_key_is_the_second_line_of_its_file(
    channel: MemoryChannel, data: bytes | None, line: str | None
) -> None:
    live = channel.live()
    live.targets.signed.targets.clear()
    if data is not None:
        listed(channel, live.targets.signed, MINISIGN_TARGET, data)
    assert minisign_public_key(channel.objects.get, live) == line
