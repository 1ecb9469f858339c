"""Two writers of the ledger at once, and stores that forget: no entry is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.errors import StorageConflict, StorageError
from publisher.pipeline import ledger_append as module
from publisher.pipeline.ledger_append import Draft, append
from publisher.signing.key_files import OpenSigner
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body, ObjectMeta, Storage
from tests.support.flaky import FlakyStorage
from tests.support.ledger import entries, problems, routine
from tests.support.project import Project


def key_of(project: Project) -> OpenSigner:
    return project.key_ring().for_ledger("node.stable")


@pytest.mark.parametrize("kind", ["directory", "memory"])
def test_r17_many_writers_at_once_lose_no_entry(project: Project, kind: str, tmp_path: Path) -> None:
    storage: Storage = DirectoryStorage(tmp_path / "bucket") if kind == "directory" else MemoryStorage()
    storage.prepare()
    writers, each, key = 6, 8, key_of(project)
    start = threading.Barrier(writers)

    def write(writer: int) -> list[str]:
        start.wait(20)
        drafts = [Draft(routine(project, writer * each + turn), project.now, key) for turn in range(each)]
        return [append(draft, storage).keys[0] for draft in drafts]

    with ThreadPoolExecutor(writers) as pool:
        names = [name for names in pool.map(write, range(writers)) for name in names]
    assert sorted(names) == [f"ledger/{number:08}.json" for number in range(1, writers * each + 1)]
    assert sorted(one.roles["timestamp"] for one in entries(project, storage)) == list(range(writers * each))
    assert problems(project, storage) == []


def test_two_writers_of_the_very_same_entry_both_have_one(project: Project) -> None:
    storage, key = MemoryStorage(), key_of(project)
    storage.prepare()
    draft = Draft(routine(project, 1), project.now, key)

    class Overtaken(FlakyStorage):
        """Somebody is faster by a moment, once."""

        def create(self, one: str, body: Body, meta: ObjectMeta, progress: object = None) -> bool:
            if not self.changes:
                self.changes.append("overtaken")
                append(draft, self.inner)
            return self.inner.create(one, body, meta)

    assert append(draft, Overtaken(storage)).keys == ("ledger/00000002.json",)
    assert len(entries(project, storage)) == 2
    assert problems(project, storage) == []


def test_a_store_that_takes_a_number_and_does_not_list_it_is_given_up_on(project: Project) -> None:
    class Forgetful(MemoryStorage):
        def create(self, key: str, body: Body, meta: ObjectMeta, progress: object = None) -> bool:
            raise StorageConflict("taken")

    storage = Forgetful()
    storage.prepare()
    with pytest.raises(StorageConflict, match=r"ledger/00000001\.json exists, but the listing does not show it"):
        append(Draft(routine(project, 1), project.now, key_of(project)), storage)


def test_a_full_ledger_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = project.storage()
    monkeypatch.setattr("publisher.channel.ledger.entries.LEAP", 10**8)  # else it takes a hundred thousand objects
    storage.create("ledger/99999999.json", Body.from_bytes(b"x"), module.PRIVATE)
    with pytest.raises(StorageError, match=r"99999999\.json is the last entry"):
        append(Draft(routine(project, 1), project.now, key_of(project)), storage)
