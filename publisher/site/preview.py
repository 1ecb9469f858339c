"""A small web server on this machine alone: the built site at /, the bucket at /bucket/."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from publisher.errors import InputError, StorageError

BUCKET = "/bucket/"

PRIVATE = "ledger"
"""The bucket's folder that is not for the public, as channel/layout.py has it; site imports nothing there."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".minisig": "text/plain; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Fixed here rather than asked of the system, whose answers differ from machine to machine."""


@dataclass(frozen=True)
class Answer:
    """What to send for one address."""

    status: HTTPStatus
    file: Path | None = None
    location: str | None = None


def find(path: str, site: Path, bucket: Path) -> Answer:
    """The answer for a request's path; nothing outside of the two directories is ever found.

    Dot-files are not served: markers and locks are not part of what is published. Nor is the ledger.
    """
    # Not urlsplit, to which "//name" is a host.
    address = unquote(path.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0], errors="replace")
    if not address.startswith("/") or "\0" in address or "\\" in address:
        return Answer(HTTPStatus.NOT_FOUND)
    if address == BUCKET.rstrip("/"):
        return Answer(HTTPStatus.MOVED_PERMANENTLY, location=BUCKET)
    inside_bucket = address.startswith(BUCKET)
    root = (bucket if inside_bucket else site).resolve()
    parts = [part for part in address.removeprefix(BUCKET if inside_bucket else "/").split("/") if part]
    if any(part.startswith(".") for part in parts) or (inside_bucket and parts[:1] == [PRIVATE]):
        return Answer(HTTPStatus.NOT_FOUND)
    place = root.joinpath(*parts).resolve()
    if not place.is_relative_to(root):
        return Answer(HTTPStatus.NOT_FOUND)
    as_directory = address.endswith("/")
    if place.is_dir() and not inside_bucket:
        if not as_directory:
            # Only our own path goes into the header, so that "//elsewhere" cannot become another host.
            return Answer(HTTPStatus.MOVED_PERMANENTLY, location="/" + "/".join(parts) + "/")
        place, as_directory = place / "index.html", False
    if place.is_file() and not as_directory:
        return Answer(HTTPStatus.OK, file=place)
    return Answer(HTTPStatus.NOT_FOUND)


def content_type(file: Path) -> str:
    """The media type by the file's ending."""
    known = TYPES.get(file.suffix.lower())
    return known or ("text/plain; charset=utf-8" if file.name == "SHA256SUMS" else "application/octet-stream")


def make_server(site: Path, bucket: Path, port: int) -> ThreadingHTTPServer:
    """A server bound to the loopback address. Raises InputError or StorageError with words for a person."""
    if not (site / "index.html").is_file():
        raise InputError(f"there is no site in {site}", fix="run `publish demo` first, or name another with --site")
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

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            answer = find(self.path, site, bucket)
            missing = site / "404.html"
            file = answer.file
            if answer.status is HTTPStatus.NOT_FOUND and not self.path.startswith(BUCKET) and missing.is_file():
                file = missing
            content = b"" if file is None else file.read_bytes()
            if file is None and answer.status is HTTPStatus.NOT_FOUND:
                content = b"There is nothing here.\n"
            self.send_response(answer.status)
            if answer.location is not None:
                self.send_header("Location", answer.location)
            self.send_header("Content-Type", content_type(file) if file else "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-cache")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: a preview needs no log."""

    return Handler
