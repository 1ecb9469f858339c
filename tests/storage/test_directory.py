"""The storage in a directory: the contract, and what only a real filesystem can do to it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import InputError, StorageConflict, StorageError, StorageForeign
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import MARKER, MARKER_KEY, ObjectMeta, Storage
from tests.storage.contract import META, StorageContract, UnpreparedContract, body, keys
from tests.support.files import everything


class TestDirectory(StorageContract, UnpreparedContract):
    @pytest.fixture
    def unprepared(self, root: Path) -> Storage:
        return DirectoryStorage(root)

    @pytest.fixture
    def storage(self, bucket: DirectoryStorage) -> Storage:
        return bucket


class TestDirectoryWithoutLinks(TestDirectory):
    """A shared bucket may forbid links to other people's files: copying then moves the bytes."""

    @pytest.fixture
    def storage(self, bucket: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> Storage:
        real = os.link

        def link(name: str, last: str, **more: Any) -> None:
            if not name.endswith(".part"):
                raise PermissionError(errno.EPERM, "Operation not permitted")
            real(name, last, **more)

        monkeypatch.setattr(os, "link", link)
        return bucket


class TestDirectoryOnADiskWithoutHardLinks(TestDirectory):
    """exFAT, many network disks: no file has a second name."""

    @pytest.fixture(autouse=True)
    def no_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse_links(monkeypatch, errno.EPERM)


def refuse_links(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS])
def test_a_disk_without_hard_links_keeps_what_is_written_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    refuse_links(monkeypatch, code)
    bucket = DirectoryStorage(root)
    bucket.prepare()
    assert bucket.create("a/b", body("one"), META)
    with pytest.raises(StorageConflict, match="already exists with different content"):
        bucket.create("a/b", body("two"), META)
    assert bucket.copy("a/b", "c", META)
    assert everything(root) == {
        MARKER_KEY: MARKER, ".tidegate": None, ".tidegate/lock": b"", "a": None, "a/b": b"one", "c": b"one"
    }  # fmt: skip


# --- the place


def test_reading_does_not_make_a_bucket(root: Path) -> None:
    with pytest.raises(StorageError, match="there is no Tidegate bucket"):
        list(DirectoryStorage(root).list(""))
    assert not root.exists()
    root.mkdir()
    with pytest.raises(StorageError, match="there is no Tidegate bucket"):
        DirectoryStorage(root).create("a", body("x"), META)
    assert everything(root) == {}


def test_an_empty_directory_becomes_a_bucket(root: Path) -> None:
    root.mkdir()
    DirectoryStorage(root).prepare()
    assert everything(root) == {MARKER_KEY: MARKER, ".tidegate": None}


def test_a_prepare_that_was_killed_can_be_repeated(root: Path) -> None:
    (root / ".tidegate").mkdir(parents=True)
    (root / ".tidegate" / "dead.part").write_bytes(b"{")
    DirectoryStorage(root).prepare()
    assert everything(root) == {MARKER_KEY: MARKER, ".tidegate": None}


@pytest.mark.parametrize("name", ["thesis.txt", ".hidden", "folder/"])
def test_other_peoples_directories_are_left_alone(root: Path, name: str) -> None:
    (root / name).mkdir(parents=True) if name.endswith("/") else root.mkdir()
    if not name.endswith("/"):
        (root / name).write_text("mine")
    before = everything(root)
    with pytest.raises(StorageError, match="is not empty and is not a Tidegate bucket; nothing was written"):
        DirectoryStorage(root).prepare()
    assert everything(root) == before


def test_a_file_is_not_a_bucket(root: Path) -> None:
    root.write_text("mine")
    with pytest.raises(StorageError, match="is a file, not a directory"):
        DirectoryStorage(root).prepare()
    with pytest.raises(StorageError, match="there is no Tidegate bucket"):
        DirectoryStorage(root).stat("a")
    with pytest.raises(StorageError, match="Not a directory"):
        DirectoryStorage(root / "below").prepare()
    assert root.read_text() == "mine"


@pytest.mark.parametrize(
    ("marker", "message"), [(b'{"tidegate-bucket": 2}', "format 2"), (b"something else", "is not ours")]
)
def test_other_markers_are_refused(root: Path, marker: bytes, message: str) -> None:
    root.mkdir()
    (root / MARKER_KEY).write_bytes(marker)
    for act in (
        DirectoryStorage(root).prepare,
        lambda: DirectoryStorage(root).create("a", body("x"), META),
        lambda: DirectoryStorage(root).read("a", 1),
    ):
        with pytest.raises(StorageError, match=message):
            act()
    assert everything(root) == {MARKER_KEY: marker}


def test_the_bucket_itself_may_be_reached_by_a_link(bucket: DirectoryStorage, root: Path) -> None:
    bucket.create("a", body("one"), META)
    (root.parent / "link").symlink_to(root)
    assert keys(DirectoryStorage(root.parent / "link")) == ["a"]


def test_windows_is_refused_in_words(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.storage.directory.store.POSIX", False)
    with pytest.raises(Exception, match="needs a POSIX system"):
        DirectoryStorage(root)


def test_private_objects_are_not_for_other_users(bucket: DirectoryStorage, root: Path) -> None:
    before = os.umask(0o022)
    try:
        bucket.create("a/1", body("x"), ObjectMeta(private=True))
        bucket.replace("a/2", body("x"), ObjectMeta(private=True), None)
        bucket.create("a/3", body("x"), META)
    finally:
        os.umask(before)
    modes = [(root / "a" / name).stat().st_mode & 0o777 for name in "123"]
    assert modes == [0o640, 0o640, 0o644]


def test_objects_follow_the_umask(bucket: DirectoryStorage, root: Path) -> None:
    old = os.umask(0o027)
    try:
        bucket.create("a/b", body("one"), META)
    finally:
        os.umask(old)
    assert (root / "a" / "b").stat().st_mode & 0o777 == 0o640


# --- links and strangers inside the bucket


@pytest.fixture
def outside(bucket: DirectoryStorage, root: Path) -> Iterator[Path]:
    """A directory beside the bucket, to which links inside the bucket lead. It stays as it is."""
    place = root.parent / "outside"
    place.mkdir()
    (place / "secret").write_text("secret")
    (root / "folder").symlink_to(place)
    (root / "file").symlink_to(place / "secret")
    (root / "dangling").symlink_to(place / "new")
    yield place
    assert everything(place) == {"secret": b"secret"}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("key", ["folder/secret", "folder/new", "file", "dangling"])
def test_links_are_never_followed(bucket: DirectoryStorage, key: str) -> None:
    bucket.create("plain", body("plain"), META)
    for act in (
        lambda: bucket.read(key, 100),
        lambda: bucket.open(key, 100).__enter__(),
        lambda: bucket.stat(key),
        lambda: list(bucket.list(f"{key}/")),
        lambda: bucket.create(key, body("x"), META),
        lambda: bucket.create(key, body("secret"), META),
        lambda: bucket.create(key + "/below", body("x"), META),
        lambda: bucket.replace(key, body("x"), META, None),
        lambda: bucket.copy("plain", key, META),
        lambda: bucket.copy(key, "copied", META),
    ):
        with pytest.raises(StorageError, match="is a symbolic link"):
            act()
    assert bucket.stat("copied") is None
    assert keys(bucket) == ["dangling", "file", "folder", "plain"]


@pytest.mark.usefixtures("outside")
def test_delete_removes_a_link_and_not_its_end(bucket: DirectoryStorage) -> None:
    bucket.delete("file")
    with pytest.raises(StorageError, match="is a symbolic link"):
        bucket.delete("folder/secret")


def test_pipes_are_refused_without_hanging(bucket: DirectoryStorage, root: Path) -> None:
    os.mkfifo(root / "pipe")
    for act in (lambda: bucket.read("pipe", 1), lambda: bucket.stat("pipe")):
        with pytest.raises(StorageForeign, match="not a plain file"):
            act()


def test_what_a_stranger_left_is_listed_and_keeps_nothing_else_from_being_listed(
    bucket: DirectoryStorage, root: Path
) -> None:
    bucket.create("ours", body("x"), META)
    (root / os.fsdecode(b"\xff")).touch()
    (root / "a\nb").touch()
    os.mkfifo(root / "pipe")
    assert sorted(keys(bucket)) == sorted(["ours", "a\nb", "\\xff", "pipe"])
    for key in ("a\nb", "\\xff"):
        with pytest.raises(InputError):
            bucket.read(key, 1)


def test_a_folder_in_the_place_of_an_object_is_none_of_ours(bucket: DirectoryStorage, root: Path) -> None:
    (root / "a").mkdir()
    for act in (lambda: bucket.read("a", 1), lambda: bucket.open("a", 1).__enter__()):
        with pytest.raises(StorageForeign, match="is a folder"):
            act()
    assert bucket.stat("a") is None


def test_folders_and_objects_cannot_share_a_name(bucket: DirectoryStorage) -> None:
    bucket.create("a/b", body("one"), META)
    with pytest.raises(StorageConflict, match="a folder of other objects"):
        bucket.create("a", body("x"), META)
    with pytest.raises(StorageConflict, match="no room for objects below it"):
        bucket.create("a/b/c", body("x"), META)
    assert keys(bucket) == ["a/b"]
