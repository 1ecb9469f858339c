"""Fetchers: which addresses are taken, and that nothing leaves its bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError

from publisher.client.cli import wall_clock
from publisher.client.network.http import DirectoryFetcher, WebFetcher, fetcher_for
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientInputError, TransferError
from tests.support.tuf_repository import Bucket

pytestmark = pytest.mark.loopback


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://updates.example/", "not encrypted"),
        ("http://127.0.0.1.example/", "not encrypted"),
        ("ftp://updates.example/", "cannot be used"),
        ("updates.example", "cannot be used"),
        ("/srv/bucket", "cannot be used"),
        ("https://", "cannot be used"),
        ("http://[", "cannot be used"),
        ("https://user:secret@updates.example/", "may have only a scheme"),
        ("https://updates.example/?a=b", "may have only a scheme"),
        ("file://elsewhere/srv/bucket", "another machine"),
        ("file:///does/not/exist", "not a directory"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, words: str) -> None:
    with pytest.raises(ClientInputError, match=words):
        fetcher_for(url)


@pytest.mark.parametrize(
    "url",
    ["https://updates.example/btfs", "http://localhost:8000", "http://127.0.0.1:8000/", "http://[::1]:8000/"],
)
def test_https_and_http_on_this_machine_are_taken(url: str) -> None:
    assert isinstance(fetcher_for(url), WebFetcher)


# Directories.


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    base = tmp_path / "my bucket"
    base.mkdir()
    (base / "file").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    return base


def test_a_file_below_the_directory_is_read(directory: Path) -> None:
    url = directory.as_uri()
    assert DirectoryFetcher(url).download_bytes(f"{url}/file", 100) == b"inside"


def test_a_missing_file_is_404_as_on_the_web(directory: Path) -> None:
    url = directory.as_uri()
    for path in ("nothing", "file/below-a-file", ""):
        with pytest.raises(DownloadHTTPError) as caught:
            DirectoryFetcher(url).download_bytes(f"{url}/{path}", 100)
        assert caught.value.status_code == 404


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "a/../../secret", "link", "//etc/passwd"])
def test_nothing_outside_of_the_directory_is_read(directory: Path, path: str) -> None:
    (directory / "link").symlink_to(directory.parent / "secret")
    url = directory.as_uri()
    with pytest.raises(DownloadError, match="outside"):
        DirectoryFetcher(url).download_bytes(f"{url}/{path}", 100)


def test_no_more_than_the_allowed_length_is_read(directory: Path) -> None:
    url = directory.as_uri()
    with pytest.raises(DownloadLengthMismatchError):
        DirectoryFetcher(url).download_bytes(f"{url}/file", 5)


# A real server on this machine.


class Quiet(SimpleHTTPRequestHandler):
    """Serves a directory, and misbehaves at some addresses."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/truncated":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"too short")
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", unquote(self.path.removeprefix("/to/")))
            self.end_headers()
        elif self.path == "/broken":
            self.send_error(503)
        elif self.path == "/packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(b"as stored")
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        else:
            super().do_GET()


@pytest.fixture
def server(bucket: Bucket) -> Iterator[str]:
    """The address of a server for the bucket's directory."""

    def handler(*args: object) -> BaseHTTPRequestHandler:
        return Quiet(*args, directory=str(bucket.directory))  # type: ignore[arg-type]

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_check_and_download_over_http(server: str, bucket: Bucket, tmp_path: Path, to: Path) -> None:
    client = UpdateClient(server, bucket.root_bytes, tmp_path / "state", fetcher_for(server), wall_clock)
    feed = client.fetch_feed("btfs-node", "stable", "linux-amd64")
    assert client.download(feed, to).path.read_bytes() == b"the program"


def test_a_truncated_answer_is_a_download_error(server: str) -> None:
    with pytest.raises(DownloadError, match="connection broke"):
        fetcher_for(server).download_bytes(f"{server}/truncated", 1000)


def test_an_endless_answer_is_cut_off(server: str) -> None:
    with pytest.raises(DownloadLengthMismatchError):
        fetcher_for(server).download_bytes(f"{server}/endless", 16_384)


def test_the_status_of_the_server_is_told(server: str) -> None:
    with pytest.raises(DownloadHTTPError, match="status 503") as caught:
        fetcher_for(server).download_bytes(f"{server}/broken", 100)
    assert caught.value.status_code == 503


def test_bytes_arrive_as_stored(server: str) -> None:
    assert fetcher_for(server).download_bytes(f"{server}/packed", 100) == b"as stored"


def test_a_redirect_on_this_machine_is_followed(server: str) -> None:
    data = fetcher_for(server).download_bytes(f"{server}/to//tuf/metadata/1.root.json", 10_000)
    assert data.startswith(b"{")


def test_a_redirect_to_something_weaker_is_refused(server: str) -> None:
    with pytest.raises(DownloadError, match="not encrypted"):
        fetcher_for(server).download_bytes(f"{server}/to/http://updates.example/", 100)


def test_an_endless_chain_of_redirects_ends(server: str) -> None:
    with pytest.raises(DownloadError, match="redirects more than"):
        fetcher_for(server).download_bytes(f"{server}/to/{'/to/' * 20}x", 100)


def test_nobody_there_is_said_plainly(server: str) -> None:
    fetcher = WebFetcher({}, "tidegate", retries=0)
    with pytest.raises(DownloadError, match="does not accept connections"):
        fetcher.download_bytes("http://127.0.0.1:1/", 100)


def test_the_address_of_an_unreachable_host_is_told_once(bucket: Bucket, tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    client = UpdateClient(url, bucket.root_bytes, tmp_path / "state", WebFetcher({}, "tidegate", retries=0), wall_clock)
    with pytest.raises(TransferError) as caught:
        client.fetch_feed("btfs-node", "stable", "linux-amd64")
    assert str(caught.value).count("127.0.0.1") == 1


def test_a_proxy_is_not_used_for_this_machine(server: str) -> None:
    fetcher = fetcher_for(server, proxies={"http": "http://127.0.0.1:1", "all": "http://127.0.0.1:1"})
    assert fetcher.download_bytes(f"{server}/tuf/metadata/1.root.json", 10_000)
