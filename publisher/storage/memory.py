"""A bucket in memory: as the others behave, for tests and for rehearsals that leave nothing behind."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from publisher.errors import StorageMissing
from publisher.storage.protocol import (
    Body,
    ObjectMeta,
    Progress,
    Stat,
    check_key,
    check_prefix,
    differs,
    not_prepared,
    overtaken,
    too_large,
)


@dataclass(frozen=True)
class _StoredObject:
    data: bytes
    meta: ObjectMeta
    tag: str


class MemoryStorage:
    """Objects in a dictionary. Safe for threads."""

    def __init__(self, name: str = "bucket") -> None:
        self._name = name
        self._objects: dict[str, _StoredObject] = {}
        self._lock = threading.Lock()
        self._generation = 0
        self._prepared = False

    @property
    def url(self) -> str:
        return f"memory:{self._name}"

    def is_prepared(self) -> bool:
        return self._prepared

    def prepare(self) -> None:
        self._prepared = True

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        object_ = self._need(key)
        if len(object_.data) > limit:
            raise too_large(key, self.url, limit)
        return object_.data, object_.tag

    @contextmanager
    def open(self, key: str, limit: int) -> Iterator[BinaryIO]:
        yield io.BytesIO(self.read(key, limit)[0])

    def stat(self, key: str) -> Stat | None:
        object_ = self._get(key)
        return Stat(key, len(object_.data), object_.tag) if object_ else None

    def list(self, prefix: str) -> Iterator[Stat]:
        check_prefix(prefix)
        self._ready()
        with self._lock:
            objects = sorted((key, object_) for key, object_ in self._objects.items() if key.startswith(prefix))
        for key, object_ in objects:
            yield Stat(key, len(object_.data), object_.tag)

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        if self._already(self._get(key), key, body.size, body.sha256):
            if progress:
                progress(body.size)
            return False
        data = b"".join(body.chunks(progress))
        with self._lock:
            if self._already(self._objects.get(key), key, body.size, body.sha256):
                return False
            self._put(key, data, meta)
            return True

    def replace(self, key: str, body: Body, meta: ObjectMeta, expected_tag: str | None) -> str:
        self._get(key)
        data = b"".join(body.chunks())
        with self._lock:
            present = self._objects.get(key)
            if (present.tag if present else None) != expected_tag:
                raise overtaken(key, self.url)
            return self._put(key, data, meta)

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        return self.create(key, Body.from_bytes(self._need(source).data), meta)

    def delete(self, key: str) -> None:
        self._get(key)
        with self._lock:
            self._objects.pop(key, None)

    def meta_of(self, key: str) -> ObjectMeta:
        """What a web server would say of the object; for tests."""
        return self._need(key).meta

    def _ready(self) -> None:
        if not self._prepared:
            raise not_prepared(self.url)

    def _get(self, key: str) -> _StoredObject | None:
        check_key(key)
        self._ready()
        with self._lock:
            return self._objects.get(key)

    def _need(self, key: str) -> _StoredObject:
        object_ = self._get(key)
        if object_ is None:
            raise StorageMissing(f"there is no {key} in {self.url}")
        return object_

    def _put(self, key: str, data: bytes, meta: ObjectMeta) -> str:
        self._generation += 1
        self._objects[key] = _StoredObject(data, meta, f"generation-{self._generation}")
        return self._objects[key].tag

    def _already(self, present: _StoredObject | None, key: str, size: int, sha256: str) -> bool:
        if present is None:
            return False
        if len(present.data) == size and hashlib.sha256(present.data).hexdigest() == sha256:
            return True
        raise differs(key, self.url)
