"""Foreign rows -> releases of the past, with what was odd about each row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from publisher.content.foreign.dates import DAY, dated
from publisher.content.foreign.fields import (
    Unusable,
    first_problem,
    fits,
    label,
    needed,
    shown,
    slug,
    value,
)
from publisher.content.foreign.rows import Row
from publisher.model.content.product import Plane, Product
from publisher.model.content.release import ChangeClass, Necessity, Notes, Release
from publisher.model.history.mapping import ReleaseMapping
from publisher.model.history.past import PastRelease, Remark
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.wire.feed_words import Action, Restart
from publisher.wire.version import MAX_LENGTH, Version

CHANNEL = "stable"
"""The channel in which history is asked; no freeze tells channels apart."""

NOTHING_SAID = Notes(
    action=Action.OPTIONAL, restart=Restart.NONE, symptoms=(), first_24h=("Not recorded in the history file.",)
)
"""Stands where a release needs notes; no freeze rule reads them."""


@dataclass(frozen=True)
class ImportedReleases:
    """The releases that can be used with their products, and the rest in words."""

    products: dict[str, Product]
    releases: tuple[PastRelease, ...]
    """By date."""
    remarks: tuple[Remark, ...]


def import_releases(rows: Sequence[Any], mapping: ReleaseMapping) -> ImportedReleases:
    """Read every row; one that cannot be used is told, and the others still count."""
    products: dict[str, Product] = {}
    read: list[tuple[PastRelease, int]] = []
    remarks: list[Remark] = []
    for number, row in enumerate(rows, 1):
        name = label(row, mapping.fields.id, f"row {number}")
        notes: list[tuple[str, str]] = []
        try:
            if not isinstance(row, dict):
                raise Unusable("is not an object with fields", shown(row))
            product = _product(row, mapping)
            past = _release(row, mapping, product.id, name, notes)
        except Unusable as unusable:
            remarks.append(Remark("releases", number, name, unusable.reason, unusable.detail, left_out=True))
            continue
        known = products.setdefault(product.id, product)
        if product.model_copy(update={"name": known.name}) != known:
            notes.append(("has a different kind of product from an earlier row; the first counts", known.client_type))
        read.append((past, number))
        remarks.extend(Remark("releases", number, name, reason, detail) for reason, detail in notes)
    read.sort(key=lambda entry: (entry[0].start, entry[0].release.product, entry[1]))
    releases = tuple(_once_each(read, remarks))
    return ImportedReleases(products, releases, tuple(remarks))


def _once_each(read: Sequence[tuple[PastRelease, int]], remarks: list[Remark]) -> Iterator[PastRelease]:
    """Each version of a product once, at its earliest date; tells those that stand twice or out of order."""
    seen: dict[tuple[str, Version], PastRelease] = {}
    highest: dict[str, Version] = {}
    for past, number in read:
        product, version = past.release.product, past.release.version
        if (first := seen.get((product, version))) is not None:
            detail = f"{first.version} came out on {english.day(first.start)}"
            what = "has a version that appears twice; the earlier date counts"
            remarks.append(Remark("releases", number, past.id, what, detail, left_out=True))
            continue
        seen[product, version] = past
        if version < (above := highest.setdefault(product, version)):
            what = "comes after a higher version; the order does not matter"
            remarks.append(Remark("releases", number, past.id, what, f"{past.version} after {above}"))
        highest[product] = max(above, version)
        yield past


def _product(row: Row, mapping: ReleaseMapping) -> Product:
    name = needed(row, mapping.fields.project)
    if not slug(name):
        raise Unusable("has a project without a letter or digit", name)
    kind = next((rule for rule in mapping.products if fits(row, rule.when)), None)
    if kind is None:
        raise Unusable("has a kind of product that the mapping does not list", name)
    return Product(
        id=slug(name),
        name=name,
        summary="Taken from a history file.",
        client_type=kind.client_type,
        plane=Plane.BOTH,
        platforms=("any",),
        channels=(CHANNEL,),
        blast_radius=kind.blast_radius,
        event_sensitivity=kind.event_sensitivity,
    )


def _release(row: Row, mapping: ReleaseMapping, product: str, name: str, notes: list[tuple[str, str]]) -> PastRelease:
    fields, assume = mapping.fields, mapping.assume
    written = needed(row, fields.version)
    if (version := _version(written)) is None:
        raise Unusable("has a version that cannot be read", written)
    day = dated(value(row, fields.date), fields.date)
    if day.end - day.start > DAY:
        notes.append(("is dated by month only; the whole month counts", english.day(day.start)))
    notes.extend(_other_dates(row, mapping, day))
    essential = any(fits(row, conditions) for conditions in mapping.essential)
    try:
        release = Release(
            product=product,
            version=version,
            channels=(CHANNEL,),
            change_class=_change_class(row, mapping, notes),
            necessity=Necessity.ESSENTIAL if essential else Necessity.OPPORTUNISTIC,
            fix_confidence=assume.fix_confidence,
            tested=assume.tested,
            sentence="Taken from a history file.",
            shipped_at=day.end,
            notes=NOTHING_SAID,
        )
    except ValidationError as error:
        raise Unusable("cannot be read as a release", first_problem(error)) from None
    return PastRelease(name, written, release, day.start, day.end, _version(label(row, fields.previous, "")))


def _change_class(row: Row, mapping: ReleaseMapping, notes: list[tuple[str, str]]) -> ChangeClass:
    for rule in mapping.classes:
        if fits(row, rule.when):
            return rule.change_class
    assumed = mapping.assume.change_class
    if assumed is None:
        raise Unusable("does not say what it changes")
    notes.append((f"does not say what it changes; it counts as {english.kind(assumed)}", ""))
    return assumed


def _other_dates(row: Row, mapping: ReleaseMapping, day: Span) -> Iterator[tuple[str, str]]:
    for name in mapping.fields.also_dated:
        if value(row, name) is None:
            continue
        try:
            other = dated(value(row, name), name)
        except Unusable as unusable:
            yield unusable.reason, unusable.detail
            continue
        if other.start - day.start > DAY or day.start - other.start > DAY:  # a day is what time zones explain
            own = mapping.fields.date
            yield (
                f"has dates that disagree by more than a day; `{own}` counts",
                f"`{own}` {english.day(day.start)}, `{name}` {english.day(other.start)}",
            )


_WRITTEN = re.compile(r"[vV]?(\d+(?:\.\d+)*)(?:[-_. ]?([A-Za-z]+)[-_.]?(\d*))?", re.ASCII)
"""4.4.0, v4.4, 4.4.0rc1, 1.80b5, 0.9-rc2: numbers, and perhaps what comes before a release, with its number."""


def _version(written: str) -> Version | None:
    """A version in one of the usual spellings; None where it is none."""
    try:
        return Version.parse(written)
    except ValueError:
        match = _WRITTEN.fullmatch(written) if len(written) < MAX_LENGTH - 2 else None  # two dots may come in
    if match is None:
        return None
    numbers, word, number = match.groups()
    tail = f"-{word}" + (f".{int(number)}" if number else "") if word else ""
    return Version.parse(f"{numbers}{tail}")
