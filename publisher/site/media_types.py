"""The media types of the files of a site: the same on every machine, since the tables of systems differ."""

from __future__ import annotations

from pathlib import PurePath

_UTF8 = "; charset=utf-8"
_TYPES = {
    ".html": "text/html" + _UTF8,
    ".htm": "text/html" + _UTF8,
    ".css": "text/css" + _UTF8,
    ".js": "text/javascript" + _UTF8,
    ".mjs": "text/javascript" + _UTF8,
    ".txt": "text/plain" + _UTF8,
    ".pub": "text/plain" + _UTF8,
    ".minisig": "text/plain" + _UTF8,
    ".asc": "text/plain" + _UTF8,
    ".md": "text/markdown" + _UTF8,
    ".csv": "text/csv" + _UTF8,
    ".ics": "text/calendar" + _UTF8,
    ".xml": "application/xml" + _UTF8,
    ".rss": "application/rss+xml" + _UTF8,
    ".atom": "application/atom+xml" + _UTF8,
    ".yaml": "application/yaml" + _UTF8,
    ".yml": "application/yaml" + _UTF8,
    # JSON is UTF-8 by definition and knows no charset (RFC 8259, section 11).
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml" + _UTF8,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/vnd.microsoft.icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".wasm": "application/wasm",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".gz": "application/gzip",
}
"""What a browser must be told; anything else is handed out as bytes."""


def media_type(path: str) -> str:
    """The media type of a file, by its ending."""
    return _TYPES.get(PurePath(path).suffix.lower(), "application/octet-stream")
