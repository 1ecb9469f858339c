"""Servers that take for ever: each is given up on, and says so."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError

from publisher.client.network.deadlines import Limits
from publisher.client.network.http import WebFetcher

pytestmark = pytest.mark.loopback

QUICK = Limits(wait=0.4, chunk=0.4, total=0.6, large=0.8)
Answer = Callable[[socket.socket], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """A server that answers every connection as the test says, until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def start(answer: Answer) -> str:
        def run() -> None:
            while not done.is_set():
                with suppress(OSError):
                    connection, _ = listener.accept()
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.recv(65536)
                answer(connection)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    done.set()
    listener.close()


def endlessly(data: bytes, pause: float, first: bytes = b"") -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        # Far longer than any limit here, and yet an end, should the client under test have none.
        for _ in range(int(20 / pause)):
            connection.sendall(data)
            time.sleep(pause)

    return answer


def fetch(address: str, path: str = "/tuf/metadata/timestamp.json") -> bytes:
    fetcher = WebFetcher({}, "test", retries=0, limits=QUICK)
    return b"".join(fetcher.fetch(address + path))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(endlessly(b"x", 0.05, HEAD), id="a byte at a time"),
        pytest.param(endlessly(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), id="100 Continue without end"),
        pytest.param(endlessly(b"X-More: y\r\n", 0.05, b"HTTP/1.1 200 OK\r\n"), id="headers without end"),
        pytest.param(endlessly(b"", 1.0, HEAD), id="silence"),
    ],
)
@pytest.mark.parametrize("path", ["/tuf/metadata/timestamp.json", "/tuf/targets/artifacts/p/c/1/a.file"])
def test_a_server_that_drips_is_given_up_on(serve: Callable[[Answer], str], answer: Answer, path: str) -> None:
    with pytest.raises(SlowRetrievalError):
        fetch(serve(answer), path)


def test_a_file_that_never_falls_below_the_lowest_speed_still_has_an_end(serve: Callable[[Answer], str]) -> None:
    steady = endlessly(b"x" * 65536, 0.05, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    with pytest.raises(SlowRetrievalError):
        fetch(serve(steady), "/tuf/targets/artifacts/p/c/1/a.file")


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/tuf/metadata/1.targets.json", False),
        ("/tuf/targets/feed/p/c/1.platform.json", False),
        ("/tuf/targets/artifacts/p/c/1/a.file", True),
        ("/releases/p/1/a.file", True),
    ],
)
def test_a_file_of_a_release_may_take_longer_than_metadata(
    serve: Callable[[Answer], str], path: str, whole: bool
) -> None:
    """Auditors read the files for people as well; each comes steadily, in longer than all metadata may take."""
    size, steps = 65536, 25

    def steadily(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size * steps}\r\n\r\n".encode())
        for _ in range(steps):
            connection.sendall(b"x" * size)
            threading.Event().wait(QUICK.total * 1.5 / steps)

    fetcher = WebFetcher({}, "test", retries=0, limits=Limits(wait=60, chunk=60, total=QUICK.total, large=600))
    if whole:
        assert len(b"".join(fetcher.fetch(serve(steadily) + path))) == size * steps
    else:
        with pytest.raises(SlowRetrievalError):
            b"".join(fetcher.fetch(serve(steadily) + path))


def test_a_server_that_says_come_back_tomorrow_is_not_waited_for(serve: Callable[[Answer], str]) -> None:
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(DownloadHTTPError, match="503"):
        fetch(serve(lambda connection: connection.sendall(busy)))


def test_a_redirect_to_something_that_is_no_address_is_a_download_error(serve: Callable[[Answer], str]) -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(DownloadError, match="not an address"):
        fetch(serve(lambda connection: connection.sendall(away)))


def test_a_server_that_answers_is_read_whole(serve: Callable[[Answer], str]) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    assert fetch(serve(lambda connection: connection.sendall(answer))) == b"hello"
