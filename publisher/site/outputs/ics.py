"""The calendar as iCalendar (RFC 5545), for programs that people plan with; this folder alone imports icalendar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar, vDuration
from icalendar import Event as Entry

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.release import Release
from publisher.model.content.risk_register import SprintFreeze
from publisher.rules.calendar.lanes import Bar, BarKind, Lane, Quarter

PRODID = "-//Tidegate//Release calendar//EN"

REFRESH = timedelta(hours=12)
"""How often a program should look for news."""

_WORDS = {
    BarKind.HARD: "Hard freeze: {title}",
    BarKind.SOFT: "Soft freeze: {title}",
    BarKind.EVENT: "{title}",
    BarKind.MAINTENANCE: "Maintenance: {title}",
    BarKind.RELEASE: "Planned release: {title}",
    BarKind.READY: "Rollback-ready: {title}",
}


EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""SEQUENCE counts seconds from here, which fits the 32 bits of an INTEGER (3.3.8) until 2088."""

MOST = 2**31 - 1


def to_ics(quarter: Quarter, catalog: Catalog, now: datetime, published: bytes | None = None) -> bytes:
    """All lanes as one VCALENDAR, the same bytes for the same content, `now` and `published` calendar.

    UIDs hang on what an entry is about and never on its title, so that a program moves what has moved (3.8.4.7).
    An entry that says what it said in the calendar `published` before keeps its DTSTAMP and SEQUENCE; for any other,
    both count up to `now` (3.8.7.2, 3.8.7.4). So they never go back, also where the calendar before is lost.
    """
    host = host_of(catalog)
    entries = (
        # A freeze that was moved while it held has several windows on one side; they are counted from the first.
        _entry(bar, lane, f"{_about(bar, lane)}{f'-{bar.ordinal + 1}' if bar.ordinal else ''}@{host}")
        for lane in quarter.lanes
        for bar in lane.bars
    )
    return as_calendar("Release calendar", entries, now, published)


def host_of(catalog: Catalog) -> str:
    """What UIDs end in."""
    return urlsplit(catalog.endpoints.site).hostname or "localhost"


def as_calendar(name: str, entries: Iterable[Entry], now: datetime, published: bytes | None) -> bytes:
    """Entries as one VCALENDAR, each with DTSTAMP and SEQUENCE; `published` is the calendar as it was before."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar["refresh-interval"] = vDuration(REFRESH)
    calendar["refresh-interval"].params["value"] = "DURATION"
    calendar["x-published-ttl"] = vDuration(REFRESH)  # what Outlook reads in its place
    before = _issues(published)
    for entry in entries:
        calendar.add_component(_stamped(entry, before, now))
    data: bytes = calendar.to_ical()
    return data


@dataclass(frozen=True)
class _Issue:
    """An entry as it was published before."""

    content: tuple[bytes, ...]
    stamp: datetime
    sequence: int


def _issues(published: bytes | None) -> dict[str, _Issue]:
    """The entries of a published calendar by UID; what cannot be read there counts as lost."""
    try:
        entries = Calendar.from_ical(published).walk("VEVENT") if published else []
        return {
            str(entry["uid"]): _Issue(_content(entry), entry.decoded("dtstamp"), entry.decoded("sequence"))
            for entry in entries
            if entry.decoded("sequence") < MOST and entry.decoded("dtstamp").tzinfo is not None
        }
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return {}


def _content(entry: Any) -> tuple[bytes, ...]:
    """All that an entry says, but for when it was said."""
    alarms = (alarm["trigger"].to_ical() for alarm in entry.walk("VALARM"))
    return (*(entry[name].to_ical() for name in _CONTENT if name in entry), *alarms)


_CONTENT = ("dtstart", "dtend", "status", "summary", "description", "url")


def _stamped(entry: Entry, before: Mapping[str, _Issue], now: datetime) -> Entry:
    """The entry with the DTSTAMP and SEQUENCE that it had, or with higher ones if it has changed."""
    stamp, sequence = now, int((now - EPOCH).total_seconds())
    if (old := before.get(str(entry["uid"]))) is not None:
        if old.content == _content(entry):
            stamp, sequence = old.stamp, old.sequence
        else:
            stamp, sequence = max(now, old.stamp + timedelta(seconds=1)), max(sequence, old.sequence + 1)
    entry.add("dtstamp", stamp)
    entry.add("sequence", sequence)
    return entry


def _entry(bar: Bar, lane: Lane, uid: str) -> Entry:
    entry = Entry()
    entry.add("uid", uid)
    entry.add("dtstart", bar.start)
    if bar.end > bar.start:
        entry.add("dtend", bar.end)  # the first moment after it, as 3.8.2.2 has it
    product = f"{lane.label}: " if lane.product is not None else ""
    entry.add("summary", product + _WORDS[bar.kind].format(title=bar.title))
    cancelled = isinstance(bar.of, Event) and bar.kind is BarKind.EVENT and bar.of.status == "cancelled"
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
    if bar.kind is BarKind.SOFT and isinstance(bar.of, Event):
        return "before" if bar.start < bar.of.starts else "after"
    return f"{bar.start:%Y%m%dT%H%M%S}" if bar.kind in (BarKind.MAINTENANCE, BarKind.READY) else ""


def _names(of: Event | SprintFreeze | Release | Maintenance) -> Iterator[str]:
    """What is hashed where an id must not be told: an id alone could be guessed, its words hardly."""
    if isinstance(of, Release):
        yield from (of.product, str(of.version), of.sentence)
    else:
        yield from (of.id, of.title, of.summary if isinstance(of, Event) else "")
