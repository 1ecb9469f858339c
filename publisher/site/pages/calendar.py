"""The calendar: ninety days of releases, freezes and events, as lanes and as a list by week (R91)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from publisher.model.content.event import Event
from publisher.model.records.decision import Decision
from publisher.rules import english
from publisher.rules.calendar import lanes
from publisher.rules.calendar.lanes import Quarter
from publisher.rules.calendar_review_age import due
from publisher.site.freezes import EventFreeze
from publisher.site.maintenance import maintenance_views
from publisher.site.page_model import HORIZON, Page, Scene
from publisher.site.pages.releases import ReleaseView, release_view
from publisher.site.public import public_events


@dataclass(frozen=True)
class Paper:
    """Measures of a drawing in its own units; the picture scales with the page."""

    name: str
    labels: int
    """Room for the lanes' names beside the bars."""
    width: int
    """From now to the horizon."""
    lane: int
    top: int
    above: int = 0
    """Room for the lanes' names above the bars."""
    weeks: int = 1
    """Weeks from one date on the axis to the next."""

    def x(self, now: datetime, when: datetime) -> int:
        """Where a moment stands."""
        return self.labels + round(self.width * min(max((when - now) / HORIZON, 0), 1))


WIDE = Paper("wide", labels=170, width=1000, lane=30, top=34)
NARROW = Paper("narrow", labels=12, width=320, lane=46, top=34, above=16, weeks=3)


@dataclass(frozen=True)
class CalendarEntry:
    """One line of the list; exactly one of the three is set."""

    at: datetime
    freeze: EventFreeze | None = None
    event: Event | None = None
    release: ReleaseView | None = None
    planned: Decision | None = None
    """What the rules say of the release at its planned moment."""


@dataclass(frozen=True)
class Week:
    """A week from Monday, with what begins in it; or all empty weeks between two others."""

    start: datetime
    last: datetime
    """Its Sunday; of several empty weeks in a row, which count as one, the last."""
    entries: tuple[CalendarEntry, ...]


@dataclass(frozen=True)
class DrawnBar:
    """A piece of a lane."""

    x: int
    width: int
    kind: str
    title: str


@dataclass(frozen=True)
class DrawnLane:
    """One row of the drawing."""

    label: str
    y: int
    bars: tuple[DrawnBar, ...]


def pages(scene: Scene) -> Iterator[Page]:
    end = scene.now + HORIZON
    entries = sorted(_entries(scene, end), key=lambda entry: entry.at)
    yield Page(
        "calendar.md",
        "Calendar",
        "calendar.md.jinja",
        "Releases, freezes and events of the next 90 days.",
        {
            "end": end,
            "running": [entry for entry in entries if entry.at <= scene.now],
            "maintenance": list(maintenance_views(scene, end)),
            "weeks": _weeks(scene.now, end, [entry for entry in entries if entry.at > scene.now]),
            "pictures": [_drawing(scene.quarter, scene.now, paper) for paper in (WIDE, NARROW)],
            "review": scene.catalog.review,
            "review_due": due(scene.catalog, scene.now),
        },
        contents=False,
    )


def _drawing(drawn: Quarter, now: datetime, paper: Paper) -> dict[str, Any]:
    rows = _lanes(drawn, now, paper)
    return {
        "name": paper.name,
        "lanes": rows,
        "marks": _marks(now, drawn.end, paper),
        "height": paper.top + paper.lane * len(rows) + 6,
        "labels": paper.labels,
        "top": paper.top,
        "lane": paper.lane,
        "above": paper.above,
        "right": paper.labels + paper.width,
    }


def _entries(scene: Scene, end: datetime) -> Iterator[CalendarEntry]:
    for freeze in scene.freezes:
        if freeze.span.end > scene.now and freeze.span.start < end:
            yield CalendarEntry(freeze.span.start, freeze=freeze)
    for event in public_events(scene.catalog, scene.now):
        if event.ends > scene.now and event.starts < end:
            yield CalendarEntry(event.starts, event=event)
    for release in scene.catalog.releases:
        if release.planned_for is not None and release.planned_for < end and scene.is_coming(release):
            planned = scene.decide(release, release.channels[0], max(release.planned_for, scene.now))
            yield CalendarEntry(release.planned_for, release=release_view(scene, release), planned=planned)


def _weeks(now: datetime, end: datetime, entries: list[CalendarEntry]) -> list[Week]:
    start = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks: list[Week] = []
    while start < end:
        following = start + timedelta(days=7)
        week = Week(
            start, following - timedelta(days=1), tuple(entry for entry in entries if start <= entry.at < following)
        )
        if weeks and not week.entries and not weeks[-1].entries:
            weeks[-1] = replace(weeks[-1], last=week.last)
        else:
            weeks.append(week)
        start = following
    return weeks


def _lanes(drawn: Quarter, now: datetime, paper: Paper) -> list[DrawnLane]:
    return [
        DrawnLane(
            lane.label, paper.top + index * paper.lane, tuple(_bar(paper, now, bar) for bar in lane.bars if _shown(bar))
        )
        for index, lane in enumerate(drawn.lanes)
    ]


def _shown(bar: lanes.Bar) -> bool:
    return not (isinstance(bar.of, Event) and bar.of.status == "cancelled")


def _bar(paper: Paper, now: datetime, bar: lanes.Bar) -> DrawnBar:
    left, right = paper.x(now, bar.start), paper.x(now, bar.end)
    title = f"{_TITLES[bar.kind]}{bar.title}, {english.day(bar.start)} to {english.day(bar.end)}"
    return DrawnBar(left, max(right - left, 5), bar.kind, title)


_TITLES = {
    lanes.BarKind.HARD: "hard freeze: ",
    lanes.BarKind.SOFT: "soft freeze: ",
    lanes.BarKind.EVENT: "",
    lanes.BarKind.MAINTENANCE: "maintenance: ",
    lanes.BarKind.RELEASE: "planned release: ",
    lanes.BarKind.READY: "rollback-ready: ",
}


def _marks(now: datetime, end: datetime, paper: Paper) -> list[tuple[int, str]]:
    """Where Mondays stand, with their dates."""
    first = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    marks = []
    while first < end:
        marks.append((paper.x(now, first), f"{first.day} {english.day(first).split()[1][:3]}"))
        first += timedelta(weeks=paper.weeks)
    return marks
