"""The storage in memory keeps the contract, and the flaky wrapper around it fails when told to."""

from __future__ import annotations

import pytest

from publisher.errors import StorageError
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Storage
from tests.storage.contract import META, StorageContract, UnpreparedContract, body, keys
from tests.support.flaky import FlakyStorage, Killed


class TestMemory(StorageContract, UnpreparedContract):
    @pytest.fixture
    def unprepared(self) -> Storage:
        return MemoryStorage()

    @pytest.fixture
    def storage(self, unprepared: Storage) -> Storage:
        unprepared.prepare()
        return unprepared


class TestQuietFlaky(TestMemory):
    """Without a failure to come, the wrapper is a storage like any other."""

    @pytest.fixture
    def unprepared(self) -> Storage:
        return FlakyStorage(MemoryStorage())


def test_the_meta_is_kept() -> None:
    storage = MemoryStorage()
    storage.prepare()
    storage.create("a", body("one"), META)
    assert storage.meta_of("a") == META


@pytest.mark.parametrize(("after", "left"), [(False, ["a"]), (True, ["a", "b"])])
def test_a_killed_process_stays_dead(after: bool, left: list[str]) -> None:
    inner = MemoryStorage()
    inner.prepare()
    flaky = FlakyStorage(inner, fail_at=2, after=after)
    flaky.create("a", body("one"), META)
    with pytest.raises(Killed):
        flaky.create("b", body("two"), META)
    with pytest.raises(Killed):
        flaky.stat("a")
    assert keys(inner) == left


def test_an_error_happens_once() -> None:
    inner = MemoryStorage()
    inner.prepare()
    flaky = FlakyStorage(inner, fail_at=1, error=StorageError("the network blinked"))
    with pytest.raises(StorageError, match="blinked"):
        flaky.create("a", body("one"), META)
    assert flaky.create("a", body("one"), META) is True
    assert flaky.changes == ["create a", "create a"]
