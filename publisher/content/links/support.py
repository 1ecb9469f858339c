"""Checks of what is supported: something that is published, and deprecations of versions that exist (R86)."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.content.catalog_items import Loaded
from publisher.errors import Problem


def support_problems(loaded: Loaded) -> Iterator[Problem]:
    """Users of every channel can run a supported version: none is asked for more than has been published there."""
    if {"releases", "channels"} & loaded.incomplete:
        return
    prereleases = {item.value.id for item in loaded.channels if item.value.prereleases}
    for item in loaded.products:
        product = item.value
        if (oldest := product.min_supported) is None:
            continue
        for channel in product.channels:
            published = [
                release.value.version
                for release in loaded.releases
                if release.value.product == product.id
                and channel in release.value.channels
                and release.value.shipped_at is not None
            ]
            if channel in prereleases or (published and max(published) >= oldest):
                continue
            newest = f"the newest in {channel} is {max(published)}" if published else f"{channel} has published nothing"
            yield Problem(
                f"support of {product.id} begins at {oldest}, but {newest}",
                item.place("min_supported"),
                "name a version that is published, or remove `min_supported`",
            )
