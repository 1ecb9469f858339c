"""Checks of security advisories: versions that exist, fixes outside the affected range, a floor that rises (R81)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.content.catalog_items import Item, Loaded
from publisher.content.links.checks import exists, file_named
from publisher.errors import Problem
from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.visibility import Visibility
from publisher.rules.english import few
from publisher.rules.unsafe_versions import lagging_floor
from publisher.text.suggest import did_you_mean


def advisory_problems(loaded: Loaded) -> Iterator[Problem]:
    """Everything that is wrong between advisories, products and releases."""
    products = {item.value.id: item.value for item in loaded.products}
    for item in loaded.advisories:
        advisory = item.value
        yield from file_named(advisory.id, item.place("id"))
        yield from _fixes_outside(item)
        if "products" in loaded.incomplete:
            continue
        yield from exists(advisory.product, products, "product", item.place("product"))
        if (product := products.get(advisory.product)) is None or "releases" in loaded.incomplete:
            continue
        releases = [release.value for release in loaded.releases if release.value.product == advisory.product]
        yield from _affected(item, releases)
        yield from _fixes(item, releases)
        yield from _floor(item, product, releases)


def _fixes_outside(item: Item[Advisory]) -> Iterator[Problem]:
    for index, version in enumerate(item.value.fixed_in):
        place = item.place("fixed_in", index)
        if version in item.value.fixed_in[:index]:
            yield Problem(f"version {version} appears twice", place, "keep one of them")
        if (part := next((part for part in item.value.affected if part.contains(version)), None)) is not None:
            begins = part.from_ is not None and part.from_ >= version
            end = f'end that range with `before: "{version}"` and add one for each later line, or '
            what = f"{version} cannot be a fix, since it is affected: {part}"
            yield Problem(what, place, f"{'' if begins else end}name another version")


def _affected(item: Item[Advisory], releases: Sequence[Release]) -> Iterator[Problem]:
    """Each range means something that people may run."""
    for index, part in enumerate(item.value.affected):
        if not any(part.contains(release.version) for release in releases):
            known = few([str(release.version) for release in sorted(releases, key=lambda r: r.version)])
            have = f"{item.value.product} has {known or 'no release'}"
            yield Problem(
                f"no known release of {item.value.product} is affected: {part}",
                item.place("affected", index),
                f"correct the range, or add the affected release; {have}",
            )


def _fixes(item: Item[Advisory], releases: Sequence[Release]) -> Iterator[Problem]:
    """What fixes it is a release that may be named where the advisory is."""
    by_version = {str(release.version): release for release in releases}
    for index, version in enumerate(item.value.fixed_in):
        place, release = item.place("fixed_in", index), by_version.get(str(version))
        if release is None:
            guess = f"; {did_you_mean(str(version), by_version)}" if by_version else ""
            yield Problem(
                f"there is no release of {item.value.product} named {version}",
                place,
                f"write releases/{item.value.product}/{version}.yaml{guess}",
            )
        elif release.visibility == "internal" and item.value.visibility is not Visibility.INTERNAL:
            yield Problem(
                f"{release.id} is internal, but this advisory names it to the public",
                place,
                "make the release public, or write `visibility: internal` here",
            )


def _floor(item: Item[Advisory], product: Product, releases: Sequence[Release]) -> Iterator[Problem]:
    """With the first release that fixes it, the security floor rises; before that it would tell of the problem."""
    shipped = [release for release in releases if release.shipped_at is not None]
    fix = next((release for release in shipped if release.version in item.value.fixed_in), None)
    if fix is not None and (problem := lagging_floor(item.value, product)) is not None:
        what, advice = problem
        yield Problem(f"{fix.id} has shipped and fixes this, but {what}", item.place("fixed_in"), advice)
