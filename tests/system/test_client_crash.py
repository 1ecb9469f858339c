"""SIGKILL before every step by which a client changes the disk: the next run works, and believes nothing older.

`make nightly` tries every step, other runs every fourth.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.wire.errors import ClientVerificationError, Code
from tests.client.conftest import ASK
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.updating import KILLED, Update, ended

pytestmark = [pytest.mark.system, pytest.mark.skipif(sys.platform == "win32", reason="no such signal")]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROGRAM = bytes(range(256)) * 1000
"""Several chunks."""
NAME = "btfs-4.2.0-linux-amd64.tar.gz"
EVERY = pytest.mark.parametrize(
    ("first", "every"),
    [pytest.param(1, 4, id="some"), pytest.param(1, 1, id="every", marks=pytest.mark.nightly)],
)


@dataclass(frozen=True)
class Past:
    """A channel with 4.2.0, copies of it as it was, and a client that has seen 4.1.0."""

    before: Bucket
    """With 4.0.0."""
    seen: Bucket
    """With 4.1.0."""
    update: Update
    """From 4.1.0 to 4.2.0."""

    def copy(self, name: str) -> Update:
        """The same update by a client of its own."""
        base = self.update.base.with_name(name)
        shutil.copytree(self.update.base, base, symlinks=True)
        return replace(self.update, base=base)


def copied(bucket: Bucket, directory: Path) -> Bucket:
    shutil.copytree(bucket.directory, directory)
    copy = Bucket(directory)
    copy.version = bucket.version
    return copy


@pytest.fixture
def past(tmp_path: Path) -> Past:
    bucket = Bucket(tmp_path / "bucket")
    bucket.release(a_feed(version="4.0.0"))
    before = copied(bucket, tmp_path / "before")
    bucket.release(a_feed(version="4.1.0"))
    seen = copied(bucket, tmp_path / "seen")
    base = tmp_path / "client"
    (base / "files").mkdir(parents=True)
    update = Update(bucket.url, bucket.root_bytes, base, ASK, NOW)
    update.client().fetch_feed(*ASK)
    bucket.release(a_feed(PROGRAM, "4.2.0"), PROGRAM)
    return Past(before, seen, update)


def refused(update: Update, bucket: Bucket) -> None:
    with pytest.raises(ClientVerificationError) as caught:
        replace(update, url=bucket.url).client().fetch_feed(*ASK)
    assert caught.value.code is Code.OLDER_THAN_SEEN


def completes(update: Update) -> None:
    """A further run gets the file, and leaves nothing else where files are, nor in the way of the next one."""
    for _ in range(2):
        client = update.client()
        downloaded = client.download(client.fetch_feed(*ASK), update.base / "files")
        assert downloaded.path.read_bytes() == PROGRAM
        assert [path.name for path in (update.base / "files").iterdir()] == [NAME]
    names = {path.name for path in (update.base / "state").rglob("*")}
    assert not [name for name in names if name.startswith((".tidegate", "tmp"))]


@EVERY
def test_killed_anywhere_a_client_goes_on_and_believes_nothing_older(past: Past, first: int, every: int) -> None:
    counting = past.copy("counting")
    assert counting.run() == 0
    assert counting.steps > 30
    for step in range(first, counting.steps + 1, every):
        update = replace(past.copy(f"killed-{step}"), at=step)
        assert update.run() == KILLED, step
        refused(update, past.before)
        if update.answered:
            refused(update, past.seen)
        completes(update)


@EVERY
def test_killed_anywhere_in_its_first_run_a_client_starts_again(past: Past, first: int, every: int) -> None:
    def fresh(name: str) -> Update:
        update = replace(past.update, base=past.update.base.with_name(name))
        (update.base / "files").mkdir(parents=True)
        return update

    counting = fresh("counting")
    assert counting.run() == 0
    for step in range(first, counting.steps + 1, every):
        update = replace(fresh(f"killed-{step}"), at=step)
        assert update.run() == KILLED, step
        if update.answered:
            refused(update, past.seen)
        completes(update)


def test_killed_again_and_again_a_download_comes_to_its_end(past: Past) -> None:
    """Each run is killed a little later than the last one, in the midst of what that one left."""
    update = past.copy("patient")
    for step in range(1, 500):
        code = replace(update, at=step).run()
        if code == 0:
            break
        assert code == KILLED
    assert code == 0
    completes(update)


def test_many_at_once_on_one_state_all_end_well(past: Past) -> None:
    updates = [past.update] * 6
    assert ended(updates) == [0] * len(updates)
    completes(past.update)
    refused(past.update, past.seen)


def test_many_at_once_go_on_with_one_part_and_spoil_nothing(past: Past) -> None:
    killed = past.copy("one")
    counting = past.copy("counting")
    assert counting.run() == 0
    assert replace(killed, at=counting.steps - 3).run() == KILLED
    assert [path.name.endswith(".part") for path in (killed.base / "files").iterdir()] == [True]
    others = []
    for number in range(5):
        base = killed.base.with_name(f"other-{number}")
        shutil.copytree(past.update.base / "state", base / "state", symlinks=True)
        (base / "files").symlink_to(killed.base / "files")
        others.append(replace(killed, base=base, at=0))
    assert ended([killed, *others]) == [0] * 6
    completes(killed)
