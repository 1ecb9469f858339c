"""Freezes as the site shows them: by cause for every product, and what waits for what right now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.product import Product
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.timespan import Span
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.next_open import opening
from publisher.rules.freeze.timeline import timeline
from publisher.rules.freeze.windows import Hardness, Window, arithmetic
from publisher.site.public import EventView, view_of

Cause = Event | SprintFreeze


@dataclass(frozen=True)
class Whys:
    """How the length of each part of a freeze came about; empty where it would tell what is not public."""

    hard: str = ""
    soft_before: str = ""
    soft_after: str = ""


@dataclass(frozen=True)
class FreezeRow:
    """Kinds of change of some products that one cause stops in the same way."""

    products: tuple[Product, ...]
    classes: tuple[ChangeClass, ...]
    hard: Span | None
    soft_before: Span | None
    soft_after: Span | None
    soft_stops: bool
    """Whether a soft freeze stops them."""
    arithmetic: str
    why: Whys
    """How the length of each part came about."""

    @property
    def stopped(self) -> tuple[Span, ...]:
        """When changes of these kinds wait."""
        soft = (self.soft_before, self.soft_after) if self.soft_stops else (None, None)
        return tuple(span for span in (soft[0], self.hard, soft[1]) if span is not None)


@dataclass(frozen=True)
class EventFreeze:
    """All that one event or sprint freeze stops."""

    view: EventView
    rows: tuple[FreezeRow, ...]
    span: Span
    """From the first wait to the end of the last."""
    hard: Span | None
    """The part in which the hard freeze holds for at least one product."""

    def holds(self, now: datetime) -> bool:
        return self.span.holds(now)


def freezes(catalog: Catalog, now: datetime) -> tuple[EventFreeze, ...]:
    """What each cause stops, by the beginning of its freeze; causes that stop nothing are left out."""
    windows: dict[str, dict[tuple[str, ChangeClass], list[Window]]] = {}
    for product in catalog.products.values():
        for change_class in ChangeClass:
            for window in timeline(catalog, Subject.of(product, change_class)).windows:
                windows.setdefault(window.cause.id, {}).setdefault((product.id, change_class), []).append(window)
    causes: tuple[Cause, ...] = (*catalog.events, *catalog.sprints)
    by_cause = (_freeze_of(catalog, cause, windows.get(cause.id, {}), now) for cause in causes)
    return tuple(sorted((freeze for freeze in by_cause if freeze is not None), key=lambda freeze: freeze.span))


def _freeze_of(
    catalog: Catalog, cause: Cause, windows: dict[tuple[str, ChangeClass], list[Window]], now: datetime
) -> EventFreeze | None:
    """What one cause stops, grouped so that equal rows appear once; None when it stops nothing."""
    grouped: dict[tuple[FreezeRow, tuple[ChangeClass, ...]], list[Product]] = {}
    for product in catalog.products.values():
        alike: dict[FreezeRow, list[ChangeClass]] = {}
        for change_class in ChangeClass:
            if held := windows.get((product.id, change_class)):
                alike.setdefault(_row(held, public=cause.is_public(now)), []).append(change_class)
        for row, classes in alike.items():
            grouped.setdefault((row, tuple(classes)), []).append(product)
    result = tuple(
        replace(row, products=tuple(products), classes=classes)
        for (row, classes), products in grouped.items()
        if row.stopped
    )
    if not result:
        return None
    spans = [span for row in result for span in row.stopped]
    hard = [row.hard for row in result if row.hard is not None]
    return EventFreeze(view_of(cause, now), result, _around(spans), _around(hard) if hard else None)


def _around(spans: Iterable[Span]) -> Span:
    every = tuple(spans)
    return Span(min(span.start for span in every), max(span.end for span in every))


def _row(windows: Sequence[Window], *, public: bool) -> FreezeRow:
    """The windows of one cause for one kind of change, hard in the middle; what was planned earlier counts with it."""
    hard = [window for window in windows if window.hardness is Hardness.HARD]
    soft = [window for window in windows if window.hardness is Hardness.SOFT]
    middle = min((window.start for window in hard), default=None)
    before = [window for window in soft if middle is not None and window.start < middle]
    after = [window for window in soft if window not in before]
    return FreezeRow(
        products=(),
        classes=(),
        hard=_span(hard),
        soft_before=_span(before),
        soft_after=_span(after),
        soft_stops=any(window.stops for window in soft),
        arithmetic=_why([*before, *hard, *after]) if public else "",
        why=Whys(_why(hard), _why(before), _why(after)) if public else Whys(),
    )


def _span(windows: Sequence[Window]) -> Span | None:
    return _around(Span(window.start, window.end) for window in windows) if windows else None


def _why(windows: Sequence[Window]) -> str:
    """7 days before (exchange listing), then 3 days after (exchange listing). It tells the kind of event."""
    return "; ".join(arithmetic(windows))


@dataclass(frozen=True)
class Wait:
    """Kinds of change of one product that wait for the same moment."""

    classes: tuple[ChangeClass, ...]
    until: datetime
    view: EventView


@dataclass(frozen=True)
class ProductOutlook:
    """What of a product may ship at a moment, and what waits until when."""

    product: Product
    open: tuple[ChangeClass, ...]
    waits: tuple[Wait, ...]
    """Sooner ones first."""
    soft_until: datetime | None
    """Until when a soft freeze around an event lets through only what is essential; None: none holds."""


def product_outlook(catalog: Catalog, product: Product, now: datetime) -> ProductOutlook:
    """The outlook of one product; freezes that follow one another count as one wait."""
    free: list[ChangeClass] = []
    essential: list[datetime] = []
    waits: dict[tuple[datetime, str], tuple[Window, list[ChangeClass]]] = {}
    for change_class in ChangeClass:
        line = timeline(catalog, Subject.of(product, change_class))
        answer = opening(line, now)
        if answer is None:
            free.append(change_class)
            if change_class is not ChangeClass.DOCS and (end := line.soft_of_events.until(now)) is not None:
                essential.append(end)
            continue
        until, window = answer
        waits.setdefault((until, window.cause.id), (window, []))[1].append(change_class)
    return ProductOutlook(
        product,
        tuple(free),
        tuple(
            Wait(tuple(classes), until, view_of(window.cause, now))
            for (until, _), (window, classes) in sorted(waits.items(), key=lambda item: item[0])
        ),
        max(essential, default=None),
    )
