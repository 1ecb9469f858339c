"""Fields of HTTP answers that this client reads. Servers write what they like: what makes no sense is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["continues", "retry_after", "server_time"]

_SECONDS = re.compile(r"[0-9]{1,9}")
_LONGEST = timedelta(days=10_000)
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(\*|[0-9]{1,18})", re.IGNORECASE)


def retry_after(fields: Mapping[str, str]) -> timedelta | datetime | None:
    """When to come back (RFC 9110, 10.2.3): after so long, or at a moment if the server's own clock is not known."""
    text = fields.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=int(text))
    moment, now = _date(text), _date(fields.get("Date", ""))
    # The server has written both by one clock, which need not be ours.
    return min(moment - now, _LONGEST) if moment is not None and now is not None else moment


def server_time(fields: Mapping[str, str]) -> datetime | None:
    """What the server's clock shows, UTC (RFC 9110, 6.6.1); of an answer from a cache, with its age (RFC 9111, 5.1)."""
    moment, age = _date(fields.get("Date", "")), fields.get("Age", "").strip()
    try:
        return moment + timedelta(seconds=int(age)) if moment is not None and _SECONDS.fullmatch(age) else moment
    except OverflowError:
        return None


def continues(fields: Mapping[str, str], start: int, length: int) -> bool:
    """Whether a 206 has bytes from `start` on of a file of this length (RFC 9110, 14.4: Content-Range)."""
    match = _RANGE.fullmatch(fields.get("Content-Range", "").strip())
    if match is None or int(match[1]) != start:
        return False
    return start <= int(match[2]) < length and match[3] in ("*", str(length))


def _date(text: str) -> datetime | None:
    """A moment in one of the three forms of RFC 9110, 5.6.7; each is UTC."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
