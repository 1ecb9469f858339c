"""The quarter as lanes: freezes by product, events, planned releases, and when releases can be taken back (R10, R91).

Site, terminal, JSON and iCalendar draw the same lanes. In the public ones nothing is named that is not public (R96).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.product import Product
from publisher.model.content.release import ChangeClass, Release
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.visibility import Visible
from publisher.rules.calendar.rollback_due import Due, due, ready
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.freeze.windows import Hardness
from publisher.rules.staffing.occurrences import occurrences

SHOWN = ChangeClass.FEATURE
"""The kind of change whose freezes are drawn; others may wait longer or shorter."""


class BarKind(StrEnum):
    """What a bar stands for."""

    HARD = "hard"
    SOFT = "soft"
    EVENT = "event"
    MAINTENANCE = "maintenance"
    RELEASE = "release"
    READY = "ready"


@dataclass(frozen=True)
class Bar:
    """A piece of a lane; a release is a moment, whose start is its end."""

    kind: BarKind
    start: datetime
    end: datetime
    """The first moment after it."""
    title: str
    of: Event | SprintFreeze | Release | Maintenance
    """What it stands for."""
    public: bool
    """Whether its title may be told to everybody."""
    ordinal: int = 0
    """Which of several freezes of one kind on one side of one cause, counted from the first there ever was."""

    @property
    def is_dated(self) -> bool:
        """Whether what it stands for has a time that is known, and not expected only."""
        return not isinstance(self.of, Event) or self.of.is_dated


@dataclass(frozen=True)
class Lane:
    """One row."""

    label: str
    product: str | None
    """Whose freezes it shows, by id; None for all other lanes."""
    bars: tuple[Bar, ...]
    """By start."""


@dataclass(frozen=True)
class Quarter:
    """Ninety days, or as many as were asked for."""

    start: datetime
    end: datetime
    lanes: tuple[Lane, ...]
    due: tuple[Due, ...]
    """Ways back that must be ready, by date (R85)."""


def quarter(
    catalog: Catalog,
    start: datetime,
    length: timedelta,
    now: datetime,
    *,
    public: bool,
    product: str | None = None,
    gone: Collection[str] = (),
) -> Quarter:
    """All lanes of [start, start + length), as known at `now`.

    `product` by id leaves out the others; `gone` are ids of releases that are not to come, whatever the content says.
    """
    end = start + length
    products = [candidate for candidate in catalog.products.values() if product in (None, candidate.id)]
    releases = [
        release
        for release in catalog.releases
        if product in (None, release.product)
        and (release.visibility == "public" or not public)
        and (release.shipped_at is None or release.shipped_at > now)
        and release.id not in gone
    ]
    freezes = [
        Lane(product.name, product.id, _sorted(_freezes(catalog, product, now, public=public))) for product in products
    ]
    events = (*_events(catalog, now, public=public), *_maintenance(catalog, product, start, end, now, public=public))
    lanes = (
        *freezes,
        Lane("Events", None, _sorted(events)),
        Lane("Planned releases", None, _sorted(_planned(releases))),
        Lane("Rollback-ready", None, _sorted(_ready(catalog, releases, start, end, now))),
    )
    shown = tuple(Lane(lane.label, lane.product, tuple(_within(lane.bars, start, end))) for lane in lanes)
    ways = [deadline for release in releases if (deadline := due(catalog, release, now)) is not None]
    return Quarter(start, end, shown, tuple(sorted(ways, key=lambda deadline: (deadline.at, deadline.release.id))))


def _freezes(catalog: Catalog, product: Product, now: datetime, *, public: bool) -> Iterator[Bar]:
    seen: Counter[tuple[BarKind, str, bool]] = Counter()
    for window in timeline(catalog, Subject.of(product, SHOWN)).windows:
        if window.stops:
            kind = BarKind.HARD if window.hardness is Hardness.HARD else BarKind.SOFT
            title, is_public = _title(window.cause, window.cause.title, now, public=public)
            place = (kind, window.cause.id, window.start < window.cause.starts)
            yield Bar(kind, window.start, window.end, title, window.cause, is_public, seen[place])
            seen[place] += 1


def _events(catalog: Catalog, now: datetime, *, public: bool) -> Iterator[Bar]:
    """Events of which everybody may know, or all; the freeze of the others stands under neutral words."""
    for event in catalog.events:
        if event.is_public(now) or not public:
            yield Bar(BarKind.EVENT, event.starts, event.ends, event.title, event, event.is_public(now))


def _maintenance(
    catalog: Catalog, product: str | None, start: datetime, end: datetime, now: datetime, *, public: bool
) -> Iterator[Bar]:
    for maintenance in catalog.maintenance:
        if product in (None, maintenance.product):
            title, is_public = _title(maintenance, maintenance.title, now, public=public)
            for window in occurrences(maintenance, start, end):
                yield Bar(BarKind.MAINTENANCE, *window.span, title, maintenance, is_public)


def _planned(releases: Iterable[Release]) -> Iterator[Bar]:
    for release in releases:
        if release.planned_for is not None:
            title = f"{release.product} {release.version}"
            yield Bar(
                BarKind.RELEASE,
                release.planned_for,
                release.planned_for,
                title,
                release,
                release.visibility == "public",
            )


def _ready(
    catalog: Catalog, releases: Iterable[Release], start: datetime, end: datetime, now: datetime
) -> Iterator[Bar]:
    for release in releases:
        for first, last in ready(catalog, release, start, end, now):
            yield Bar(
                BarKind.READY,
                first,
                last,
                f"{release.product} {release.version}",
                release,
                release.visibility == "public",
            )


def _title(of: Visible, title: str, now: datetime, *, public: bool) -> tuple[str, bool]:
    """What it is called, and whether everybody may know of it."""
    is_public = of.is_public(now)
    return (title if is_public or not public else of.public_title), is_public


def _sorted(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    return tuple(sorted(bars, key=lambda bar: (bar.start, bar.end, bar.title)))


def _within(bars: Iterable[Bar], start: datetime, end: datetime) -> Iterator[Bar]:
    """Those that overlap [start, end), whole."""
    return (bar for bar in bars if bar.start < end and (bar.end > start or bar.start == bar.end >= start))
