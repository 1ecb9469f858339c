"""The calendar as iCalendar (RFC 5545), for programs that people plan with; the only importer of icalendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, vDuration
from icalendar import Event as Entry

from publisher.model.catalog import Catalog
from publisher.model.event import Event
from publisher.model.maintenance import Maintenance
from publisher.model.register import SprintFreeze
from publisher.model.release import Release
from publisher.rules.lanes import Bar, Kind, Lane, Quarter

PRODID = "-//Tidegate//Release calendar//EN"

REFRESH = timedelta(hours=12)
"""How often a program should look for news."""

_WORDS = {
    Kind.HARD: "Hard freeze: {title}",
    Kind.SOFT: "Soft freeze: {title}",
    Kind.EVENT: "{title}",
    Kind.MAINTENANCE: "Maintenance: {title}",
    Kind.RELEASE: "Planned release: {title}",
    Kind.READY: "Rollback-ready: {title}",
}


def to_ics(quarter: Quarter, catalog: Catalog, now: datetime) -> bytes:
    """All lanes as one VCALENDAR, the same bytes for the same content at the same `now`.

    UIDs hang on what an entry is about and never on its date or title, so that a program moves what has moved
    (3.8.4.7); what an event was moved or cancelled by counts up its SEQUENCE (3.8.7.4).
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Release calendar")
    calendar["refresh-interval"] = vDuration(REFRESH)
    calendar["refresh-interval"].params["value"] = "DURATION"
    host = urlsplit(catalog.endpoints.site).hostname or "localhost"
    for lane in quarter.lanes:
        for bar in lane.bars:
            # A freeze that was moved while it held has several windows on one side; they are counted from the first.
            uid = f"{_about(bar, lane)}{f'-{bar.ordinal + 1}' if bar.ordinal else ''}@{host}"
            calendar.add_component(_entry(bar, lane, uid, catalog, now))
    data: bytes = calendar.to_ical()
    return data


def _entry(bar: Bar, lane: Lane, uid: str, catalog: Catalog, now: datetime) -> Entry:
    entry = Entry()
    entry.add("uid", uid)
    entry.add("dtstamp", _stamp(catalog, now))
    entry.add("sequence", _sequence(bar, catalog))
    entry.add("dtstart", bar.start)
    if bar.end > bar.start:
        entry.add("dtend", bar.end)  # the first moment after it, as 3.8.2.2 has it
    product = f"{lane.label}: " if lane.product is not None else ""
    entry.add("summary", product + _WORDS[bar.kind].format(title=bar.title))
    cancelled = isinstance(bar.of, Event) and bar.kind is Kind.EVENT and bar.of.status == "cancelled"
    # Of what is not public not even that is told, whether its time is known.
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED" if bar.is_dated or not bar.public else "TENTATIVE")
    entry.add("transp", "TRANSPARENT")
    return entry


def _about(bar: Bar, lane: Lane) -> str:
    """What an entry is about, as a name that does not change; of what is not public, one that tells nothing."""
    name = "".join(_names(bar.of))
    if not bar.public:
        name = hashlib.sha256(name.encode()).hexdigest()[:24]
    elif isinstance(bar.of, Release):
        name = f"{bar.of.product}-{bar.of.version}"
    else:
        name = bar.of.id
    return "-".join(part for part in (bar.kind, name, lane.product, _which(bar)) if part)


def _which(bar: Bar) -> str:
    """Which of several entries about one thing: the side of an event, or one window of many."""
    if bar.kind is Kind.SOFT and isinstance(bar.of, Event):
        return "before" if bar.start < bar.of.starts else "after"
    return f"{bar.start:%Y%m%dT%H%M%S}" if bar.kind in (Kind.MAINTENANCE, Kind.READY) else ""


def _names(of: Event | SprintFreeze | Release | Maintenance) -> Iterator[str]:
    """What is hashed where an id must not be told: an id alone could be guessed, its words hardly."""
    if isinstance(of, Release):
        yield from (of.product, str(of.version), of.sentence)
    else:
        yield from (of.id, of.title, of.summary if isinstance(of, Event) else "")


def _sequence(bar: Bar, catalog: Catalog) -> int:
    """Counts up when an entry is changed: an event's revisions, and for all else each review of the calendar."""
    if isinstance(bar.of, Event) and bar.kind is Kind.EVENT:
        return len(bar.of.revisions)
    return 0 if catalog.review is None else (catalog.review.reviewed_at - datetime(2020, 1, 1, tzinfo=UTC)).days


def _stamp(catalog: Catalog, now: datetime) -> datetime:
    """When the calendar was last reviewed, so that building the site again changes nothing."""
    return catalog.review.reviewed_at if catalog.review else now.replace(hour=0, minute=0, second=0)
