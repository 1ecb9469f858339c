"""What advisories ask of releases: a floor that rises with a fix, and no way back to an unsafe version (R81)."""

from __future__ import annotations

from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.model.content.product import Product
from publisher.rules import english
from publisher.wire.version import Version


def lagging_floor(advisory: Advisory, product: Product) -> tuple[str, str] | None:
    """That `min_secure` lets an affected version pass, as a clause, and a fix; None where it need not rise."""
    safe, floor = advisory.safe_from, product.min_secure
    if safe is None or not advisory.fixed_in or advisory.keeps_min_secure_because is not None:
        return None
    if floor is not None and floor >= safe:
        return None
    return (
        f"`min_secure` of {product.id} {'is not set' if floor is None else f'is {floor}'}",
        f'set `min_secure: "{safe}"` in products.yaml, or say in `keeps_min_secure_because` of {advisory.id} why not',
    )


def unsafe_by(catalog: Catalog, product: str, version: Version) -> str | None:
    """Why nobody is taken back to a version, as a clause; None where neither floor nor advisory is against it.

    Advisories that are not public count too.
    """
    floor = catalog.products[product].min_secure
    if floor is not None and version < floor:
        return f"{version} is below the security floor {floor}"
    if not (advisories := catalog.affecting(product, version)):
        return None
    ids = english.listed([advisory.id for advisory in advisories])
    return f"{version} is unsafe (advisor{'y' if len(advisories) == 1 else 'ies'} {ids})"


def no_way_back(catalog: Catalog, product: str, version: Version) -> str | None:
    """The same with what remains, in words, for whoever stages a release after that version."""
    unsafe = unsafe_by(catalog, product, version)
    return f"No rollback metadata: {unsafe}. If this release fails, hold it and ship a fix." if unsafe else None


def broken_promises(catalog: Catalog, now: datetime) -> tuple[Advisory, ...]:
    """Advisories whose details were promised for a moment that has passed, and are not told; newest first."""
    return tuple(advisory for advisory in catalog.advisories if advisory.breaks_promise(now))


def promise_text(advisory: Advisory) -> str:
    """That the promised details are missing, as a clause."""
    assert advisory.security_details_after is not None
    return f"its details were promised for {english.moment(advisory.security_details_after)} and are missing"


PROMISE_FIX = "add `details` or `details_url`, or promise a later moment in `security_details_after`"
"""What to do about it."""
