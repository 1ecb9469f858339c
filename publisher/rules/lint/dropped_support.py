"""Whether a change of content drops the support of versions outside the rules (R86, R90).

`min_supported` of a product rises only outside of event windows, and only past versions whose end of support was
announced, marked, warned about and is due. The content before and after a change are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.product import Product
from publisher.model.content.release import ChangeClass
from publisher.rules import english
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.freeze.windows import Window
from publisher.wire.version import Version


@dataclass(frozen=True)
class DroppedSupport:
    """Support that would end although it may not yet."""

    product: str
    what: str
    """What is wrong, as a clause."""
    fix: str
    """What to do, beginning with a verb."""


def dropped_support(before: Catalog, after: Catalog, now: datetime) -> tuple[DroppedSupport, ...]:
    """Everything that speaks against the products whose `min_supported` the change raises, as seen at `now`."""
    return tuple(
        dropped
        for product in after.products.values()
        if (old := before.products.get(product.id)) is not None
        and product.min_supported is not None
        and (old.min_supported is None or old.min_supported < product.min_supported)
        for dropped in _problems(after, old.min_supported, product, product.min_supported, now)
    )


def _problems(
    after: Catalog, old: Version | None, product: Product, oldest: Version, now: datetime
) -> Iterator[DroppedSupport]:
    raised = f"support of {product.id} would begin at {oldest}"
    if (window := _event_window(after, product, now)) is not None:
        freeze_end = english.moment(window.end)
        yield DroppedSupport(
            product.id,
            f"{raised} while the freeze around {window.cause.id} holds until {freeze_end}",
            f"raise `min_supported` after {freeze_end}",
        )
    dropped = [release.version for release in after.shipped(product.id, now) if _lies(release.version, old, oldest)]
    if dropped and not any(_is_due(after, deprecation, oldest, now) for deprecation in _naming(after, product)):
        yield DroppedSupport(
            product.id,
            f"{raised}, but no deprecation that is due names {english.few([str(version) for version in dropped])}",
            _how_to_drop(after, product, oldest, now),
        )


def _event_window(catalog: Catalog, product: Product, now: datetime) -> Window | None:
    """The freeze around an event that holds longest for any kind of change."""
    windows = (
        window
        for change_class in ChangeClass
        for window in timeline(catalog, Subject.of(product, change_class)).holding(now)
        if isinstance(window.cause, Event)
    )
    return max(windows, key=lambda window: window.end, default=None)


def _lies(version: Version, old: Version | None, oldest: Version) -> bool:
    return (old is None or version >= old) and version < oldest


def _naming(catalog: Catalog, product: Product) -> Iterator[Deprecation]:
    for deprecation in catalog.deprecations:
        if deprecation.product == product.id and deprecation.versions_below is not None:
            yield deprecation


def _is_due(catalog: Catalog, deprecation: Deprecation, oldest: Version, now: datetime) -> bool:
    """Whether it covers all versions before `oldest`, was warned about in a release, and its time has come."""
    newest = max((release.version for release in catalog.shipped(deprecation.product, now)), default=None)
    return (
        deprecation.versions_below is not None
        and deprecation.versions_below >= oldest
        and deprecation.earliest_removal <= now
        and newest is not None
        and deprecation.warned_in is not None
        and max(deprecation.warned_in, deprecation.remove_in or deprecation.warned_in) <= newest
    )


def _how_to_drop(catalog: Catalog, product: Product, oldest: Version, now: datetime) -> str:
    covering = [
        deprecation
        for deprecation in _naming(catalog, product)
        if deprecation.versions_below is not None and deprecation.versions_below >= oldest
    ]
    if not covering:
        return f'announce it first: add a deprecation with `versions_below: "{oldest}"` in content/deprecations/'
    first = min(covering, key=lambda deprecation: deprecation.earliest_removal)
    if first.earliest_removal > now:
        return f"wait until {english.moment(first.earliest_removal)}, the `earliest_removal` of {first.id}"
    if first.remove_in is not None:
        return f"publish {first.remove_in}, the `remove_in` of {first.id}, first"
    return f"publish a release that warns of it first, and name it in `warned_in` of {first.id}"
