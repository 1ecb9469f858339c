"""What to run, by when: the versions that events require, by product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from publisher.model.content.event import Event
from publisher.site.page_model import Page, Scene, page_of
from publisher.site.readiness import RequirementView


def pages(scene: Scene, requirements: Sequence[RequirementView], cancelled: Sequence[Event]) -> Iterator[Page]:
    """The page of required versions; it exists even when nothing is required."""
    coming = [view for view in requirements if not view.over]
    asked = {view.product.id for view in coming}
    products = sorted(
        (product for product in scene.catalog.products.values() if product.id in asked),
        key=lambda product: next(view.due for view in coming if view.product.id == product.id),
    )
    yield Page(
        "ready.md",
        "What to run, by when",
        "ready.md.jinja",
        "Which version to run by when, for every event that requires one, and whether it is out.",
        {
            "first": coming[0] if coming else None,
            "count": len(coming),
            "groups": [(product, [view for view in coming if view.product.id == product.id]) for product in products],
            "others": [product for product in scene.catalog.products.values() if product.id not in asked],
            "over": [view for view in reversed(requirements) if view.over],
            "cancelled": cancelled,
            "page_of": page_of,
        },
    )
