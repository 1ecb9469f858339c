"""Security: every advisory with its fix, and every unsafe version (R81, R86)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Channel, Product
from publisher.site.brakes import BrakeView, withdrawals_of_product
from publisher.site.labels import Chip
from publisher.site.page_model import Page, Scene, page_of
from publisher.wire.version import Version

PAGE = "security.md"

RECENT = timedelta(days=30)
"""So long the home page begins with a severe advisory."""


@dataclass(frozen=True)
class FixView:
    """A version that fixes a problem."""

    version: Version
    page: str
    out: bool
    """Whether it has been published."""


@dataclass(frozen=True)
class AdvisoryView:
    """An advisory with the versions that fix it."""

    item: Advisory
    product: Product
    fixes: tuple[FixView, ...]
    late: bool
    """Whether promised details are missing."""

    @property
    def status(self) -> Chip:
        """Whether there is something to install."""
        if not self.fixes:
            return Chip("stop", "no fix yet")
        return Chip("go", "fixed") if any(fix.out for fix in self.fixes) else Chip("wait", "fix announced")


@dataclass(frozen=True)
class UnsafeVersion:
    """A version that users should leave, and why."""

    version: Version
    page: str | None
    """Its page, if the public knows the release."""
    below_floor: bool
    advisories: tuple[Advisory, ...]
    withdrawn: tuple[BrakeView, ...]


@dataclass(frozen=True)
class UnsafeVersions:
    """Those of one product, newest first."""

    product: Product
    versions: tuple[UnsafeVersion, ...]
    channel: Channel
    """The one that most users follow."""
    offered: Version | None
    """What it offers."""
    offered_page: str | None

    @property
    def offered_unsafe(self) -> bool:
        """Whether even that is one of them."""
        return any(each.version == self.offered for each in self.versions)


def pages(scene: Scene) -> Iterator[Page]:
    """The page of advisories; it exists even when there is none."""
    views = [_view(scene, advisory) for advisory in scene.catalog.advisories]
    yield Page(
        PAGE,
        "Security",
        "security.md.jinja",
        "Security problems and their fixes, and every unsafe version.",
        {"views": views, "unsafe": [_unsafe(scene, product) for product in scene.catalog.products.values()]},
    )


def alerts(scene: Scene) -> tuple[Advisory, ...]:
    """Severe advisories that were published lately, newest first: the home page begins with them."""
    return tuple(a for a in scene.catalog.advisories if a.grave and scene.now - a.published < RECENT)


def _view(scene: Scene, advisory: Advisory) -> AdvisoryView:
    releases = [scene.catalog.find(advisory.product, str(version)) for version in advisory.fixed_in]
    return AdvisoryView(
        advisory,
        scene.catalog.products[advisory.product],
        tuple(FixView(fix.version, page_of(fix), scene.is_out(fix)) for fix in releases if fix is not None),
        advisory.breaks_promise(scene.now),
    )


def _unsafe(scene: Scene, product: Product) -> UnsafeVersions:
    channel = scene.main_channel(product)
    offered = scene.offered(product.id, channel.id)
    release = scene.catalog.find(product.id, str(offered)) if offered is not None else None
    page = page_of(release) if release is not None else None
    return UnsafeVersions(product, _unsafe_versions(scene, product), channel, offered, page)


def _unsafe_versions(scene: Scene, product: Product) -> tuple[UnsafeVersion, ...]:
    withdrawn: dict[Version, list[BrakeView]] = {}
    for view in withdrawals_of_product(scene, product.id):
        withdrawn.setdefault(view.version, []).append(view)
    pages = {r.version: page_of(r) for r in scene.catalog.releases_of(product.id) if scene.is_out(r)}
    versions = (
        UnsafeVersion(
            version,
            pages.get(version),
            product.min_secure is not None and version < product.min_secure,
            scene.catalog.affecting(product.id, version),
            tuple(withdrawn.get(version, ())),
        )
        for version in sorted({*pages, *withdrawn}, reverse=True)
    )
    return tuple(each for each in versions if each.below_floor or each.advisories or each.withdrawn)
