"""Foreign dates as spans of time in UTC: what is not known exactly counts as long as it may have been."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.content.foreign.fields import Unusable, shown
from publisher.model.timespan import Span
from publisher.model.values import YEARS

DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)
"""How long a moment lasts that is known to the second."""

_DATE = re.compile(
    r"(?P<month>\d{4}-\d{2})"
    r"(?:-(?P<day>\d{2})(?:(?P<time>[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?P<zone>[Zz]|[+-]\d{2}:\d{2})?)?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def whole_month(span: Span) -> Span:
    """The month, or the months, that a span lies in."""
    return Span(span.start.replace(day=1, hour=0, minute=0, second=0), _next_month(span.end - MOMENT))


def dated(text: Any, name: str) -> Span:
    """2021-01-11, 2021-01 or 2021-01-11T02:39:00Z. Raises Unusable for all else, and a time of day without a zone."""
    if text is None:
        raise Unusable(f"has no `{name}`")
    match = _DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise Unusable(f"has no date in `{name}`", f"{shown(text)}; write it like 2021-01-11")
    if int(match["month"][:4]) not in YEARS:
        raise Unusable(f"has an impossible year in `{name}`", f"{shown(text)}; from {YEARS[0]} on")
    if match["time"] is not None and match["zone"] is None:
        raise Unusable(f"has a time of day but no zone in `{name}`", shown(text))
    try:
        if match["day"] is None:
            first = datetime.fromisoformat(f"{match['month']}-01").replace(tzinfo=UTC)
            span = Span(first, _next_month(first))
        elif match["time"] is None:
            first = datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
            span = Span(first, first + DAY)
        else:
            first = datetime.fromisoformat(text.strip().upper()).astimezone(UTC).replace(microsecond=0)
            span = Span(first, first + MOMENT)
    except ValueError:
        raise Unusable(f"has a day or hour that does not exist in `{name}`", shown(text)) from None
    return span


def time_of_day(text: Any) -> timedelta | None:
    """14:30 as the time since midnight; None for anything else."""
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    return timedelta(hours=int(match[1]), minutes=int(match[2])) if match else None


def _next_month(moment: datetime) -> datetime:
    return (moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + 32 * DAY).replace(day=1)
