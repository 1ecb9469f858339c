"""A web server with ranges, which misbehaves at the next requests for files of a release as a test says."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

Trouble = Callable[[BaseHTTPRequestHandler, bytes, int], None]
"""Answers a request for a file with these bytes, from the place that it asks for (0 without a range)."""


class Mirror:
    """A running server."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url
        self.troubles: list[Trouble] = []
        """What goes wrong with files of releases, one request after the other; then all is well."""
        self.everywhere: list[Trouble] = []
        """The same for whatever is asked for."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and range of every request."""

    @property
    def ranges(self) -> list[str | None]:
        """The ranges of the requests for files of releases."""
        return [asked for path, asked in self.asked if "/artifacts/" in path]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.path, handler.headers["Range"]))
        troubles = self.everywhere or (self.troubles if "/artifacts/" in handler.path else [])
        trouble = troubles.pop(0) if troubles else well
        path = self.directory / unquote(handler.path).lstrip("/")
        if not path.is_file():
            trouble = status(404) if trouble is well else trouble
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers["Range"] or "")
        trouble(handler, path.read_bytes() if path.is_file() else b"", int(asked[1]) if asked else 0)


def well(handler: BaseHTTPRequestHandler, data: bytes, start: int) -> None:
    """Answer as RFC 9110 says."""
    if start >= len(data) > 0:
        status(416, **{"Content-Range": f"bytes */{len(data)}"})(handler, data, start)
        return
    head(handler, data, start)
    handler.wfile.write(data[start:])


def head(handler: BaseHTTPRequestHandler, data: bytes, start: int) -> None:
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.send_header("Content-Length", str(len(data) - start))
    handler.end_headers()


def breaks_after(count: int) -> Trouble:
    """Send so many bytes of what was asked for, and hang up."""

    def trouble(handler: BaseHTTPRequestHandler, data: bytes, start: int) -> None:
        head(handler, data, start)
        handler.wfile.write(data[start : start + count])

    return trouble


def whole(handler: BaseHTTPRequestHandler, data: bytes, _start: int) -> None:
    """Send everything, whatever was asked for."""
    well(handler, data, 0)


def sends(other: bytes) -> Trouble:
    """Send other bytes, as if they were the file."""
    return lambda handler, _data, start: well(handler, other, start)


def part_of_it(content_range: str, body: bytes) -> Trouble:
    """Answer 206 with this Content-Range, or without one if it is empty, and this body."""

    def trouble(handler: BaseHTTPRequestHandler, _data: bytes, _start: int) -> None:
        handler.send_response(206)
        if content_range:
            handler.send_header("Content-Range", content_range)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return trouble


def status(code: int, **fields: str) -> Trouble:
    """Answer with this status and these header fields."""

    def trouble(handler: BaseHTTPRequestHandler, _data: bytes, _start: int) -> None:
        handler.send_response_only(code)
        for name, value in {"Content-Length": "0", **fields}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return trouble


@contextmanager
def mirrored(directory: Path) -> Iterator[Mirror]:
    """A server of the directory on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            mirror.answer(self)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        mirror = Mirror(directory, f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield mirror
        server.shutdown()
        thread.join()
