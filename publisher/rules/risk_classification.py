"""How carefully a release is handled: by how far it reaches, and how much events matter to it (R95)."""

from __future__ import annotations

from typing import Literal

from publisher.model.content.product import Product
from publisher.model.content.release import Release

Care = Literal["light", "normal", "careful"]

NORMAL_FROM, CAREFUL_FROM = 9, 15
"""Blast radius times event sensitivity, 1 to 25, from which a release is normal or careful."""


def classification(product: Product, release: Release) -> Care:
    """How carefully the release is handled: by how far it reaches, 1 to 5, times how much events matter to it (R95).

    The release's own numbers count before the product's. What reaches the data of many (5) is never light.
    """
    reach = product.blast_radius if release.blast_radius is None else release.blast_radius
    sensitivity = product.event_sensitivity if release.event_sensitivity is None else release.event_sensitivity
    if reach * sensitivity >= CAREFUL_FROM:
        return "careful"
    return "normal" if reach * sensitivity >= NORMAL_FROM or reach == 5 else "light"
