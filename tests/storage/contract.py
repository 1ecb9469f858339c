"""What every storage does. A store joins by a subclass of StorageContract with a `storage` fixture."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.errors import InputError, StorageConflict, StorageError, StorageForeign, StorageMissing, StorageTooLarge
from publisher.storage.protocol import CHUNK, Body, ObjectMeta, Storage

META = ObjectMeta("application/json", "no-cache")
BAD_KEYS = (
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "a/./b",
    "a/../b",
    "../a",
    "a\\b",
    "a\nb",
    "a\0b",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "e\u0301",
    "a\udcffb",
    "x" * 256,
    "x/" * 600 + "x",
    ".tidegate",
    ".tidegate/lock",
    ".tidegate-bucket",
)


def body(data: bytes | str) -> Body:
    return Body.from_bytes(data.encode() if isinstance(data, str) else data)


def content(storage: Storage, key: str) -> bytes:
    return storage.read(key, 100_000_000)[0]


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [stat.key for stat in storage.list(prefix)]


def race(threads: int, act: Callable[[int], bool]) -> list[int]:
    """Run act(0..threads-1) at once; who returned True. StorageConflict counts as a lost race."""
    barrier = threading.Barrier(threads)
    winners: list[int] = []
    errors: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            if act(number):
                winners.append(number)
        except StorageConflict:
            pass
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    return winners


class StorageContract:
    """Tests against `storage`, an empty and prepared place."""

    racers = 8
    """How many writers race for one key."""

    # --- write once

    def test_what_was_written_is_read(self, storage: Storage) -> None:
        assert storage.create("a/b.json", body("one"), META) is True
        data, tag = storage.read("a/b.json", 3)
        found = storage.stat("a/b.json")
        assert data == b"one"
        assert found is not None
        assert (found.key, found.size, found.tag) == ("a/b.json", 3, tag)

    def test_the_same_bytes_again_are_no_write(self, storage: Storage) -> None:
        storage.create("a", body("one"), META)
        before = storage.stat("a")
        assert storage.create("a", body("one"), META) is False
        assert storage.stat("a") == before

    @pytest.mark.parametrize("other", ["two", "longer", ""])
    def test_other_bytes_are_a_conflict_and_change_nothing(self, storage: Storage, other: str) -> None:
        storage.create("a/b", body("one"), META)
        before = storage.stat("a/b")
        with pytest.raises(StorageConflict, match="a/b"):
            storage.create("a/b", body(other), META)
        assert content(storage, "a/b") == b"one"
        assert storage.stat("a/b") == before

    def test_an_empty_object_is_an_object(self, storage: Storage) -> None:
        assert storage.create("empty", body(""), META) is True
        assert storage.create("empty", body(""), META) is False
        assert storage.read("empty", 0)[0] == b""

    def test_one_of_many_writers_wins(self, storage: Storage) -> None:
        winners = race(self.racers, lambda n: storage.create("deep/er/key", body(f"writer {n}"), META))
        assert len(winners) == 1
        assert content(storage, "deep/er/key") == f"writer {winners[0]}".encode()

    def test_many_writers_of_the_same_bytes_write_once(self, storage: Storage) -> None:
        winners = race(self.racers, lambda _: storage.create("key", body("same"), META))
        assert len(winners) == 1
        assert content(storage, "key") == b"same"

    # --- compare and swap

    def test_replace_of_nothing_creates(self, storage: Storage) -> None:
        tag = storage.replace("pointer", body("1"), META, None)
        assert storage.read("pointer", 1) == (b"1", tag)

    def test_replace_of_nothing_refuses_what_is_there(self, storage: Storage) -> None:
        storage.create("pointer", body("1"), META)
        with pytest.raises(StorageConflict, match="pointer"):
            storage.replace("pointer", body("2"), META, None)
        assert content(storage, "pointer") == b"1"

    def test_replace_with_the_present_tag(self, storage: Storage) -> None:
        first = storage.replace("pointer", body("1"), META, None)
        second = storage.replace("pointer", body("2"), META, first)
        assert second != first
        assert storage.read("pointer", 1) == (b"2", second)

    def test_replace_with_an_old_tag_is_a_conflict(self, storage: Storage) -> None:
        first = storage.replace("pointer", body("1"), META, None)
        storage.replace("pointer", body("2"), META, first)
        with pytest.raises(StorageConflict, match="pointer"):
            storage.replace("pointer", body("3"), META, first)
        assert content(storage, "pointer") == b"2"

    def test_replace_of_what_is_gone_is_a_conflict(self, storage: Storage) -> None:
        tag = storage.replace("pointer", body("1"), META, None)
        storage.delete("pointer")
        with pytest.raises(StorageConflict):
            storage.replace("pointer", body("2"), META, tag)
        assert storage.stat("pointer") is None

    def test_tags_of_quick_changes_differ(self, storage: Storage) -> None:
        tags = [storage.replace("pointer", body("00"), META, None)]
        for number in range(1, 20):
            tags.append(storage.replace("pointer", body(f"{number:02}"), META, tags[-1]))
        assert len(set(tags)) == 20

    def test_one_of_many_swappers_wins(self, storage: Storage) -> None:
        tag = storage.replace("pointer", body("0"), META, None)
        winners = race(self.racers, lambda n: bool(storage.replace("pointer", body(f"writer {n}"), META, tag)))
        assert len(winners) == 1
        assert content(storage, "pointer") == f"writer {winners[0]}".encode()

    def test_one_of_many_first_swappers_wins(self, storage: Storage) -> None:
        winners = race(self.racers, lambda n: bool(storage.replace("pointer", body(f"writer {n}"), META, None)))
        assert len(winners) == 1
        assert content(storage, "pointer") == f"writer {winners[0]}".encode()

    # --- reading

    def test_missing(self, storage: Storage) -> None:
        storage.create("a/b", body("one"), META)
        for key in ("x", "a", "a/b/c", "a/x"):
            assert storage.stat(key) is None
            # Where there are folders, one in the place of an object is something else than nothing.
            with pytest.raises((StorageMissing, StorageForeign), match=key):
                storage.read(key, 10)
            with pytest.raises((StorageMissing, StorageForeign), match=key), storage.open(key, 100):
                pass

    def test_reading_is_bounded(self, storage: Storage) -> None:
        storage.create("a", body("four"), META)
        assert storage.read("a", 4)[0] == b"four"
        with pytest.raises(StorageTooLarge, match="larger than the 3 bytes"):
            storage.read("a", 3)

    def test_a_stream_is_bounded(self, storage: Storage) -> None:
        storage.create("a", body("four"), META)
        with storage.open("a", 4) as stream:
            assert stream.read() == b"four"
        with pytest.raises(StorageTooLarge, match="larger than the 3 bytes"), storage.open("a", 3):
            pass

    def test_errors_of_the_reader_pass_unchanged(self, storage: Storage) -> None:
        storage.create("a", body("one"), META)
        error = FileNotFoundError("the caller's own")
        with pytest.raises(FileNotFoundError) as caught, storage.open("a", 100):
            raise error
        assert caught.value is error

    def test_list_is_sorted_by_key_and_bounded_by_the_slash(self, storage: Storage) -> None:
        written = ["a/b/c", "a/b-c", "a/bc", "a/b/d/e", "a.txt", "b", "a/ü", "a/z", ".nojekyll"]
        for key in written:
            storage.create(key, body(key), META)
        assert keys(storage) == sorted(written, key=str.encode)
        assert keys(storage, "a/b/") == ["a/b/c", "a/b/d/e"]
        assert keys(storage, "a/") == ["a/b-c", "a/b/c", "a/b/d/e", "a/bc", "a/z", "a/ü"]
        assert keys(storage, "nothing/") == []
        assert keys(storage, "b/") == []
        assert next(iter(storage.list("a/b/"))) == storage.stat("a/b/c")

    # --- copy and delete

    def test_copy(self, storage: Storage) -> None:
        storage.create("staging/x", body("one"), META)
        assert storage.copy("staging/x", "final/x", META) is True
        assert storage.copy("staging/x", "final/x", META) is False
        assert content(storage, "final/x") == b"one"
        storage.delete("staging/x")
        assert keys(storage) == ["final/x"]

    def test_copy_onto_the_same_bytes_is_no_write(self, storage: Storage) -> None:
        storage.create("a", body("one"), META)
        storage.create("b", body("one"), META)
        assert storage.copy("a", "b", META) is False

    def test_copy_onto_other_bytes_is_a_conflict(self, storage: Storage) -> None:
        storage.create("a", body("one"), META)
        storage.create("b", body("two"), META)
        with pytest.raises(StorageConflict, match="b"):
            storage.copy("a", "b", META)
        assert content(storage, "b") == b"two"

    def test_copy_of_nothing(self, storage: Storage) -> None:
        with pytest.raises(StorageMissing, match="x"):
            storage.copy("x", "y", META)
        assert keys(storage) == []

    def test_a_copy_keeps_its_bytes_when_the_source_is_replaced(self, storage: Storage) -> None:
        tag = storage.replace("a", body("one"), META, None)
        storage.copy("a", "b", META)
        storage.replace("a", body("two"), META, tag)
        assert content(storage, "b") == b"one"

    def test_delete_twice(self, storage: Storage) -> None:
        storage.create("a/b", body("one"), META)
        storage.delete("a/b")
        storage.delete("a/b")
        assert keys(storage) == []
        assert storage.create("a/b", body("two"), META) is True

    # --- keys

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_bad_keys_are_refused_everywhere(self, storage: Storage, key: str) -> None:
        storage.create("source", body("one"), META)
        calls: list[Callable[[], object]] = [
            lambda: storage.create(key, body("x"), META),
            lambda: storage.replace(key, body("x"), META, None),
            lambda: storage.copy("source", key, META),
            lambda: storage.copy(key, "target", META),
            lambda: storage.read(key, 10),
            lambda: storage.open(key, 100).__enter__(),
            lambda: storage.stat(key),
            lambda: storage.delete(key),
        ]
        for call in calls:
            with pytest.raises(InputError):
                call()
        assert keys(storage) == ["source"]

    @pytest.mark.parametrize("prefix", ["a", "/", "a//", "../", "./", ".tidegate/"])
    def test_bad_prefixes_are_refused(self, storage: Storage, prefix: str) -> None:
        with pytest.raises(InputError):
            list(storage.list(prefix))

    # --- bodies

    def test_a_big_body_streams_both_ways(self, storage: Storage, tmp_path: Path) -> None:
        data = bytes(range(256)) * 12 * 4096 + b"tail"
        source = tmp_path / "big"
        source.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        told: list[int] = []
        big = Body.from_file(source, len(data), digest)
        assert storage.create("big", big, META, told.append) is True
        assert sum(told) == len(data)
        with storage.open("big", 100_000_000) as stream:
            hasher = hashlib.sha256()
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
        assert hasher.hexdigest() == digest
        told.clear()
        assert storage.create("big", big, META, told.append) is False
        assert sum(told) == len(data)

    @pytest.mark.parametrize(
        ("before", "after"),
        [(b"one", b"two"), (b"one", b"on"), (b"one", b"one more"), (b"", b"x"), (b"x", b"")],
        ids=["other", "shorter", "longer", "no longer empty", "empty now"],
    )
    def test_a_file_that_changed_leaves_nothing(
        self, storage: Storage, tmp_path: Path, before: bytes, after: bytes
    ) -> None:
        source = tmp_path / "source"
        source.write_bytes(after)
        changed = Body.from_file(source, len(before), hashlib.sha256(before).hexdigest())
        with pytest.raises(InputError, match="changed while publishing"):
            storage.create("a", changed, META)
        with pytest.raises(InputError, match="changed while publishing"):
            storage.replace("a", changed, META, None)
        assert keys(storage) == []

    def test_a_file_that_changes_half_way_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        source = tmp_path / "source"
        data = bytes(4 * CHUNK)
        source.write_bytes(data)

        def disturb(_: int) -> None:
            with source.open("r+b") as file:
                file.seek(-1, 2)
                file.write(b"!")

        promised = Body.from_file(source, len(data), hashlib.sha256(data).hexdigest())
        with pytest.raises(InputError, match="changed while publishing"):
            storage.create("a", promised, META, disturb)
        assert keys(storage) == []

    def test_a_file_that_vanished_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot read"):
            storage.create("a", Body.from_file(tmp_path / "gone", 1, "0" * 64), META)
        assert keys(storage) == []

    # --- the place

    def test_preparing_again_changes_nothing(self, storage: Storage) -> None:
        storage.create("a", body("one"), META)
        storage.prepare()
        assert keys(storage) == ["a"]


class UnpreparedContract:
    """Tests against `unprepared`, an empty place that nobody has prepared."""

    def test_nothing_works_before_prepare(self, unprepared: Storage) -> None:
        calls: list[Callable[[], object]] = [
            lambda: unprepared.create("a", body("x"), META),
            lambda: unprepared.replace("a", body("x"), META, None),
            lambda: unprepared.copy("a", "b", META),
            lambda: unprepared.read("a", 10),
            lambda: unprepared.open("a", 100).__enter__(),
            lambda: unprepared.stat("a"),
            lambda: list(unprepared.list("")),
            lambda: unprepared.delete("a"),
        ]
        for call in calls:
            with pytest.raises(StorageError, match="there is no Tidegate bucket at"):
                call()
        assert not unprepared.is_prepared()
        unprepared.prepare()
        assert unprepared.is_prepared()
        assert keys(unprepared) == []
