"""A small web server on this machine alone: the built site at /, the bucket at /bucket/."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from publisher.errors import InputError, StorageError
from publisher.site.media_types import media_type

BUCKET = "/bucket/"

HTTP_PORT = 80
"""Browsers leave it out."""

PRIVATE = ("ledger", "staging", "back")
"""The bucket's folders that are not for the public, as channel/layout.py has them; site imports nothing there."""

NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What browsers on this machine call the server. A page elsewhere whose name leads here has another (DNS rebinding)."""

PLAIN = "text/plain; charset=utf-8"

BUILT_FOR = "http://127.0.0.1:8000"
"""The address that the demo writes into its pages; a server with another port shows them with its own."""

PAGES = (".html", ".xml", ".json", ".txt", ".md", ".ics")
PAGE_LIMIT = 16 * 1024 * 1024
"""Files of the site that may hold that address, and how many bytes they have at most."""


@dataclass(frozen=True)
class Reply:
    """What to send for one address."""

    status: HTTPStatus
    file: Path | None = None
    location: str | None = None


def find(path: str, site: Path, bucket: Path) -> Reply:
    """The answer for a request's path; nothing outside of the two directories is ever found.

    Dot-files are not served: markers and locks are not part of what is published. Nor are the bucket's private folders,
    however they are spelled, since some disks take Ledger for ledger.
    """
    # Not urlsplit, to which "//name" is a host.
    address = unquote(path.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0], errors="replace")
    if not address.startswith("/") or "\0" in address or "\\" in address:
        return Reply(HTTPStatus.NOT_FOUND)
    if address == BUCKET.rstrip("/"):
        return Reply(HTTPStatus.MOVED_PERMANENTLY, location=BUCKET)
    inside_bucket = address.startswith(BUCKET)
    root = (bucket if inside_bucket else site).resolve()
    parts = [part for part in address.removeprefix(BUCKET if inside_bucket else "/").split("/") if part]
    if any(part.startswith(".") for part in parts) or (inside_bucket and _is_private(parts)):
        return Reply(HTTPStatus.NOT_FOUND)
    try:
        return _at(root, parts, inside_bucket=inside_bucket, as_directory=address.endswith("/"))
    except OSError:  # such as a name that is longer than the disk's names can be
        return Reply(HTTPStatus.NOT_FOUND)


def _at(root: Path, parts: Sequence[str], *, inside_bucket: bool, as_directory: bool) -> Reply:
    place = root.joinpath(*parts).resolve()
    if not place.is_relative_to(root) or (inside_bucket and _is_private(place.relative_to(root).parts)):
        return Reply(HTTPStatus.NOT_FOUND)
    if place.is_dir() and not inside_bucket:
        if not as_directory:
            # Only our own path goes into the header, so that "//elsewhere" cannot become another host.
            return Reply(HTTPStatus.MOVED_PERMANENTLY, location="/" + "/".join(parts) + "/")
        place, as_directory = place / "index.html", False
    if place.is_file() and not as_directory:
        return Reply(HTTPStatus.OK, file=place)
    return Reply(HTTPStatus.NOT_FOUND)


def _is_private(parts: Sequence[str]) -> bool:
    return bool(parts) and parts[0].casefold() in PRIVATE


def content_type(file: Path) -> str:
    """The media type by the file's ending."""
    return PLAIN if file.name == "SHA256SUMS" else media_type(file.name)


def is_own_name(host: str | None, port: int) -> bool:
    """Whether a request's Host header names this server, with its port."""
    allowed = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == HTTP_PORT else set())
    return host is not None and host.lower() in allowed


def with_port(page: Path, port: int) -> bytes:
    """A page with the addresses of a server at this port; empty where it is to be sent as it is."""
    address = f"http://127.0.0.1:{port}"
    if address == BUILT_FOR or page.suffix.lower() not in PAGES or page.stat().st_size > PAGE_LIMIT:
        return b""
    return re.sub(rb"%s(?![0-9])" % re.escape(BUILT_FOR.encode()), address.encode(), page.read_bytes())


def make_server(site: Path, bucket: Path, port: int) -> ThreadingHTTPServer:
    """A server bound to the loopback address. Raises InputError or StorageError with words for a person."""
    if not (site / "index.html").is_file():
        raise InputError(
            f"there is no site in {site}",
            fix="publish build --to DIR, and name DIR with --site; or publish demo",
        )
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), _handler(site, bucket))
    except OverflowError:
        raise InputError(f"{port} is not a port", fix="choose one from 1024 to 65535") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StorageError(f"port {port} is taken by another program", fix="choose another with --port") from None
        raise StorageError(f"port {port} cannot be used: {error.strerror}", fix="choose another with --port") from None


def _handler(site: Path, bucket: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "tidegate-preview"
        sys_version = ""
        protocol_version = "HTTP/1.1"
        timeout = 30
        """Seconds; whoever says nothing for longer holds no thread."""

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            if not is_own_name(self.headers.get("Host"), self.connection.getsockname()[1]):
                self._send(Reply(HTTPStatus.MISDIRECTED_REQUEST), b"This server has no such name.\n", body=body)
                return
            answer = find(self.path, site, bucket)
            missing = site / "404.html"
            if answer.status is HTTPStatus.NOT_FOUND and not self.path.startswith(BUCKET) and missing.is_file():
                answer = Reply(answer.status, missing)
            body_bytes = b"There is nothing here.\n" if answer.status is HTTPStatus.NOT_FOUND else b""
            if answer.file is not None and not self.path.startswith(BUCKET):
                body_bytes = with_port(answer.file, self.connection.getsockname()[1])
            self._send(answer, body_bytes, body=body)

        def _send(self, answer: Reply, text: bytes, *, body: bool) -> None:
            """What is `said`, or else the answer's file, piece by piece."""
            with io.BytesIO(text) if text or answer.file is None else answer.file.open("rb") as content:
                size = content.seek(0, os.SEEK_END)
                content.seek(0)
                self.send_response(answer.status)
                if answer.location is not None:
                    self.send_header("Location", answer.location)
                self.send_header("Content-Type", content_type(answer.file) if answer.file else PLAIN)
                self.send_header("Content-Length", str(size))
                self.send_header("Cache-Control", "no-cache")
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                if body:
                    shutil.copyfileobj(content, self.wfile)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a preview needs no log."""

    return Handler
