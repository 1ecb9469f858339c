"""Reading small objects of a bucket, from a store or from where clients see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from publisher.channel.repository import Read
from publisher.errors import InputError, StorageMissing
from publisher.storage.protocol import Body, Stat, too_large

SMALL = 8 * 1024 * 1024
"""No metadata, feed or manifest is larger, in bytes."""


def reader(storage: Readable) -> Read:
    """Objects of a store by key; None for one that is not there. Larger objects than SMALL are refused.

    A thief's metadata can name what no store can hold; there is no object of such a name either.
    """

    def read(key: str) -> bytes | None:
        try:
            return storage.read(key, SMALL)[0]
        except (StorageMissing, InputError):
            return None

    return read


class Readable(Protocol):
    """The reading half of a store."""

    def stat(self, key: str) -> Stat | None: ...

    def list(self, prefix: str) -> Iterator[Stat]: ...

    def read(self, key: str, limit: int) -> tuple[bytes, str]: ...


class Pending:
    """A store as it will be once some planned objects are written; so that the next step can be planned before."""

    def __init__(self, storage: Readable, bodies: Mapping[str, Body]) -> None:
        self._storage = storage
        self._bodies = bodies

    def stat(self, key: str) -> Stat | None:
        stat = self._storage.stat(key)
        if stat is None and (body := self._bodies.get(key)) is not None:
            return Stat(key, body.size, "pending")
        return stat

    def list(self, prefix: str) -> Iterator[Stat]:
        there = {stat.key: stat for stat in self._storage.list(prefix)}
        coming = {key: Stat(key, body.size, "pending") for key, body in self._bodies.items() if key.startswith(prefix)}
        yield from (stat for _, stat in sorted({**coming, **there}.items()))

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        body = self._bodies.get(key)
        if body is None or self._storage.stat(key) is not None:
            return self._storage.read(key, limit)
        if body.size > limit:
            raise too_large(key, "the plan", limit)
        return b"".join(body.chunks()), "pending"
