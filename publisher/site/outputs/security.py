"""What the public may know of security advisories, for programs: the targets that are signed, and the site's file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.model.records.advisories import ProductAdvisories, PublishedAdvisory, security_file
from publisher.site.public import public_advisories


def signed_advisories(catalog: Catalog, now: datetime) -> Mapping[str, bytes]:
    """Product -> the bytes of its target at `now`. Each product has one: an empty list says that nothing is known."""
    public = public_advisories(catalog, now)
    return {
        product: ProductAdvisories(
            product=product,
            advisories=tuple(_published(advisory) for advisory in public if advisory.product == product),
        ).to_bytes()
        for product in sorted(catalog.products)
    }


def security_as_file(catalog: Catalog, now: datetime) -> bytes:
    """security.json of the site: the same as the targets, in one file."""
    return security_file(signed_advisories(catalog, now).values())


def _published(advisory: Advisory) -> PublishedAdvisory:
    return PublishedAdvisory(**{name: getattr(advisory, name) for name in PublishedAdvisory.model_fields})
