"""Times and lists in sentences that a person would publish as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.values import duration_text
from publisher.wire.feed_words import Audience

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_WORD = re.compile("[a-z]+[,:;]?")

_KINDS = {
    ChangeClass.DOCS: ("documentation", "documentation"),
    ChangeClass.UI_POLISH: ("a change of look and wording", "changes of look and wording"),
    ChangeClass.PATCH: ("a patch", "patches"),
    ChangeClass.SECURITY: ("a security fix", "security fixes"),
    ChangeClass.HOTFIX: ("an emergency fix", "emergency fixes"),
    ChangeClass.FEATURE: ("a new feature", "new features"),
    ChangeClass.RPC: ("an RPC change", "RPC changes"),
    ChangeClass.DHT: ("a DHT change", "DHT changes"),
    ChangeClass.TRACKER: ("a tracker change", "tracker changes"),
    ChangeClass.SEEDING: ("a seeding change", "seeding changes"),
    ChangeClass.PROTOCOL: ("a protocol change", "protocol changes"),
    ChangeClass.STORAGE: ("a storage change", "storage changes"),
    ChangeClass.MIGRATION: ("a migration", "migrations"),
}

_PROGRAMS = {
    ClientType.DESKTOP: "desktop clients",
    ClientType.DAEMON: "nodes",
    ClientType.DASHBOARD: "dashboards",
    ClientType.SERVICE: "companion services",
}


def kind(change_class: ChangeClass) -> str:
    """A storage change: one release of a change class."""
    return _KINDS[change_class][0]


def kinds(classes: Sequence[ChangeClass], last: str = "and") -> str:
    """Patches and storage changes: releases of some change classes."""
    return listed([_KINDS[change_class][1] for change_class in classes], last)


def programs(client_types: Sequence[ClientType]) -> str:
    """Nodes and dashboards."""
    return listed([_PROGRAMS[client_type] for client_type in client_types])


def audiences(asked: Sequence[Audience]) -> str:
    """Hosts and exchanges; empty for everybody."""
    return listed([audience.words for audience in asked]) if asked else ""


def day(moment: datetime) -> str:
    """24 November 2026; English whatever the machine's locale."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment(when: datetime) -> str:
    """Tuesday 24 November 2026, 10:00 UTC."""
    return f"{weekday(when)} {day(when)}, {when:%H:%M} UTC"


def near(when: datetime, now: datetime) -> str:
    """Tuesday 24 November, 10:00 UTC: a moment whose year is the one that everybody is in."""
    return moment(when) if when.year != now.year else moment(when).replace(f" {when.year},", ",", 1)


def weekday(when: datetime) -> str:
    """Tuesday."""
    return _DAYS[when.weekday()]


def period(start: datetime, end: datetime) -> str:
    """Tuesday 24 November 2026, 10:00 to 11:00 UTC; a day is named once."""
    if start.date() == end.date():
        return f"{moment(start).removesuffix(' UTC')} to {end:%H:%M} UTC"
    return f"{moment(start)} to {moment(end)}"


def length(span: timedelta) -> str:
    """1 day, 36 hours, 90 minutes: in the largest whole unit."""
    number, unit = duration_text(span).split()
    return counted(int(number), {"d": "day", "h": "hour", "min": "minute"}[unit])


def rounded_down(span: timedelta) -> str:
    """131 days, 30 hours, 5 minutes: in whole units, small enough that two of them are left."""
    for unit, noun in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if span >= 2 * unit:
            return counted(span // unit, noun)
    return counted(span // timedelta(minutes=1), "minute")


def counted(number: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def upfirst(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def capitalised(text: str) -> str:
    """A sentence from a clause; what is no word, such as a path or an id that begins it, stays as it is written."""
    first = text.split(maxsplit=1)[0] if text else ""
    return upfirst(text) if _WORD.fullmatch(first) else text


def listed(words: Sequence[str], last: str = "and") -> str:
    """a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else "nothing"


def few(names: Sequence[str]) -> str:
    """All names of a short list, once each; of a long one the first two and how many more there are."""
    once = list(dict.fromkeys(names))
    return listed(once if len(once) <= 3 else [*once[:2], f"{len(once) - 2} more"])


def sentences(all_of_them: Sequence[str]) -> str:
    """The sentences of a short list; of a long one the first two, and how many more there are."""
    if len(all_of_them) <= 3:
        return " ".join(all_of_them)
    return " ".join([*all_of_them[:2], f"The same goes for {len(all_of_them) - 2} more."])


def with_article(noun: str) -> str:
    """a daemon, an object."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
