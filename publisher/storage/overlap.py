"""Whether two addresses of buckets mean the same place, or one inside of the other."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit


def overlap(url: str, other_url: str) -> bool:
    """Whether what is written at one `Storage.url` may show up at the other. In doubt, yes."""
    first, second = urlsplit(url), urlsplit(other_url)
    if (first.scheme, first.netloc) != (second.scheme, second.netloc) or _servers_differ(first, second):
        return False
    a, b = _parts(first), _parts(second)
    shorter = min(len(a), len(b))
    return a[:shorter] == b[:shorter]


def _servers_differ(url: SplitResult, other_url: SplitResult) -> bool:
    """An address without an endpoint goes where the environment says, which may be anywhere."""
    first, second = parse_qs(url.query).get("endpoint"), parse_qs(other_url.query).get("endpoint")
    return first is not None and second is not None and first != second


def _parts(url: SplitResult) -> list[str]:
    path = unquote(url.path)
    if url.scheme == "file":
        path = str(Path(path).resolve())
    return [part for part in path.split("/") if part]
