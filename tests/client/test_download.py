"""Getting the file: beside its target, without holding up others, and judged again when it has arrived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from tuf.ngclient import FetcherInterface

from publisher.client.cli import wall_clock
from publisher.client.network.deadlines import CHUNK
from publisher.client.network.http import fetcher_for
from publisher.client.state_lock import locked
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientVerificationError, ExpiredError
from tests.client.conftest import ASK, CountingFetcher, empty
from tests.support.tuf_repository import Bucket, a_feed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Slow(FetcherInterface):
    """Lets a test do something while an artifact is on its way."""

    def __init__(self, url: str, meanwhile: Callable[[], object]) -> None:
        self.inner = fetcher_for(url)
        self.meanwhile = meanwhile

    def _fetch(self, url: str) -> Iterator[bytes]:
        if "/artifacts/" in url:
            self.meanwhile()
        return self.inner.fetch(url)


def test_others_can_check_while_a_slow_file_is_on_its_way(bucket: Bucket, tmp_path: Path, to: Path) -> None:
    checked = []

    def check() -> None:
        with locked(tmp_path / "state/lock", patience=0):
            checked.append(True)

    client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", Slow(bucket.url, check), wall_clock)
    client.download(client.fetch_feed(*ASK), to)
    assert checked == [True]


class Day:
    """A channel whose timestamp lasts a day, and a file that takes two."""

    def __init__(self, bucket: Bucket, tmp_path: Path) -> None:
        self.bucket = bucket
        self.now = NOW
        self.then: Callable[[], object] = lambda: None
        bucket.expires["timestamp"] = NOW + DAY
        bucket.publish()
        fetcher = Slow(bucket.url, self.arrive)
        self.client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher, lambda: self.now)

    def arrive(self) -> None:
        self.now += 2 * DAY
        self.then()

    def renew(self) -> None:
        self.bucket.expires["timestamp"] = NOW + 3 * DAY
        self.bucket.renew()

    def replace(self) -> None:
        self.bucket.expires["timestamp"] = NOW + 3 * DAY
        feed = a_feed(b"other bytes")
        self.bucket.release(feed, artifact=b"other bytes")


@pytest.fixture
def day(bucket: Bucket, tmp_path: Path) -> Day:
    return Day(bucket, tmp_path)


def test_a_channel_that_expires_during_the_download_offers_nothing(day: Day, to: Path) -> None:
    feed = day.client.fetch_feed(*ASK)
    with pytest.raises(ExpiredError):
        day.client.download(feed, to)
    assert empty(to)


def test_a_channel_that_was_renewed_during_the_download_is_asked_again(day: Day, to: Path) -> None:
    feed = day.client.fetch_feed(*ASK)
    day.then = day.renew
    assert day.client.download(feed, to).path.read_bytes() == b"the program"


def test_a_file_that_was_replaced_during_the_download_is_not_kept(day: Day, to: Path) -> None:
    feed = day.client.fetch_feed(*ASK)
    day.then = day.replace
    with pytest.raises(ClientVerificationError):
        day.client.download(feed, to)
    assert empty(to)


def test_checking_a_file_keeps_none_of_it(bucket: Bucket, client: UpdateClient, tmp_path: Path) -> None:
    feed = client.fetch_feed(*ASK)
    before = sorted(tmp_path.rglob("*"))
    client.check_file(feed)
    assert sorted(tmp_path.rglob("*")) == before
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the progrAm")
    with pytest.raises(ClientVerificationError, match="differs from what was signed"):
        client.check_file(feed)


def test_nothing_goes_through_the_system_s_temporary_directory(
    client: UpdateClient, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither metadata nor the file: a small or missing /tmp fails no update."""
    client.fetch_feed(*ASK)
    monkeypatch.setattr(tempfile, "tempdir", "/does/not/exist")
    assert client.download(client.fetch_feed(*ASK), to).path.read_bytes() == b"the program"


def test_a_web_page_in_place_of_the_file_is_named_as_one(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    page = b"<!DOCTYPE html><title>Sign in</title>"
    artifact = b"the program in many, many bytes, more than a page has"
    bucket.release(a_feed(artifact, version="4.2.0"), artifact)
    feed = client.fetch_feed(*ASK)
    bucket.path("tuf/targets/artifacts/**/*4.2.0*.tar.gz").write_bytes(page)
    with pytest.raises(ClientVerificationError, match="sent a web page instead of"):
        client.download(feed, to)
    assert empty(to)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_the_file_has_the_mode_that_the_umask_leaves_and_the_state_stays_private(
    client: UpdateClient, to: Path, tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        path = client.download(client.fetch_feed(*ASK), to / "new").path
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode
    for kept in (tmp_path / "state").rglob("*"):
        assert kept.lstat().st_mode & 0o077 == 0 or kept.is_symlink() or kept.is_dir(), kept
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


# Signals, with a real process and a server that stops half-way.


LARGE = bytes(range(256)) * 1000
"""More than is read at a time."""


class Hanging(SimpleHTTPRequestHandler):
    """Sends half of an artifact, then waits for the test to end."""

    half_sent: threading.Event
    done: threading.Event

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if "/artifacts/" not in self.path:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(LARGE)))
        self.end_headers()
        self.wfile.write(LARGE[: len(LARGE) // 2])
        self.wfile.flush()
        self.half_sent.set()
        self.done.wait(60)


@pytest.mark.system
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_signal_in_the_middle_of_a_download_keeps_what_has_arrived(
    bucket: Bucket, tmp_path: Path, to: Path, number: signal.Signals, as_json: bool
) -> None:
    class Handler(Hanging):
        half_sent = threading.Event()
        done = threading.Event()

    bucket.release(a_feed(LARGE), LARGE)
    (tmp_path / "root.json").write_bytes(bucket.root_bytes)
    handler = partial(Handler, directory=str(bucket.directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        words = f"download --url {url} --root {tmp_path / 'root.json'} --product btfs-node --channel stable --platform"
        words += f" linux-amd64 --state {tmp_path / 'state'} --to {to}" + (" --json" if as_json else "")
        with subprocess.Popen(
            [sys.executable, "-m", "publisher.client", *words.split()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert Handler.half_sent.wait(60)
            while not any(path.stat().st_size for path in to.iterdir()):
                assert process.poll() is None
                Handler.done.wait(0.01)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        Handler.done.set()
        server.shutdown()
    answer = out if as_json else err
    assert process.returncode == 128 + number
    assert f"stopped by {number.name}; the next run continues with what has arrived" in answer
    assert "Traceback" not in out + err
    (part,) = to.iterdir()
    assert CHUNK <= part.stat().st_size <= len(LARGE) // 2
    assert LARGE.startswith(part.read_bytes())


@pytest.mark.parametrize("sign", ["+", " ", "(1)", "@", "~", "="])
def test_an_address_is_encoded_so_that_every_server_reads_it_alike(
    bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher, to: Path, sign: str
) -> None:
    """Amazon S3, for one, reads a bare plus in a path as a blank."""
    feed = a_feed()
    file = f"btfs-4.1.0{sign}linux.tar.gz"
    feed["release"]["artifact"] |= {"file": file, "target": f"artifacts/btfs-node/stable/4.1.0/{file}"}
    bucket.release(feed)
    assert client.download(client.fetch_feed(*ASK), to).path == to / file
    assert fetcher.asked[-1].endswith("." + quote(file))
