"""Dates and versions that are each possible and cannot all be meant; `publish check` tells them as advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.model.catalog import Catalog
from publisher.model.content.event import REVISED, Event, Revision
from publisher.rules import english
from publisher.rules.lint.lint import Lint


def contradictions(catalog: Catalog) -> Iterator[Lint]:
    """All of them: in releases, products and events."""
    yield from _releases(catalog)
    yield from _products(catalog)
    yield from _revisions(catalog)


def _releases(catalog: Catalog) -> Iterator[Lint]:
    """Nobody can be asked to update, or be left alone, before there is anything to update to."""
    for release in catalog.releases:
        out = release.shipped_at or release.planned_for
        dates = (
            ("required_by", "users must run it by", release.notes.required_by),
            ("old_peers_ok_until", "peers may stay on old versions until", release.notes.old_peers_ok_until),
        )
        for name, meaning, moment in dates:
            if out is not None and moment is not None and moment <= out:
                what = f"{meaning} {english.day(moment)}, but it ships on {english.day(out)} at the earliest"
                yield Lint(release.id, what, f"check the year of `{name}`, and give users a few days to update")


def _products(catalog: Catalog) -> Iterator[Lint]:
    for product in catalog.products.values():
        versions = [release.version for release in catalog.releases_of(product.id)]
        if product.min_secure is not None and versions and product.min_secure > max(versions):
            what = f"versions before {product.min_secure} count as insecure, but the newest is {max(versions)}"
            yield Lint(product.id, what, "check `min_secure` in products.yaml")


def _revisions(catalog: Catalog) -> Iterator[Lint]:
    for event in catalog.events:
        for index, revision in enumerate(event.revisions):
            later: tuple[Revision | Event, ...] = (*event.revisions[index + 1 :], event)
            if not any(_differs(name, revision, later) for name in REVISED):
                what = f"its revision until {english.day(revision.until)} is identical to what came after it"
                yield Lint(event.id, what, "record under `revisions` what was known before the change, not after it")


def _differs(name: str, revision: Revision, later: Sequence[Revision | Event]) -> bool:
    """Whether the revision knew another value than what was known next."""
    value = getattr(revision, name)
    following = next((known for other in later if (known := getattr(other, name)) is not None), None)
    return value is not None and value != following
