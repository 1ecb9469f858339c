"""The calendar: ninety days of releases, freezes and events, as lanes and as a list by week (R91)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.model.decision import Decision
from publisher.model.event import Event
from publisher.model.release import ChangeClass
from publisher.rules import words
from publisher.site.freezes import EventFreeze, Span
from publisher.site.scene import Page, Scene
from publisher.site.views.releases import ReleaseView, release_view
from publisher.site.visible import public_events

HORIZON = timedelta(days=90)

# The drawing's own units; the picture scales with the page.
LABELS, WIDTH, LANE, TOP = 170, 1000, 30, 34


@dataclass(frozen=True)
class Entry:
    """One line of the list; exactly one of the three is set."""

    at: datetime
    freeze: EventFreeze | None = None
    event: Event | None = None
    release: ReleaseView | None = None
    planned: Decision | None = None
    """What the rules say of the release at its planned moment."""


@dataclass(frozen=True)
class Week:
    """A week from Monday, with what begins in it."""

    start: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Bar:
    """A piece of a lane."""

    x: int
    width: int
    kind: str
    title: str


@dataclass(frozen=True)
class Lane:
    """One row of the drawing."""

    label: str
    y: int
    bars: tuple[Bar, ...]


def pages(scene: Scene) -> Iterator[Page]:
    """The calendar page."""
    end = scene.now + HORIZON
    entries = sorted(_entries(scene, end), key=lambda entry: entry.at)
    lanes = _lanes(scene, end)
    yield Page(
        "calendar.md",
        "Calendar",
        "calendar.md.jinja",
        "Releases, freezes and events of the coming ninety days.",
        {
            "end": end,
            "running": [entry for entry in entries if entry.at <= scene.now],
            "weeks": _weeks(scene.now, end, [entry for entry in entries if entry.at > scene.now]),
            "lanes": lanes,
            "months": _months(scene.now, end),
            "picture": {
                "width": LABELS + WIDTH,
                "height": TOP + LANE * len(lanes) + 6,
                "labels": LABELS,
                "top": TOP,
                "lane": LANE,
                "right": LABELS + WIDTH,
            },
        },
        contents=False,
    )


def _entries(scene: Scene, end: datetime) -> Iterator[Entry]:
    for freeze in scene.freezes:
        if freeze.span.end > scene.now and freeze.span.start < end:
            yield Entry(freeze.span.start, freeze=freeze)
    for event in public_events(scene.catalog, scene.now):
        if event.ends > scene.now and event.starts < end:
            yield Entry(event.starts, event=event)
    for release in scene.catalog.releases:
        if release.planned_for is not None and release.planned_for < end and scene.is_coming(release):
            planned = scene.decide(release, release.channels[0], max(release.planned_for, scene.now))
            yield Entry(release.planned_for, release=release_view(scene, release), planned=planned)


def _weeks(now: datetime, end: datetime, entries: list[Entry]) -> list[Week]:
    start = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks = []
    while start < end:
        following = start + timedelta(days=7)
        weeks.append(Week(start, tuple(entry for entry in entries if start <= entry.at < following)))
        start = following
    return weeks


def _lanes(scene: Scene, end: datetime) -> list[Lane]:
    lanes: list[tuple[str, list[Bar]]] = []
    coming = [freeze for freeze in scene.freezes if freeze.span.end > scene.now and freeze.span.start < end]
    for product in scene.catalog.products.values():
        bars: list[Bar] = []
        for freeze in coming:
            for row in freeze.rows:
                if product in row.products and ChangeClass.FEATURE in row.classes:
                    for span, kind in ((row.soft_before, "soft"), (row.hard, "hard"), (row.soft_after, "soft")):
                        if span is not None and span.end > scene.now and span.start < end:
                            bars.append(_bar(scene.now, span, kind, f"{kind} freeze: {freeze.view.title}"))
        lanes.append((product.name, bars))
    events = [
        _bar(scene.now, Span(event.starts, event.ends), "event", event.title)
        for event in public_events(scene.catalog, scene.now)
        if event.ends > scene.now and event.starts < end and event.status != "cancelled"
    ]
    lanes.append(("Events", events))
    releases = [
        _bar(scene.now, Span(r.planned_for, r.planned_for), "release", r.id)
        for r in scene.catalog.releases
        if r.planned_for is not None and scene.now <= r.planned_for < end and scene.is_coming(r)
    ]
    lanes.append(("Planned releases", releases))
    return [Lane(label, TOP + index * LANE, tuple(bars)) for index, (label, bars) in enumerate(lanes)]


def _bar(now: datetime, span: Span, kind: str, title: str) -> Bar:
    left, right = _x(now, span.start), _x(now, span.end)
    return Bar(left, max(right - left, 5), kind, f"{title}, {words.day(span.start)} to {words.day(span.end)}")


def _x(now: datetime, when: datetime) -> int:
    share = (when - now) / HORIZON
    return LABELS + round(WIDTH * min(max(share, 0), 1))


def _months(now: datetime, end: datetime) -> list[tuple[int, str]]:
    """Where each Monday stands, with its date."""
    first = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    marks = []
    while first < end:
        marks.append((_x(now, first), f"{first.day} {words.day(first).split()[1][:3]}"))
        first += timedelta(days=7)
    return marks
