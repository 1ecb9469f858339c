"""How far deprecations have come: mark, warn, remove, as the shipped releases tell (R90)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.deprecation import Deprecation, DeprecationState
from publisher.wire.version import Version


def deprecation_state(
    catalog: Catalog,
    deprecation: Deprecation,
    now: datetime,
    live: Iterable[Version] = (),
    gone: Collection[str] = (),
) -> DeprecationState:
    """The furthest stage whose release had shipped by `now`; what is `live` in a bucket has shipped.

    `gone` are ids of releases that were taken back from every channel: their stage is not reached any more. Support of
    old versions has ended once the product says so.
    """
    oldest = catalog.products[deprecation.product].min_supported
    if deprecation.versions_below is not None and oldest is not None and deprecation.versions_below <= oldest:
        return DeprecationState.REMOVED
    shipped = [release for release in catalog.shipped(deprecation.product, now) if release.id not in gone]
    newest = max((*(release.version for release in shipped), *live), default=None)
    stages = (
        (deprecation.remove_in, DeprecationState.REMOVED),
        (deprecation.warned_in, DeprecationState.WARNED),
        (deprecation.marked_in, DeprecationState.MARKED),
    )
    for version, state in stages:
        if version is not None and newest is not None and newest >= version:
            return state
    return DeprecationState.ANNOUNCED


def support_ends(catalog: Catalog, product: str, version: Version) -> datetime | None:
    """When the support of a version ends at the earliest, by the deprecations that name it; None: no end is planned."""
    ends = (
        deprecation.earliest_removal
        for deprecation in catalog.deprecations
        if deprecation.product == product
        and deprecation.versions_below is not None
        and version < deprecation.versions_below
    )
    return min(ends, default=None)
