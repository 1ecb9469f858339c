"""The quarter on a terminal: lanes of letters, and what happens week by week in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from rich.cells import set_cell_size

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.rules import english
from publisher.rules.calendar.lanes import Bar, BarKind, Lane, Quarter
from publisher.rules.calendar_review_age import due, stale
from publisher.text.terminal import hanging, wrapped

SIGNS = {
    BarKind.SOFT: "-",
    BarKind.HARD: "#",
    BarKind.READY: "=",
    BarKind.MAINTENANCE: "m",
    BarKind.EVENT: "E",
    BarKind.RELEASE: "R",
}
"""Each kind has a sign of its own; a later one is drawn over an earlier one."""

COLOURS = {
    BarKind.SOFT: "yellow",
    BarKind.HARD: "red",
    BarKind.READY: "green",
    BarKind.EVENT: "magenta",
    BarKind.RELEASE: "cyan",
}

LEGEND = (
    "# hard freeze   - soft freeze   E event   m maintenance",
    "R planned release   = can be taken back",
)

LABELS = 18
"""Columns of the lanes' names."""


def drawing(quarter: Quarter, now: datetime, width: int) -> list[str]:
    """The lanes, with the Mondays above them, in at most `width` columns."""
    columns = max(width - LABELS - 1, 20)
    scale = _Scale(quarter, columns)
    lines = [*_axis(quarter, scale), *(_row(lane, scale) for lane in quarter.lanes)]
    if quarter.start <= now < quarter.end:
        lines.append(" " * (LABELS + 1 + scale.column(now)) + "^ now" if scale.column(now) < columns - 5 else "")
    lines += ["", *(line for part in LEGEND for line in wrapped(part, width))]
    return lines + wrapped("Freezes shown are those for new features; other changes may wait longer or shorter.", width)


def in_words(quarter: Quarter, width: int, *, public: bool) -> list[str]:
    """What begins in the quarter, week by week, and rollbacks due; marked where not public, unless for the public."""
    lines: list[str] = []
    week: datetime | None = None
    for bar, whose in sorted(_beginning(quarter), key=lambda begun: (begun[0].start, begun[0].kind, begun[0].title)):
        monday = _monday(bar.start)
        if monday != week:
            week = monday
            lines += ["", click.style(f"Week of {english.day(monday)}", bold=True)]
        when = (
            f"{bar.start:%a %d %H:%M}" if bar.kind is not BarKind.EVENT or bar.is_dated else f"{bar.start:%a %d} about"
        )
        lines += hanging(f"  {when}", whose + _words(bar, public=public), width, len(when) + 4)
    if quarter.due:
        lines += ["", click.style("Rollback preparation (verified and rehearsed)", bold=True)]
    for way in quarter.due:
        state = "done" if way.done else "overdue" if way.overdue else "due"
        lines += hanging(f"  {state}", f"{way.release.id}: by {english.moment(way.at)}.", width, 16)
    return lines


def reviewed(catalog: Catalog, now: datetime, *, public: bool) -> str:
    """When the calendar was last reviewed, as a sentence that asks for the next review where it is due."""
    last = catalog.review
    if last is None:
        return "No review of this calendar is recorded yet (content/calendar.yaml)."
    by = "" if public else f" by {last.reviewed_by}"
    review = f"Reviewed on {english.moment(last.reviewed_at)}{by}"
    if stale(catalog, now):
        return f"{review}: too long ago for a release near an event."
    return f"{review}; the next review is due." if due(catalog, now) else f"{review}."


class _Scale:
    """Where moments stand."""

    def __init__(self, quarter: Quarter, columns: int) -> None:
        self.start, self.length, self.columns = quarter.start, quarter.end - quarter.start, columns

    def column(self, moment: datetime) -> int:
        return min(max(int((moment - self.start) / self.length * self.columns), 0), self.columns - 1)

    def columns_of(self, bar: Bar) -> range:
        """At least one; the last moment of a bar is the one before its end."""
        last = max(bar.end - timedelta(seconds=1), bar.start)
        return range(self.column(bar.start), self.column(last) + 1)


def _axis(quarter: Quarter, scale: _Scale) -> Iterator[str]:
    """Months over days; a date that would run into the one before it is left out."""
    months, days = [" "] * scale.columns, [" "] * scale.columns
    monday, month = _monday(quarter.start + timedelta(days=6)), 0
    while monday < quarter.end:
        _write(days, scale.column(monday), f"{monday.day}")
        if monday.month != month and _write(months, scale.column(monday), f"{monday:%b}"):
            month = monday.month
        monday += timedelta(weeks=1)
    if not "".join(days).strip():
        _write(days, 0, f"{quarter.start:%a %d %b}")
    yield " " * (LABELS + 1) + "".join(months).rstrip()
    yield " " * (LABELS + 1) + "".join(days).rstrip()


def _write(line: list[str], at: int, text: str) -> bool:
    """Put a text into a line, if there is room and it touches nothing."""
    free = at + len(text) <= len(line) and all(sign == " " for sign in line[max(at - 1, 0) : at + len(text)])
    if free:
        line[at : at + len(text)] = text
    return free


def _row(lane: Lane, scale: _Scale) -> str:
    kinds: list[BarKind | None] = [None] * scale.columns
    for kind in SIGNS:
        for bar in lane.bars:
            if bar.kind is kind and not (isinstance(bar.of, Event) and bar.of.status == "cancelled"):
                for column in scale.columns_of(bar):
                    kinds[column] = kind
    drawn = "".join("." if kind is None else click.style(SIGNS[kind], fg=COLOURS.get(kind)) for kind in kinds)
    return f"{set_cell_size(lane.label, LABELS)} {drawn}"


def _beginning(quarter: Quarter) -> Iterator[tuple[Bar, str]]:
    """Each bar that begins in the quarter, and for whom it is; a cause that freezes several products alike is one."""
    causes: dict[tuple[BarKind, datetime, datetime, str], tuple[Bar, list[str]]] = {}
    for lane in quarter.lanes:
        for bar in lane.bars:
            if bar.start >= quarter.start and bar.kind is not BarKind.READY:
                _, whose = causes.setdefault((bar.kind, bar.start, bar.end, bar.title), (bar, []))
                whose.append(lane.label)
    products = [lane.label for lane in quarter.lanes if lane.product is not None]
    for bar, whose in causes.values():
        some = bar.kind in (BarKind.HARD, BarKind.SOFT) and whose != products
        yield bar, f"{english.listed(whose)}: " if some else ""


def _words(bar: Bar, *, public: bool) -> str:
    hidden = "" if bar.public or public else " (not public)"
    end = english.moment(bar.end)
    if bar.kind in (BarKind.HARD, BarKind.SOFT):
        return f'{bar.kind} freeze around "{bar.title}", until {end}.{hidden}'
    if bar.kind is BarKind.RELEASE:
        return f"planned release: {bar.title}.{hidden}"
    if bar.kind is BarKind.MAINTENANCE:
        return f"maintenance: {bar.title}, until {end}.{hidden}"
    off = isinstance(bar.of, Event) and bar.of.status == "cancelled"
    return f"{'cancelled: ' if off else 'event: '}{bar.title}, until {end}.{hidden}"


def _monday(moment: datetime) -> datetime:
    return (moment - timedelta(days=moment.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
