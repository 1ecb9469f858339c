"""An interrupted download goes on where it stopped, from a real server, and never believes what was there before."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import FileIO
from pathlib import Path

import pytest

from publisher.client.durable_files import open_plain
from publisher.client.network.http import WebFetcher
from publisher.client.state_lock import try_lock
from publisher.client.transfer import part_file
from publisher.client.transfer.part_file import OLDEST
from publisher.client.updater import UpdateClient
from publisher.wire.errors import (
    ClientError,
    ClientInputError,
    ClientVerificationError,
    Code,
    LocalError,
    TransferError,
)
from publisher.wire.feed_parser import ParsedFeed
from tests.client.conftest import ASK, empty
from tests.support.mirror import Mirror, Trouble, breaks_after, part_of_it, sends, status, whole
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.waiting import NOW, Waiting

pytestmark = pytest.mark.loopback

PROGRAM = b"the program"
NAME = "btfs-4.1.0-linux-amd64.tar.gz"
LINUX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A bucket whose feed names no other address."""
    bucket = Bucket(tmp_path / "bucket")
    feed = a_feed()
    feed["release"]["artifact"]["urls"] = []
    bucket.release(feed)
    return bucket


@pytest.fixture
def client(server: Mirror, bucket: Bucket, tmp_path: Path, waiting: Waiting) -> UpdateClient:
    """A client that tries nothing twice, so that each download is one run."""
    fetcher = WebFetcher({}, "test", retries=0)
    return UpdateClient(server.url, bucket.root_bytes, tmp_path / "state", fetcher, waiting.clock)


@pytest.fixture
def patient(server: Mirror, bucket: Bucket, tmp_path: Path, waiting: Waiting) -> UpdateClient:
    fetcher = WebFetcher({}, "test", retries=0)
    return UpdateClient(server.url, bucket.root_bytes, tmp_path / "patient", fetcher, waiting.clock, waiting.patience())


@pytest.fixture
def feed(client: UpdateClient) -> ParsedFeed:
    return client.fetch_feed(*ASK)


def part_of(to: Path, feed: ParsedFeed) -> Path:
    assert feed.release is not None
    return to / f".tidegate-{NAME}.{feed.release.artifact.sha256[:16]}.part"


def interrupted(client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, count: int = 5) -> TransferError:
    """A run that received so many bytes and ended with this error."""
    server.troubles = [breaks_after(count)]
    with pytest.raises(TransferError) as caught:
        client.download(feed, to)
    return caught.value


def finished(client: UpdateClient, feed: ParsedFeed, to: Path) -> None:
    assert client.download(feed, to).path.read_bytes() == PROGRAM
    assert [path.name for path in to.iterdir()] == [NAME]


def test_the_next_run_asks_only_for_the_rest(client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path) -> None:
    error = interrupted(client, server, feed, to)
    assert error.fix.endswith("5 of 11 bytes are kept, and the next run continues from there")
    assert "the connection broke" in error.what
    assert {path: path.read_bytes() for path in to.iterdir()} == {part_of(to, feed): b"the p"}
    finished(client, feed, to)
    assert server.ranges == [None, "bytes=5-"]


def test_each_run_adds_to_what_the_last_one_had(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    interrupted(client, server, feed, to, 3)
    interrupted(client, server, feed, to, 4)
    assert part_of(to, feed).read_bytes() == PROGRAM[:7]
    finished(client, feed, to)
    assert server.ranges == [None, "bytes=3-", "bytes=7-"]


def test_one_run_goes_on_by_itself_when_the_connection_breaks(
    patient: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, waiting: Waiting
) -> None:
    server.troubles = [breaks_after(4), status(503, **{"Retry-After": "20"})]
    finished(patient, feed, to)
    assert server.ranges == [None, "bytes=4-", "bytes=4-"]
    assert waiting.slept == [1, 20]


def test_connections_that_bring_something_are_made_again_as_often_as_they_break(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_file, "PROGRESS", 2)
    server.troubles = [breaks_after(2)] * 5
    finished(client, feed, to)
    assert server.ranges == [None, "bytes=2-", "bytes=4-", "bytes=6-", "bytes=8-", "bytes=10-"]


def test_a_server_that_always_begins_again_and_breaks_is_given_up_on(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_file, "PROGRESS", 2)
    server.troubles = [lambda handler, data, _start: breaks_after(4)(handler, data, 0)] * 99
    with pytest.raises(TransferError):
        client.download(feed, to)
    assert server.ranges == [None, "bytes=4-"]


def test_a_run_that_received_nothing_leaves_nothing(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    error = interrupted(client, server, feed, to, 0)
    assert empty(to)
    assert "are kept" not in error.fix


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(whole, id="200 instead of 206"),
        pytest.param(part_of_it("bytes 0-10/11", PROGRAM), id="another range"),
        pytest.param(part_of_it("bytes 5-10/12", b"rogram!"), id="of another file"),
        pytest.param(part_of_it("", b"rogram"), id="no range"),
        pytest.param(part_of_it("five to ten", b"rogram"), id="an odd range"),
        pytest.param(status(416, **{"Content-Range": "bytes */11"}), id="416"),
    ],
)
def test_a_server_that_does_not_continue_begins_again(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, trouble: Trouble
) -> None:
    interrupted(client, server, feed, to)
    server.troubles = [trouble]
    finished(client, feed, to)
    assert server.ranges == [None, "bytes=5-"] + [None] * (trouble is not whole)


def test_a_server_that_sends_the_rest_bit_by_bit_is_asked_for_each(
    patient: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    server.troubles = [breaks_after(5), part_of_it("bytes 5-6/11", b"ro")]
    finished(patient, feed, to)
    assert server.ranges == [None, "bytes=5-", "bytes=7-"]


@pytest.mark.parametrize("kept", [b"THE P", b"THE PROGRAM", b"the program and more", b"\0" * 11])
def test_a_part_whose_bytes_are_wrong_is_fetched_anew(
    client: UpdateClient, feed: ParsedFeed, to: Path, kept: bytes
) -> None:
    part_of(to, feed).write_bytes(kept)
    finished(client, feed, to)


def test_a_part_that_is_whole_is_verified_and_not_fetched_again(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    part_of(to, feed).write_bytes(PROGRAM)
    finished(client, feed, to)
    assert server.ranges == []


@pytest.mark.parametrize("other", [b"the progrAm", b"the", b"the program, and more", b"<!DOCTYPE html>"])
@pytest.mark.parametrize("kept", [b"", b"the p"])
def test_wrong_bytes_are_removed_so_that_the_next_run_begins_afresh(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, other: bytes, kept: bytes
) -> None:
    if kept:
        part_of(to, feed).write_bytes(kept)
    server.troubles = [sends(other)] * 3
    with pytest.raises(ClientVerificationError):
        client.download(feed, to)
    assert empty(to)
    server.troubles = []
    server.asked.clear()
    finished(client, feed, to)
    assert server.ranges == [None]


def test_a_part_is_of_one_digest(client: UpdateClient, bucket: Bucket, server: Mirror, to: Path) -> None:
    feed = client.fetch_feed(*ASK)
    interrupted(client, server, feed, to)
    again = a_feed(b"other bytes")
    again["release"]["artifact"]["urls"] = []
    bucket.release(again, b"other bytes")
    assert client.download(client.fetch_feed(*ASK), to).path.read_bytes() == b"other bytes"
    assert [path.name for path in to.iterdir()] == [NAME]
    assert server.ranges == [None, None]


# What lies in its place.


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_directory(path: Path) -> None:
    path.mkdir()


def as_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "victim")


@LINUX
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (as_pipe, "not a plain file"),
        (as_directory, "not a plain file"),
        (as_link, "symbolic link; it was not followed"),
    ],
)
def test_something_odd_in_the_part_s_place_is_refused(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, odd: Callable[[Path], None], words: str
) -> None:
    victim = to.parent / "victim"
    victim.write_bytes(b"precious")
    path = part_of(to, feed)
    odd(path)
    with pytest.raises(ClientInputError, match=words) as caught:
        client.download(feed, to)
    assert str(path) in caught.value.what
    assert victim.read_bytes() == b"precious"
    assert server.ranges == []


@LINUX
def test_a_file_that_has_another_name_too_is_not_written_to(client: UpdateClient, feed: ParsedFeed, to: Path) -> None:
    """A run killed between its last two steps leaves both names; whoever moves the file away keeps it."""
    moved = to.parent / "moved"
    moved.write_bytes(b"the p, and what its owner added")
    part_of(to, feed).hardlink_to(moved)
    finished(client, feed, to)
    assert moved.read_bytes() == b"the p, and what its owner added"


@LINUX
def test_the_part_of_another_user_is_left_alone(
    client: UpdateClient, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner could change it after it was verified."""
    path = part_of(to, feed)
    path.write_bytes(b"the p")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert client.download(feed, to).path.read_bytes() == PROGRAM
    assert path.read_bytes() == b"the p"


# Others at the same time.


def test_nobody_writes_into_the_part_of_another_run(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    path = part_of(to, feed)
    path.write_bytes(b"the p")
    with path.open("r+b") as others:
        assert try_lock(others.fileno())
        assert client.download(feed, to).path.read_bytes() == PROGRAM
        assert {each.name for each in to.iterdir()} == {NAME, path.name}
        assert path.read_bytes() == b"the p"
    assert server.ranges == [None]


def test_where_files_cannot_be_locked_a_download_still_works(
    client: UpdateClient, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(part_file, "try_lock", no_locks)
    assert client.download(feed, to).path.read_bytes() == PROGRAM


def test_a_part_that_disappears_while_it_is_filled_stops_the_run(
    client: UpdateClient, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verified(file: FileIO, *_: object) -> None:
        part_of(to, feed).unlink()

    monkeypatch.setattr(part_file, "verify_whole", verified)
    with pytest.raises(LocalError, match="appears and disappears"):
        client.download(feed, to)
    assert empty(to)


# What is cleared away.


def aged(path: Path, age: timedelta) -> Path:
    path.write_bytes(b"left")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.mark.parametrize("there", [True, False], ids=["nothing to fetch", "a download"])
def test_old_parts_and_those_of_other_digests_are_removed_and_nothing_else(
    client: UpdateClient, feed: ParsedFeed, to: Path, there: bool
) -> None:
    if there:
        client.download(feed, to)
    second = timedelta(seconds=1)
    kept = {
        aged(to / ".tidegate-other.tar.gz.0123456789abcdef.part", OLDEST - second),
        aged(to / ".tidegate-0123456789abcdef", OLDEST - second),
        aged(to / f".tidegate-{NAME}.0123456789abcde.part", OLDEST * 2),
        aged(to / f"{NAME}.0123456789abcdef.part", OLDEST * 2),
        aged(to / "my own file", OLDEST * 2),
    }
    aged(to / ".tidegate-other.tar.gz.ffffffffffffffff.part", OLDEST + second)
    aged(to / ".tidegate-ffffffffffffffff", OLDEST + second)
    aged(to / f".tidegate-{NAME}.0123456789abcdef.part", second)
    client.download(feed, to)
    assert set(to.iterdir()) == {*kept, to / NAME}


@LINUX
def test_a_directory_that_cannot_be_listed_is_no_obstacle(
    client: UpdateClient, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == to:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", iterdir)
        client.download(feed, to)
    assert [path.name for path in to.iterdir()] == [NAME]


def test_an_old_part_that_is_in_use_stays(client: UpdateClient, feed: ParsedFeed, to: Path) -> None:
    path = aged(to / f".tidegate-{NAME}.0123456789abcdef.part", OLDEST * 2)
    with path.open("r+b") as others:
        assert try_lock(others.fileno())
        client.download(feed, to)
    assert path.read_bytes() == b"left"


def test_the_part_of_a_file_that_is_there_by_now_is_removed(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path
) -> None:
    interrupted(client, server, feed, to)
    (to / NAME).write_bytes(PROGRAM)
    assert client.download(feed, to).already_there
    assert [path.name for path in to.iterdir()] == [NAME]


# How a run ends.


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left on device")])
def test_ctrl_c_and_a_full_disk_keep_the_part(
    client: UpdateClient, server: Mirror, feed: ParsedFeed, to: Path, monkeypatch: pytest.MonkeyPatch, stop: object
) -> None:
    interrupted(client, server, feed, to)
    written = part_file.write_whole

    def write_whole(file: FileIO, data: bytes) -> None:
        written(file, data[:2])
        raise stop  # type: ignore[misc]

    with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, ClientError)) as caught:
        patch.setattr(part_file, "write_whole", write_whole)
        client.download(feed, to)
    assert part_of(to, feed).read_bytes() == PROGRAM[:7]
    if isinstance(caught.value, ClientError):
        assert (type(caught.value), caught.value.code) == (LocalError, Code.DISK_FULL)
        assert "7 of 11 bytes are kept" in caught.value.fix
    finished(client, feed, to)


@LINUX
def test_what_a_disk_takes_in_pieces_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Narrow(FileIO):
        def write(self, data: object) -> int:
            return super().write(bytes(data)[:3])  # type: ignore[call-overload]

    with Narrow(tmp_path / "file", "w") as file:
        part_file.write_whole(file, PROGRAM)
    with open_plain(tmp_path / "file") as plain:
        assert plain.read() == PROGRAM
