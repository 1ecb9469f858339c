"""Where the channel's own address fails, the addresses that its signed feed names stand in, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.client.network.http import WebFetcher
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientError, ClientVerificationError, Code, TransferError
from tests.client.conftest import ASK, Run, empty
from tests.support.mirror import Mirror, Trouble, breaks_after, mirrored, part_of_it, sends, status, whole
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.waiting import Waiting

pytestmark = pytest.mark.loopback

PROGRAM = b"the program"
NAME = "btfs-4.1.0-linux-amd64.tar.gz"
PATH = "/tuf/targets/artifacts/btfs-node/stable/4.1.0/"


class Place:
    """A channel, two mirrors of it, and a client that asks the channel."""

    def __init__(self, bucket: Bucket, tmp_path: Path, stack: ExitStack) -> None:
        self.bucket = bucket
        self.own, self.first, self.second = (stack.enter_context(mirrored(bucket.directory)) for _ in range(3))
        self.waiting = Waiting()
        self.client = UpdateClient(
            self.own.url,
            bucket.root_bytes,
            tmp_path / "state",
            WebFetcher({}, "test", retries=0),
            self.waiting.clock,
            self.waiting.patience(),
        )
        self.publish(self.first.url, self.second.url)

    def address(self, mirror: Mirror) -> str:
        digest = a_feed()["release"]["artifact"]["sha256"]
        return f"{mirror.url}{PATH}{digest}.{NAME}"

    def publish(self, *origins: str) -> None:
        feed = a_feed()
        digest = feed["release"]["artifact"]["sha256"]
        feed["release"]["artifact"]["urls"] = [f"{origin}{PATH}{digest}.{NAME}" for origin in origins]
        self.bucket.release(feed)

    def download(self, to: Path) -> tuple[bytes, tuple[str, ...]]:
        """The file's bytes, and the addresses that sent wrong ones."""
        downloaded = self.client.download(self.client.fetch_feed(*ASK), to)
        assert list(to.iterdir()) == [downloaded.path]
        return downloaded.path.read_bytes(), downloaded.refused

    def refused(self, to: Path) -> ClientError:
        with pytest.raises(ClientError) as caught:
            self.client.download(self.client.fetch_feed(*ASK), to)
        return caught.value

    @property
    def asked(self) -> list[int]:
        """How often each was asked for the file."""
        return [len(mirror.ranges) for mirror in (self.own, self.first, self.second)]


@pytest.fixture
def place(bucket: Bucket, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(bucket, tmp_path, stack)


def test_mirrors_are_not_asked_without_need(place: Place, to: Path) -> None:
    assert place.download(to) == (PROGRAM, ())
    assert place.asked == [1, 0, 0]


@pytest.mark.parametrize(
    "trouble",
    [status(404), status(403), status(500), status(503), status(429), breaks_after(0), breaks_after(4)],
    ids=["404", "403", "500", "503", "429", "breaks", "breaks half-way"],
)
def test_the_next_address_stands_in_at_once(place: Place, to: Path, trouble: Trouble) -> None:
    place.own.troubles, place.first.troubles = [trouble], [trouble]
    assert place.download(to) == (PROGRAM, ())
    assert place.asked == [1, 1, 1]
    assert place.waiting.slept == []


def test_a_server_that_cannot_be_reached_is_no_end(place: Place, to: Path) -> None:
    place.publish("http://127.0.0.1:1", place.second.url)
    place.own.troubles = [status(404)]
    assert place.download(to) == (PROGRAM, ())
    assert place.asked == [1, 0, 1]


def test_a_download_goes_on_at_the_next_address_where_the_last_one_stopped(place: Place, to: Path) -> None:
    place.own.troubles = [breaks_after(4)]
    place.first.troubles = [breaks_after(3)]
    assert place.download(to) == (PROGRAM, ())
    assert (place.own.ranges, place.first.ranges, place.second.ranges) == ([None], ["bytes=4-"], ["bytes=7-"])


@pytest.mark.parametrize(
    "other", [b"the progrAm", b"the pro", b"the program, and more", b"<!DOCTYPE html><title>Sign in</title>"]
)
def test_who_sent_wrong_bytes_is_named_and_the_next_one_asked(place: Place, to: Path, other: bytes) -> None:
    place.own.troubles = [sends(other)]
    place.first.troubles = [sends(other)]
    assert place.download(to) == (PROGRAM, (place.address(place.own), place.address(place.first)))
    assert place.second.ranges == [None]


def test_who_continues_with_wrong_bytes_spoils_nothing(place: Place, to: Path) -> None:
    """Whose bytes are wrong shows once all of them come from one address."""
    place.own.troubles = [breaks_after(5)]
    place.first.troubles = [part_of_it("bytes 5-10/11", b"rogrAm"), sends(b"the progrAm")]
    assert place.download(to) == (PROGRAM, (place.address(place.first),))
    assert place.first.ranges == ["bytes=5-", None]
    assert place.second.ranges == [None]


def test_who_continues_rightly_is_not_blamed_for_what_came_before(place: Place, to: Path) -> None:
    place.own.troubles = [lambda handler, _data, _start: breaks_after(5)(handler, b"THE PROGRAM", 0)]
    assert place.download(to) == (PROGRAM, ())
    assert place.first.ranges == ["bytes=5-", None]
    assert place.second.ranges == []


def test_an_address_without_ranges_sends_all_of_it(place: Place, to: Path) -> None:
    place.own.troubles = [breaks_after(5)]
    place.first.troubles = [whole]
    assert place.download(to) == (PROGRAM, ())


def test_a_server_that_asks_for_time_gets_it_once_no_other_is_left(place: Place, to: Path) -> None:
    place.own.troubles = [status(503, **{"Retry-After": "30"})]
    place.first.troubles = [status(404)]
    place.second.troubles = [sends(b"the progrAm")]
    assert place.download(to) == (PROGRAM, (place.address(place.second),))
    assert place.waiting.slept == [30]
    assert place.asked == [2, 1, 1]


def test_when_all_fail_the_error_names_each_with_its_reason(place: Place, to: Path) -> None:
    place.own.troubles = [status(404)]
    place.first.troubles = [status(503, **{"Retry-After": "86400"})]
    place.second.troubles = [breaks_after(0)] * 99
    error = place.refused(to)
    assert (type(error), error.code) == (TransferError, Code.UNREACHABLE)
    assert error.what.startswith(f"cannot download {NAME} from any of 3 addresses: ")
    assert f"{place.address(place.own)} was answered with status 404" in error.what
    assert f"{place.address(place.first)} was answered with status 503; it asks to wait until 2026-11-21" in error.what
    assert f"{place.address(place.second)}: the connection broke" in error.what
    assert empty(to)


def test_when_one_of_them_sends_wrong_bytes_nothing_is_verified(place: Place, to: Path) -> None:
    place.own.troubles = [status(404)]
    place.first.troubles = [sends(b"the progrAm")]
    place.second.troubles = [status(404)]
    error = place.refused(to)
    assert (type(error), error.code) == (ClientVerificationError, Code.NOT_VERIFIED)
    assert f"{place.address(place.first)}: the content differs from what was signed" in error.what
    assert empty(to)


def test_what_arrived_before_all_failed_is_kept_for_the_next_run(place: Place, to: Path) -> None:
    place.own.troubles = [breaks_after(5), *[status(404)] * 9]
    place.first.troubles = [status(404)]
    place.second.troubles = [status(404)]
    assert "5 of 11 bytes are kept" in place.refused(to).fix
    place.own.troubles = []
    assert place.download(to)[0] == PROGRAM
    assert place.own.ranges == [None, "bytes=5-", "bytes=5-"]


def test_the_channel_s_own_address_is_not_asked_again_as_a_mirror(place: Place, to: Path) -> None:
    place.publish(place.own.url, place.own.url)
    place.own.troubles = [status(404)] * 3
    assert "from any of" not in place.refused(to).what
    assert place.asked == [1, 0, 0]


@pytest.mark.parametrize(
    "url",
    ["http://updates.example/f", "ftp://updates.example/f", "https://ana@updates.example/f", "file:///etc/passwd"],
)
def test_r48_an_address_that_is_not_encrypted_or_odd_is_never_asked(place: Place, to: Path, url: str) -> None:
    """The feed's parser refuses most of them; sockets to other machines are off in tests."""
    feed = place.client.fetch_feed(*ASK)
    assert feed.release is not None
    artifact = replace(feed.release.artifact, urls=(url, place.address(place.second)))
    place.own.troubles = [status(404)]
    place.second.troubles = [status(404)]
    with pytest.raises(TransferError, match="from any of 2 addresses") as caught:
        place.client.download(replace(feed, release=replace(feed.release, artifact=artifact)), to)
    assert url not in caught.value.what


def test_metadata_and_feeds_come_from_the_channel_alone(place: Place, to: Path) -> None:
    place.own.everywhere = [status(404)] * 9
    with pytest.raises(TransferError):
        place.client.fetch_feed(*ASK)
    assert place.first.asked == place.second.asked == []


def test_a_check_of_what_the_publisher_serves_asks_no_mirror(place: Place) -> None:
    feed = place.client.fetch_feed(*ASK)
    place.own.troubles = [status(404)]
    with pytest.raises(TransferError):
        place.client.check_file(feed)
    assert place.asked == [1, 0, 0]


def test_a_channel_in_a_directory_asks_nobody_else(place: Place, run: Run, to: Path) -> None:
    place.bucket.path("tuf/targets/artifacts/**/*.tar.gz").unlink()
    code, _, err = run("download", "--to", str(to))
    assert code == 5
    assert "from any of" not in err
    assert place.asked == [0, 0, 0]


def test_the_command_says_who_sent_wrong_bytes(place: Place, run: Run, to: Path) -> None:
    place.own.troubles = [sends(b"the progrAm")]
    code, out, err = run("download", "--to", str(to), url=place.own.url)
    assert code == 0
    assert err == f"tidegate: {place.address(place.own)} sent wrong bytes; another address had the right ones\n"
    assert "downloaded." in out
