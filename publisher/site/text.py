"""Escaping: text from YAML appears on a page as the characters that it is, in HTML and in Markdown alike.

Pages are Markdown that holds HTML blocks, and a text may land in either. Every character that means something to
one of them becomes a numeric entity, which both show as the character. Templates never escape by hand: the
environment in `templates.py` passes every value through `escape`, and only `Markup` made here passes unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from jinja2 import StrictUndefined, Undefined
from markupsafe import Markup

from publisher.model.values import format_time
from publisher.rules import english
from publisher.text.markdown import to_html
from publisher.wire.plain_text import without_hidden

_ENTITIES = {ord(char): f"&#{ord(char)};" for char in "&<>\"'`*_[]{}|\\~^#!=$@"}

_BLOCK = re.compile(r"<(p|li|h[1-6]|blockquote)>")
"""What has a direction of writing of its own."""

_LINE_START = re.compile(r"(\d+)(?=[.)](?: |$))|(?=[-+:])")


def escape(text: str) -> Markup:
    """The text on one line, with nothing left that HTML or Markdown would act upon."""
    escaped = " ".join(without_hidden(text).split()).translate(_ENTITIES)
    # At the start of a line a hyphen or "1." begins a list; the rest of such marks is an entity already.
    if match := _LINE_START.match(escaped):
        at = match.end()
        escaped = f"{escaped[:at]}&#{ord(escaped[at])};{escaped[at + 1 :]}"
    return Markup(escaped)


def finalize(value: Any) -> Markup:
    """What a template prints for a value; nothing but text, whole numbers and prepared HTML may be printed."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Markup(str(value))
    if isinstance(value, datetime):
        return moment(value)
    if type(value) is Undefined:  # an inline `if` without its `else`
        return Markup("")
    if isinstance(value, StrictUndefined):
        str(value)  # raises UndefinedError, which names the missing word
    raise TypeError(f"a template prints {value!r}; give it text")


def rich(text: str) -> Markup:
    """HTML of a field of type Markdown. Blank lines go, since they would end the HTML block around it."""
    html = _BLOCK.sub(r'<\1 dir="auto">', to_html(without_hidden(text)))
    return Markup(re.sub(r"\n\s*\n+", "\n", html).translate({ord(char): _ENTITIES[ord(char)] for char in "{}"}))


def moment(when: datetime) -> Markup:
    """Tuesday 24 November 2026, 10:00 UTC, readable by machines too."""
    return _time(when, english.moment(when))


def near(when: datetime, now: datetime) -> Markup:
    """Tuesday 24 November, 10:00 UTC, for a moment of this year."""
    return _time(when, english.near(when, now))


def day(when: datetime) -> Markup:
    """24 November 2026."""
    return _time(when, english.day(when))


def period(start: datetime, end: datetime) -> Markup:
    """From one moment to another; a day is named once."""
    last = _time(end, f"{end:%H:%M} UTC") if start.date() == end.date() else moment(end)
    first = _time(start, english.moment(start).removesuffix(" UTC")) if start.date() == end.date() else moment(start)
    return Markup('{} <span class="tg-to">to</span> {}').format(first, last)


def short(when: datetime) -> Markup:
    """Tue 24 Nov, 10:00: for tables, where the year is clear; the full date is in the title."""
    text = english.moment(when)
    weekday, number, month, _ = text.split(" ", 3)
    return Markup('<time datetime="{}" title="{}">{} {} {}, {}</time>').format(
        format_time(when), text, weekday[:3], number, month[:3], f"{when:%H:%M}"
    )


def _time(when: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(format_time(when), text)


def listed(items: Iterable[str], last: str = "and") -> Markup:
    """a, b and c, each escaped."""
    return Markup(english.listed([finalize(item) for item in items], last))


def linked(text: str, pages: Mapping[str, str], to: Callable[[str], Markup]) -> Markup:
    """The text with each of some versions as a link to its page; `to` makes the address."""
    if not pages:
        return escape(text)
    versions = "|".join(map(re.escape, sorted(pages, key=len, reverse=True)))
    words = re.split(rf"(?<![\w.+-])({versions})(?![\w+-]|\.\w)", " ".join(without_hidden(text).split()))
    # Every second one is a version; what lies between keeps its spaces, which `escape` takes away at the ends.
    return Markup("").join(
        Markup('<a class="tg-version" href="{}">{}</a>').format(to(pages[word]), word)
        if number % 2
        else Markup(word.translate(_ENTITIES))
        for number, word in enumerate(words)
    )


def length(value: Any) -> Markup:
    """A duration in its largest whole unit, in words: 7 days, 36 hours; a dash for none."""
    if not value:
        return Markup('<span class="tg-none">none</span>')
    return Markup(english.length(value).replace(" ", "&nbsp;"))


def size(count: int) -> str:
    """Bytes as people say them: 812 bytes, 4.1 MB."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError
