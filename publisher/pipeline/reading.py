"""Reading small objects of a bucket, from a store or from where clients see it."""

from __future__ import annotations

from publisher.channel.repository import Read
from publisher.errors import StorageMissing
from publisher.storage.protocol import Storage

SMALL = 8 * 1024 * 1024
"""No metadata, feed or manifest is larger, in bytes."""


def reader(storage: Storage) -> Read:
    """Objects of a store by key; None for one that is not there. Larger objects than SMALL are refused."""

    def read(key: str) -> bytes | None:
        try:
            return storage.read(key, SMALL)[0]
        except StorageMissing:
            return None

    return read
