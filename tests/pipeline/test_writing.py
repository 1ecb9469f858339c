"""Objects go out in order; large neighbours at once; the first failure is told and nothing more is begun."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from publisher.errors import StorageConflict
from publisher.pipeline.objects import writing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body, ObjectMeta, Progress


class Watched(MemoryStorage):
    """Notes the order of creations and how many ran at the same time."""

    def __init__(self, meet: int) -> None:
        super().__init__()
        self.prepare()
        self.order: list[str] = []
        self._meeting = threading.Barrier(meet)

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        self.order.append(key)
        if body.size >= writing.LARGE:
            # Passes only when as many are here at once; a lonely one would break the barrier.
            self._meeting.wait(timeout=20)
        return super().create(key, body, meta, progress)


def planned(names: Sequence[str], size: int = 1) -> list[PlannedObject]:
    return [PlannedObject.of(name, Body.from_bytes(name.encode() * size)) for name in names]


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LARGE", 100)


def test_large_neighbours_are_written_at_once_and_the_rest_keeps_its_order() -> None:
    storage = Watched(meet=3)
    objects = [*planned(["a", "b"]), *planned(["x", "y", "z"], 200), *planned(["c", "d"])]
    written = write_objects(objects, storage, silent)
    assert storage.order[:2] == ["a", "b"]
    assert set(storage.order[2:5]) == {"x", "y", "z"}
    assert storage.order[5:] == ["c", "d"]
    assert written.keys == ("a", "b", "x", "y", "z", "c", "d")


def test_what_is_there_already_is_not_counted() -> None:
    storage = Watched(meet=2)
    write_objects(planned(["x", "y"], 200), storage, silent)
    assert write_objects(planned(["x", "y"], 200), storage, silent).keys == ()


def test_a_conflict_among_large_ones_is_told_and_what_comes_after_is_not_begun() -> None:
    storage = Watched(meet=2)
    MemoryStorage.create(storage, "y", Body.from_bytes(b"other"), ObjectMeta())
    with pytest.raises(StorageConflict, match="y"):
        write_objects([*planned(["x", "y"], 200), *planned(["after"])], storage, silent)
    assert storage.stat("after") is None
