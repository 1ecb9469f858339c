"""Freezes as the site shows them: by event for every product, and what waits for what right now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.event import Event, Scored
from publisher.model.policy import Band, FreezePolicy
from publisher.model.product import ClientType, Product
from publisher.model.release import ChangeClass
from publisher.rules.opening import opening
from publisher.rules.windows import LENGTHS, Lengths, Window, freeze_lengths, timeline
from publisher.site.visible import EventView, view_of


class Bands:
    """The freeze matrix, read once for every kind of event, client and change.

    Lengths depend on nothing else, so a thousand events of twelve types cost twelve look-ups.
    """

    def __init__(self, policy: FreezePolicy) -> None:
        self.policy = policy
        self._known: dict[tuple[str, int, ClientType, ChangeClass], Lengths | None] = {}

    def lengths(self, kind: str, severity: int, client_type: ClientType, change_class: ChangeClass) -> Lengths | None:
        """The band of one cell of the matrix; None where the policy exempts it."""
        key = (kind, severity, client_type, change_class)
        if key not in self._known:
            # An event of this kind and severity, of which the matrix asks nothing else.
            stand_in: dict[str, Any] = {"type": kind, "severity": Scored(score=severity, because="as asked")}
            self._known[key] = freeze_lengths(self.policy, Event.model_construct(**stand_in), client_type, change_class)
        return self._known[key]


@dataclass(frozen=True)
class Span:
    """A half-open piece of time."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Whys:
    """How the length of each part of a freeze came about; empty where it would tell what is not public."""

    hard: str = ""
    soft_before: str = ""
    soft_after: str = ""


@dataclass(frozen=True)
class FreezeRow:
    """Kinds of change of some products that an event stops in the same way."""

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
    """All that one event stops."""

    view: EventView
    rows: tuple[FreezeRow, ...]
    span: Span
    """From the first wait to the end of the last."""
    hard: Span | None
    """The part in which the hard freeze holds for at least one product."""

    def holds(self, now: datetime) -> bool:
        """Whether something waits at `now`."""
        return self.span.start <= now < self.span.end


def event_freeze(catalog: Catalog, bands: Bands, event: Event, now: datetime) -> EventFreeze | None:
    """What an event stops, grouped so that equal rows appear once; None when it stops nothing."""
    if event.status == "cancelled":
        return None
    grouped: dict[tuple[FreezeRow, tuple[ChangeClass, ...]], list[Product]] = {}
    for product in catalog.products.values():
        alike: dict[FreezeRow, list[ChangeClass]] = {}
        for change_class in ChangeClass:
            lengths = bands.lengths(event.type, event.severity.score, product.client_type, change_class)
            if lengths is not None:
                row = _row(event, lengths, allowed_in_soft=change_class in bands.policy.soft_allows, now=now)
                alike.setdefault(row, []).append(change_class)
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
    return EventFreeze(view_of(event, now), result, _around(spans), _around(hard) if hard else None)


def _around(spans: Iterable[Span]) -> Span:
    every = tuple(spans)
    return Span(min(span.start for span in every), max(span.end for span in every))


def _row(event: Event, lengths: Lengths, *, allowed_in_soft: bool, now: datetime) -> FreezeRow:
    band = lengths.band
    start, end = event.starts - band.hard_before, event.ends + band.hard_after
    return FreezeRow(
        products=(),
        classes=(),
        hard=Span(start, end),
        soft_before=Span(start - band.soft_before, start) if band.soft_before else None,
        soft_after=Span(end, end + band.soft_after) if band.soft_after else None,
        soft_stops=not allowed_in_soft,
        arithmetic=_arithmetic(lengths) if event.is_public(now) else "",
        why=_whys(lengths) if event.is_public(now) else Whys(),
    )


def _whys(lengths: Lengths) -> Whys:
    parts = {name: f"{text} {name.split('_')[1]}" for name in LENGTHS if (text := lengths.story[name])}
    return Whys(
        hard="; ".join(parts[name] for name in ("hard_before", "hard_after") if name in parts),
        soft_before=parts.get("soft_before", ""),
        soft_after=parts.get("soft_after", ""),
    )


def _arithmetic(lengths: Lengths) -> str:
    """7 d exchange listing before; 3 d exchange listing after (soft). It tells the kind of event."""
    return "; ".join(
        f"{text} {'before' if name.endswith('before') else 'after'}{' (soft)' if name.startswith('soft') else ''}"
        for name in LENGTHS
        if (text := lengths.story[name])
    )


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


def product_outlook(catalog: Catalog, product: Product, now: datetime) -> ProductOutlook:
    """The outlook of one product; freezes that follow one another count as one wait."""
    policy = catalog.policy.freeze
    free: list[ChangeClass] = []
    waits: dict[tuple[datetime, str], tuple[Window, list[ChangeClass]]] = {}
    for change_class in ChangeClass:
        answer = opening(policy, timeline(catalog, product.client_type, change_class), change_class, now)
        if answer is None:
            free.append(change_class)
            continue
        until, window = answer
        waits.setdefault((until, window.event.id), (window, []))[1].append(change_class)
    return ProductOutlook(
        product,
        tuple(free),
        tuple(
            Wait(tuple(classes), until, view_of(window.event, now))
            for (until, _), (window, classes) in sorted(waits.items(), key=lambda item: item[0])
        ),
    )


SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class MatrixCell:
    """A band, and how each of its lengths came about."""

    band: Band
    story: tuple[str, ...]


@dataclass(frozen=True)
class MatrixRow:
    """One line of the policy's freeze table."""

    client_type: ClientType
    classes: tuple[ChangeClass, ...]
    severities: tuple[int, int]
    """Lowest and highest severity that it is for."""
    cell: MatrixCell | None
    """None: exempt."""


@dataclass(frozen=True)
class MatrixTable:
    """The freeze table of event types that are treated alike."""

    because: str
    events: tuple[str, ...]
    rows: tuple[tuple[ClientType, tuple[MatrixRow, ...]], ...]


def freeze_matrix(bands: Bands) -> tuple[MatrixTable, ...]:
    """The whole freeze matrix, written out; event types with equal tables share one."""
    tables: dict[tuple[str, object], list[str]] = {}
    content: dict[tuple[str, object], tuple[tuple[ClientType, tuple[MatrixRow, ...]], ...]] = {}
    for base in bands.policy.base:
        for kind in base.events:
            rows = tuple((client_type, tuple(_matrix_rows(bands, kind, client_type))) for client_type in ClientType)
            key = (base.because, rows)
            tables.setdefault(key, []).append(kind)
            content[key] = rows
    return tuple(MatrixTable(key[0], tuple(kinds), content[key]) for key, kinds in tables.items())


def _matrix_rows(bands: Bands, kind: str, client_type: ClientType) -> Iterable[MatrixRow]:
    alike: dict[tuple[MatrixCell | None, ...], list[ChangeClass]] = {}
    for change_class in ChangeClass:
        cells = tuple(_cell(bands.lengths(kind, severity, client_type, change_class)) for severity in SEVERITIES)
        alike.setdefault(cells, []).append(change_class)
    for cells, classes in alike.items():
        start = 0
        for index in range(1, len(cells) + 1):
            if index == len(cells) or cells[index] != cells[start]:
                yield MatrixRow(client_type, tuple(classes), (SEVERITIES[start], SEVERITIES[index - 1]), cells[start])
                start = index


def _cell(lengths: Lengths | None) -> MatrixCell | None:
    if lengths is None:
        return None
    return MatrixCell(lengths.band, tuple(_told(name, text) for name, text in lengths.story.items() if text))


def _told(name: str, text: str) -> str:
    """hard_before, "7 d exchange listing" -> "hard before: 7 d exchange listing"."""
    return f"{name.replace('_', ' ')}: {text}"
