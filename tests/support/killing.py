"""A storage whose process is really killed, by SIGKILL, before or after its n-th operation."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar

from publisher.storage.protocol import Body, ObjectMeta, Progress, Stat
from publisher.storage.s3.store import S3Storage

Result = TypeVar("Result")


@dataclass
class Fuse:
    """Counts steps from 1, and kills the process at one of them."""

    at: int = 0
    after: bool = False
    steps: list[str] = field(default_factory=list)

    def around(self, what: str, act: Callable[[], Result]) -> Result:
        self.steps.append(what)
        doomed = len(self.steps) == self.at
        if doomed and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return act()
        finally:  # also after one that fails, as a read of what is not there does
            if doomed:
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KillingStorage:
    """Every operation is a step, or only those that change something."""

    inner: S3Storage
    fuse: Fuse
    reads: bool = True

    @property
    def url(self) -> str:
        return self.inner.url

    def is_prepared(self) -> bool:
        return self._read("is_prepared", self.inner.is_prepared)

    def prepare(self) -> None:
        self.fuse.around("prepare", self.inner.prepare)

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        return self._read(f"read {key}", lambda: self.inner.read(key, limit))

    @contextmanager
    def open(self, key: str, limit: int) -> Iterator[BinaryIO]:
        opened = self._read(f"open {key}", lambda: self.inner.open(key, limit))
        with opened as stream:
            yield stream

    def stat(self, key: str) -> Stat | None:
        return self._read(f"stat {key}", lambda: self.inner.stat(key))

    def list(self, prefix: str) -> Iterator[Stat]:
        return self._read(f"list {prefix}", lambda: iter(list(self.inner.list(prefix))))

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        return self.fuse.around(f"create {key}", lambda: self.inner.create(key, body, meta, progress))

    def replace(self, key: str, body: Body, meta: ObjectMeta, expected_tag: str | None) -> str:
        return self.fuse.around(f"replace {key}", lambda: self.inner.replace(key, body, meta, expected_tag))

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        return self.fuse.around(f"copy {source} {key}", lambda: self.inner.copy(source, key, meta))

    def delete(self, key: str) -> None:
        self.fuse.around(f"delete {key}", lambda: self.inner.delete(key))

    def _read(self, what: str, act: Callable[[], Result]) -> Result:
        return self.fuse.around(what, act) if self.reads else act()


def fused_requests(storage: S3Storage, fuse: Fuse) -> S3Storage:
    """The same storage, in which every single request to the server is a step: parts, claims and looks too."""
    once = storage.bucket.once

    def counted(operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        return fuse.around(f"{operation} {key}", lambda: once(operation, key, **arguments))

    storage.bucket.once = counted  # type: ignore[method-assign]
    return storage
