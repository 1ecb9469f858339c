"""Versions of a product that somebody may run, by what is live and what the ledger tells."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.channel.repository import withdrawn_by
from publisher.model.records.ledger_entry import SHIPS
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.ledger_append import from_the_end
from publisher.wire.version import Version


def live_versions(product: str, bucket: Bucket) -> frozenset[Version]:
    """What its feeds name, and what its channels took back. Raises VerificationError."""
    live = bucket.live
    versions: set[Version] = set()
    for role, metadata in live.roles.items() if live else ():
        name, _, channel = role.partition(".")
        if name == product:
            versions.update(withdrawn_by(metadata.signed))
            for feed in bucket.offered(product, channel).values():
                named = (feed.release, feed.previous)
                versions.update(release.version for release in named if release is not None)
    return frozenset(versions)


def shipped_versions(product: str, bucket: Bucket) -> Iterator[Version]:
    """Every release of it in the ledger, the last first, read one by one.

    The ledger is not verified for this: it only keeps a slip of the finger from being published.
    """
    for logged in from_the_end(bucket.storage):
        entry = logged.entry
        if entry is None or entry.action not in SHIPS or entry.refused or entry.product != product:
            continue
        if entry.version is not None:
            yield entry.version
