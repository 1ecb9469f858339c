"""Notices are fetched by whom they concern, once, and what cannot be had makes an answer say less."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tuf.api.exceptions import DownloadError

from publisher.client.network.http import DirectoryFetcher
from publisher.client.updater import UpdateClient
from publisher.client.verified_channel import VerifiedChannel
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.notice import MAX_BYTES, BrakeNotice
from tests.client.conftest import ASK, CountingFetcher
from tests.support.tuf_repository import Bucket


def hold_notice(client: UpdateClient, channel: VerifiedChannel | None = None) -> BrakeNotice | None:
    channel = channel or client.fetch_channel(*ASK)
    [hold] = channel.brakes.holds
    return client.fetch_notice(channel, BrakeKind.HOLD, hold)


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "state/brakes").glob("*.notice.json"))


def test_a_notice_is_fetched_once_by_its_digest(bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher) -> None:
    hold = bucket.brake("hold")
    channel = client.fetch_channel(*ASK)
    # Whom it does not concern pays nothing for it.
    assert not [address for address in fetcher.asked if "notice" in address]
    fetcher.asked.clear()
    notice = hold_notice(client, channel)
    assert notice is not None
    assert notice.because == "It deletes wallets when it starts."
    assert fetcher.asked == [f"targets/brakes/btfs-node/stable/{hold}.notice.json"]
    assert hold_notice(client, channel) == notice
    assert len(fetcher.asked) == 1


def gone(path: Path) -> None:
    path.unlink()


def other_words(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"wallets", b"nothing"))


def endless(path: Path) -> None:
    path.write_bytes(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize("spoil", [gone, other_words, endless])
def test_a_notice_that_cannot_be_had_is_none_and_the_hold_stands(
    bucket: Bucket, client: UpdateClient, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    hold = bucket.brake("hold")
    path = bucket.path(f"tuf/targets/brakes/btfs-node/stable/{hold}.notice.json")
    original = path.read_bytes()
    spoil(path)
    assert hold_notice(client) is None
    assert kept(tmp_path) == []
    path.write_bytes(original)
    assert hold_notice(client) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "4.1.1"},
        {"product": "other"},
        {"kind": "withdrawal", "action": "stop"},
        {"platforms": ["linux-amd64"]},
        {"because": "Run sudo rm -rf now."},
        {"because": "Look at https://evil.example for the fix."},
        {"format": "tidegate-notice/2"},
    ],
)
def test_a_notice_about_something_else_is_no_reason(
    bucket: Bucket, client: UpdateClient, changes: dict[str, Any]
) -> None:
    bucket.brake("hold", notice=changes)
    assert hold_notice(client) is None


def test_what_is_kept_is_verified_again(bucket: Bucket, client: UpdateClient, tmp_path: Path) -> None:
    bucket.brake("hold")
    notice = hold_notice(client)
    [name] = kept(tmp_path)
    (tmp_path / "state/brakes" / name).write_text(json.dumps({"because": "Something else."}))
    assert hold_notice(client) == notice
    (tmp_path / "state/brakes" / name).unlink()
    os.mkfifo(tmp_path / "state/brakes" / name)
    assert hold_notice(client) == notice


def test_only_notices_of_brakes_in_force_are_kept(bucket: Bucket, client: UpdateClient, tmp_path: Path) -> None:
    first = bucket.brake("hold")
    hold_notice(client)
    bucket.role_fields = {"x-tidegate-lifted": [first]}
    second = bucket.brake("hold", notice={"because": "Something else is wrong."})
    assert kept(tmp_path) == [f"{first}.notice.json"]
    hold_notice(client)
    assert kept(tmp_path) == [f"{second}.notice.json"]


def test_offline_the_notice_that_was_kept_is_read_and_nobody_is_asked(
    bucket: Bucket, client: UpdateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.brake("hold")
    notice = hold_notice(client)
    asked: list[str] = []

    def refuse(_self: DirectoryFetcher, url: str) -> Iterator[bytes]:
        asked.append(url)
        raise DownloadError(f"{url}: connection refused")

    monkeypatch.setattr(DirectoryFetcher, "_fetch", refuse)
    recalled = client.fetch_or_recall(*ASK)
    asked.clear()
    assert hold_notice(client, recalled) == notice
    [hold] = recalled.brakes.holds
    other = replace(hold, id=hashlib.sha256(b"never fetched").hexdigest())
    assert client.fetch_notice(recalled, BrakeKind.HOLD, other) is None
    assert asked == []


def test_a_full_disk_takes_nothing_from_the_answer(
    bucket: Bucket, client: UpdateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.brake("hold")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    channel = client.fetch_channel(*ASK)
    monkeypatch.setattr("publisher.client.brakes.notices.write_durably", full)
    assert hold_notice(client, channel) is not None
