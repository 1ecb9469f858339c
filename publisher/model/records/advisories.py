"""Security advisories as they are signed: one target a product, and all of them in one file of the site.

`publish schema` describes both. Equal advisories give equal bytes, so nothing is signed again that has not changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from publisher.model.content.advisory import AdvisorySeverity, AffectedRange, CveId
from publisher.model.values import HttpsUrl, Markdown, Model, ReleaseVersion, Slug, Text, UtcTime

SECURITY_FORMAT: Final = "tidegate-security/1"

SECURITY_FILE = "security/security.json"
"""Where the site has its file."""


class PublishedAdvisory(Model):
    """One security problem of released versions."""

    id: Slug
    """Its name; never reused."""
    title: Text
    """What is wrong, as a headline."""
    severity: AdvisorySeverity
    """How bad it is: low, medium, high or critical."""
    affected: Annotated[tuple[AffectedRange, ...], Field(min_length=1)]
    """The unsafe versions, as ranges: from `from` on, and before `before`."""
    fixed_in: tuple[ReleaseVersion, ...]
    """The versions that fix it; empty while there is none."""
    none_yet_because: Text | None = None
    """Why there is no fix yet."""
    summary: Text
    """What an attacker can do."""
    what_to_do: Text
    """What users of an affected version do first."""
    cves: tuple[CveId, ...] = ()
    """Its numbers in the CVE list."""
    published: UtcTime
    """When it was published."""
    security_details_after: UtcTime | None = None
    """When the details will be told, as a promise."""
    details_url: HttpsUrl | None = None
    """Where the details are told."""
    details: Markdown | None = None
    """The details themselves, in the Markdown subset."""


class ProductAdvisories(Model):
    """notes/PRODUCT/security/advisories.json. Within format 1, fields may be added; programs ignore unknown ones."""

    format: Literal["tidegate-advisories/1"] = "tidegate-advisories/1"
    """Name and version of this format."""
    product: Slug
    """The product, by id."""
    advisories: tuple[PublishedAdvisory, ...]
    """Every public one, newest first."""

    def to_bytes(self) -> bytes:
        """The bytes that are stored and signed."""
        return _canonical(self.model_dump(mode="json", by_alias=True, exclude_none=True))


class SecurityFile(Model):
    """security/security.json of the site: what the signed targets say, in one file without a signature of its own."""

    format: Literal["tidegate-security/1"] = SECURITY_FORMAT
    """Name and version of this format."""
    products: tuple[ProductAdvisories, ...]
    """Each product's target, by the product's id."""


def security_file(targets: Iterable[bytes]) -> bytes:
    """The bytes of the file that belongs to these targets. Raises ValueError for what is no such target."""
    products: list[dict[str, Any]] = [json.loads(target) for target in targets]
    try:
        products.sort(key=lambda product: str(product["product"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a file of advisories") from error
    return _canonical({"format": SECURITY_FORMAT, "products": products})


def _canonical(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
