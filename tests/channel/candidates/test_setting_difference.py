"""Settings that a mitigation may name: how their changes read to the people who sign them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.channel.candidates.setting_difference import setting_changes, setting_lines
from publisher.wire.advice.settings import SignedSetting
from publisher.wire.feed_parser import ParsedFeed

SYNC = SignedSetting("auto-sync", "storage.auto_sync", "In config.toml.", ("on", "off"))
PEERS = SignedSetting("max-peers", "network.max_peers", "On the page Network.", (), 8, 512)
SHOWN = "max-peers, shown as network.max_peers (On the page Network)"


def feed(platform: str, *settings: SignedSetting) -> ParsedFeed:
    return ParsedFeed("node", "stable", platform, None, settings=settings)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ((SYNC,), (SYNC,), ()),
        ((), (SYNC,), ("added: auto-sync, shown as storage.auto_sync (In config.toml), to on, off",)),
        ((SYNC, PEERS), (PEERS,), ("removed: auto-sync",)),
        (
            (PEERS,),
            (replace(PEERS, highest=64),),
            (f"changed: {SHOWN}, to 8 to 512 -> {SHOWN}, to 8 to 64",),
        ),
    ],
)
def test_each_change_is_a_line(
    before: tuple[SignedSetting, ...], after: tuple[SignedSetting, ...], lines: tuple[str, ...]
) -> None:
    assert setting_changes(before, after) == lines


def test_what_is_the_same_everywhere_is_said_once_and_else_with_its_platforms() -> None:
    before = {"linux": feed("linux"), "macos": feed("macos")}
    everywhere = {"linux": feed("linux", SYNC), "macos": feed("macos", SYNC)}
    assert list(setting_lines(before, before)) == []
    assert next(setting_lines(before, everywhere)) == "settings that a mitigation may name"
    assert len(list(setting_lines(before, everywhere))) == 2
    feeds = {"linux": feed("linux", SYNC), "macos": feed("macos")}
    assert next(setting_lines(before, feeds)) == "settings that a mitigation may name for linux"
    assert list(setting_lines({}, everywhere)) == list(setting_lines(before, everywhere))
