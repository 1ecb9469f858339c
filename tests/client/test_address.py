"""Hostile addresses: the host that is judged is the host that is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadError
from urllib3.util import parse_url

from publisher.client.network.address import is_safe, parsed
from publisher.client.network.http import WebFetcher

HOSTILE = [
    r"http://127.0.0.1\@evil.example/",
    r"http://evil.example\@127.0.0.1/",
    r"http://127.0.0.1\.evil.example/",
    r"http:\\evil.example/",
    "http://127.0.0.1:80@evil.example/",
    "http://evil.example@127.0.0.1/",
    "http://127.0.0.1@evil.example/",
    "http://127.0.0.1%2eevil.example/",
    "http://127.0.0.1%00.evil.example/",
    "http://127.0.0.1\x00.evil.example/",
    "http://127.0.0.1\t.evil.example/",
    "http://127.0.0.1 evil.example/",
    "http://127.0.0.1;evil.example/",
    "http://127.0.0.1,evil.example/",
    "http://[::1]evil.example/",
    "http://[::1%25evil]/",
    "http://[::ffff:1.2.3.4]/",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "http://evil.example#@127.0.0.1/",
    "http://evil.example?@127.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://evil。example/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http:///127.0.0.1/",
    "http:127.0.0.1/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://updates.example\\@evil.example/",
    "//evil.example/",
]


@contextmanager
def redirecting(location: str) -> Iterator[str]:
    """A server that sends everybody to `location`."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode() + b"\r\n\r\n")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.loopback
@pytest.mark.parametrize("location", HOSTILE, ids=ascii)
def test_a_redirect_to_an_odd_address_is_not_followed(location: str) -> None:
    # Sockets other than to this machine are off in tests, so following one would be another error.
    with (
        redirecting(location) as url,
        pytest.raises(DownloadError, match=r"not an address|not encrypted|redirects more"),
    ):
        WebFetcher({}, "test", retries=0).download_bytes(f"{url}/file", 100)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://updates.example", True),
        ("HTTPS://UPDATES.EXAMPLE:8443/a%20b?c=d", True),
        ("http://127.0.0.1:8000/a", True),
        ("http://localhost/", True),
        ("http://[::1]:8000/", True),
        ("http://updates.example/", False),
        ("http://[::ffff:1.2.3.4]/", False),
    ],
)
def test_an_honest_address_is_read(url: str, safe: bool) -> None:
    assert is_safe(parsed(url)) is safe


@given(st.text(alphabet=st.sampled_from("http://s127.0.0.1evil.example@\\:[]#?%2e \t/;,\x00①"), max_size=40))
def test_two_parsers_agree_about_every_address_that_is_taken(tail: str) -> None:
    url = f"https://{tail}"
    try:
        address = parsed(url)
    except ValueError:
        return
    assert (address.host or "").strip("[]") == urlsplit(url).hostname
    assert address.port == urlsplit(url).port
    assert parse_url(address.url).netloc == address.netloc
