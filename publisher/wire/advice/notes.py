"""Notes: what one person on call may tell users beside releases. Words and advice, never files and never an offer.

The delegated role `notes` lists in a signed field, which other TUF clients ignore, which mitigations there are:

    "x-tidegate-notes": {
      "btfs-node": {
        "mitigations": [{"id": "<sha256>", "from": "4.1.0", "before": "4.1.2", "platforms": ["linux-amd64"],
                         "until": "2027-03-20T12:00:00Z"}]
      }
    }

`id` is the SHA-256 of the notice that says what to set (`mitigation.py`), which is fetched by whom it concerns. No
platforms means all of them; of `from` and `before` one may be missing. Clients for which the role cannot be verified
say less: they never refuse an answer for that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Signed

from publisher.wire.advice.version_range import VersionRange, range_in
from publisher.wire.errors import ClientVerificationError, FeedError
from publisher.wire.json_object import At, JsonObject, digest_at, slug_at, time_at
from publisher.wire.version import Version

__all__ = ["MOST", "NOTES", "NOTES_FIELD", "ListedMitigation", "listed_mitigations"]

NOTES = "notes"
"""The delegated role that can only advise: without it clients say less."""

NOTES_FIELD = "x-tidegate-notes"

MOST = 50
"""So many mitigations a product has at most."""


@dataclass(frozen=True)
class ListedMitigation:
    """A mitigation as signed metadata lists it: whom it is about, and until when."""

    id: str
    """SHA-256 of its notice."""
    versions: VersionRange
    platforms: tuple[str, ...]
    """Ids of platforms, ascending; empty: all."""
    until: datetime
    """When it ends, UTC."""

    def concerns(self, version: Version, platforms: Collection[str], now: datetime) -> bool:
        """Whether it is about this version on one of these platforms, and has not ended.

        A machine has two names where its files run anywhere: its own, and `any`.
        """
        here = not self.platforms or any(platform in self.platforms for platform in platforms)
        return version in self.versions and here and now < self.until


def listed_mitigations(role: Signed, product: str) -> tuple[ListedMitigation, ...]:
    """What verified metadata of the role notes lists for a product. Raises ClientVerificationError where malformed."""
    try:
        products = JsonObject(role.unrecognized_fields.get(NOTES_FIELD, {}), NOTES_FIELD)
        if product not in products.fields:
            return ()
        items = JsonObject(*products.at(product)).items("mitigations")
        if len(items) > MOST:
            raise FeedError(f"{product} has {len(items)} mitigations; at most {MOST} are read")
        return tuple(_listed(item) for item in items)
    except FeedError as error:
        raise ClientVerificationError(
            f"the signed metadata of the notes role is malformed: {error.what}", fix="tell the publisher"
        ) from None


def _listed(at: At) -> ListedMitigation:
    item = JsonObject(*at)
    return ListedMitigation(
        id=item.required("id", digest_at),
        versions=range_in(item),
        platforms=tuple(sorted(slug_at(platform) for platform in item.items("platforms"))),
        until=item.required("until", time_at),
    )
