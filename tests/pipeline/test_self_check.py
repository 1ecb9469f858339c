"""After the flip: what fails then does not make a live release a failed one, and no file of it needs room here."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from publisher.errors import StorageError, TidegateError, VerificationError
from publisher.pipeline.publication.self_check import update_as_client, verify_as_client
from publisher.storage.protocol import Storage
from tests.support.flaky import FlakyStorage
from tests.support.project import Project

PLATFORMS = ("linux-amd64", "windows-amd64")


@pytest.fixture
def live(project: Project) -> Project:
    project.publish("1.0.0")
    return project


def checked(live: Project, storage: Storage | None = None) -> None:
    verify_as_client(storage or live.storage(), live.root, "node", "1.0.0", "stable", PLATFORMS, live.now)


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def refused(live: Project, kind: type[TidegateError], words: str, storage: Storage | None = None) -> TidegateError:
    with pytest.raises(kind, match=words) as caught:
        checked(live, storage)
    assert caught.value.what.startswith("node@1.0.0 is live, but ")
    return caught.value


def test_no_file_of_a_release_is_written_to_the_temporary_directory(
    live: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the metadata that a client keeps; a release of gigabytes passes through a small /tmp."""
    largest: list[int] = []
    inner = os.unlink

    def unlink(path: str, **options: int) -> None:
        largest.append(os.lstat(path, dir_fd=options.get("dir_fd")).st_size)
        inner(path, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    size = max(path.stat().st_size for path in (live.bucket / "releases").rglob("*") if path.is_file())
    checked(live)
    assert largest
    assert not [count for count in largest if count == size]


def test_without_a_temporary_directory_the_release_is_said_to_be_live(
    live: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/does/not/exist")
    error = refused(live, StorageError, "this machine could not check it")
    assert error.exit_code == 5
    assert "run `publish verify`" in error.fix


def test_a_full_disk_says_that_the_release_is_live_and_what_failed_here(
    live: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", no_room)
    error = refused(live, StorageError, "could not check it: .*the disk is full")
    assert error.fix.startswith("free some space")


class Away(FlakyStorage):
    """A store that can no longer be reached."""

    def open(self, key: str, limit: int) -> AbstractContextManager[BinaryIO]:
        raise StorageError("the store does not answer", fix="try again")


def test_a_store_that_is_gone_says_that_the_release_is_live(live: Project) -> None:
    refused(live, StorageError, "could not check it: .*the store does not answer", Away(live.storage()))


def test_what_does_not_verify_is_refused_as_such(live: Project) -> None:
    (artifact,) = (live.bucket / "tuf/targets/artifacts").glob("**/*linux*")
    artifact.write_bytes(b"other bytes")
    error = refused(live, VerificationError, "does not verify: linux-amd64: ")
    assert error.exit_code == 4


def test_new_keys_are_said_to_be_live_too(live: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StorageError, match="the new keys are live, but this machine could not check"):
        update_as_client(
            live.storage(), live.root, ["feed/node/stable/linux-amd64.json"], live.now, "the new keys are live"
        )


def test_a_release_whose_check_fails_here_ends_the_same_way_and_is_live(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", no_room)
        with pytest.raises(StorageError, match=r"node@1\.0\.0 is live, but this machine could not check it"):
            project.publish("1.0.0")
    checked(project)
