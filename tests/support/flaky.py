"""A storage that dies at the n-th change, before or after it took effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

import pytest

from publisher.channel.ledger.entries import number_of
from publisher.storage.protocol import Body, ObjectMeta, Progress, Stat, Storage

Result = TypeVar("Result")

POINTS = pytest.mark.parametrize(
    ("first", "every", "after"),
    [
        pytest.param(1, 3, False, id="before"),
        pytest.param(2, 3, True, id="after"),
        pytest.param(1, 1, False, id="before-any", marks=pytest.mark.nightly),
        pytest.param(1, 1, True, id="after-any", marks=pytest.mark.nightly),
    ],
)
"""Changes to be killed at: by night all, before and after; by day every third before, and those between them after."""


class Killed(BaseException):
    """The process is gone; no code of ours may catch this."""


@dataclass
class FlakyStorage:
    """Wraps a storage; its changes (prepare, create, replace, copy, delete) are counted from 1.

    At change `fail_at` it raises `error`: before the change, or `after` it, as when an answer is lost.
    Killed is for ever: whatever is asked afterwards raises it again. Other errors happen once.
    """

    inner: Storage
    fail_at: int = 0
    error: BaseException = field(default_factory=Killed)
    after: bool = False
    changes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.inner.url

    def is_prepared(self) -> bool:
        self._alive()
        return self.inner.is_prepared()

    def prepare(self) -> None:
        self._change("prepare", self.inner.prepare)

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        self._alive()
        return self.inner.read(key, limit)

    def open(self, key: str, limit: int) -> AbstractContextManager[BinaryIO]:
        self._alive()
        return self.inner.open(key, limit)

    def stat(self, key: str) -> Stat | None:
        self._alive()
        return self.inner.stat(key)

    def list(self, prefix: str) -> Iterator[Stat]:
        self._alive()
        return self.inner.list(prefix)

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        return self._change(f"create {key}", lambda: self.inner.create(key, body, meta, progress))

    def replace(self, key: str, body: Body, meta: ObjectMeta, expected_tag: str | None) -> str:
        return self._change(f"replace {key}", lambda: self.inner.replace(key, body, meta, expected_tag))

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        return self._change(f"copy {source} {key}", lambda: self.inner.copy(source, key, meta))

    def delete(self, key: str) -> None:
        self._change(f"delete {key}", lambda: self.inner.delete(key))

    def _change(self, what: str, act: Callable[[], Result]) -> Result:
        self._alive()
        self.changes.append(what)
        if len(self.changes) != self.fail_at:
            return act()
        if self.after:
            act()
        raise self.error

    def _alive(self) -> None:
        if isinstance(self.error, Killed) and self.fail_at and len(self.changes) >= self.fail_at:
            raise self.error


@dataclass
class Counting(FlakyStorage):
    """Notes which entries of the ledger are read."""

    entries: list[int] = field(default_factory=list)

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        if (number := number_of(key)) is not None:
            self.entries.append(number)
        return super().read(key, limit)
