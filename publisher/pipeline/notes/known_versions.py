"""Versions of a product that somebody may run, by what is live and what the ledger tells."""

from __future__ import annotations

from publisher.channel.repository import withdrawn_by
from publisher.model.records.ledger_entry import SHIPS
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.ledger_append import read_ledger
from publisher.wire.version import Version


def versions_known(product: str, bucket: Bucket) -> frozenset[Version]:
    """What its channels offer, what they took back, and every release in the ledger. Raises VerificationError.

    The ledger is not verified for this: it only keeps a slip of the finger from being published.
    """
    live = bucket.live
    versions: set[Version] = set()
    for role, metadata in live.roles.items() if live else ():
        name, _, channel = role.partition(".")
        if name == product:
            versions.update(withdrawn_by(metadata.signed))
            feeds = bucket.offered(product, channel).values()
            versions.update(feed.release.version for feed in feeds if feed.release is not None)
    for logged in read_ledger(bucket.storage).logged:
        entry = logged.entry
        if entry is not None and entry.action in SHIPS and entry.product == product and not entry.refused:
            versions.update([entry.version] if entry.version is not None else [])
    return frozenset(versions)
