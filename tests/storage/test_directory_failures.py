"""The storage in a directory when the machine fails: no room, no permission, and writers that were killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.errors import StorageError
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import CHUNK
from tests.storage.contract import META, body, content, keys
from tests.support.files import everything
from tests.support.system import need, skip_system

LIMITED = """
import resource, sys
from pathlib import Path
from publisher.errors import StorageError
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import Body, ObjectMeta

resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    DirectoryStorage(Path(sys.argv[1])).create("big", Body.from_bytes(bytes(2_000_000)), ObjectMeta())
except StorageError as error:
    print(error)
"""

SLOW = """
import sys, time
from pathlib import Path
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import Body, ObjectMeta

def hang(written):
    print("writing", flush=True)
    time.sleep(60)

DirectoryStorage(Path(sys.argv[1])).create("a/big", Body.from_bytes(bytes(3_000_000)), ObjectMeta(), hang)
"""


def test_a_file_size_limit_is_a_full_disk(bucket: DirectoryStorage, root: Path) -> None:
    bucket.create("small", body("one"), META)
    before = everything(root)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("disk full while writing big in file://")
    assert everything(root) == before


def test_a_killed_writer_leaves_nothing_to_see(bucket: DirectoryStorage, root: Path) -> None:
    def parts() -> list[Path]:
        return list((root / ".tidegate").glob("*.part"))

    with subprocess.Popen([sys.executable, "-c", SLOW, str(root)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            bucket.prepare()
            assert len(parts()) == 1, "a living writer's file was swept away"
        finally:
            os.kill(writer.pid, signal.SIGKILL)
    assert len(parts()) == 1
    assert keys(bucket) == []
    assert bucket.create("a/big", body(bytes(3_000_000)), META) is True
    bucket.prepare()
    assert parts() == []
    assert keys(bucket) == ["a/big"]


def test_a_writer_whose_new_file_is_swept_starts_again(
    bucket: DirectoryStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making and locking its part file, a writer can be taken for a dead one."""
    import fcntl  # noqa: PLC0415 - absent on Windows

    real = fcntl.flock
    swept: list[str] = []

    def flock(descriptor: int, operation: int) -> None:
        if not swept:
            for part in (root / ".tidegate").glob("*.part"):
                swept.append(part.name)
                part.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert bucket.create("a", body("one"), META) is True
    assert len(swept) == 1
    assert content(bucket, "a") == b"one"


def test_a_crash_between_link_and_cleanup_is_harmless(bucket: DirectoryStorage, root: Path) -> None:
    bucket.create("a", body("one"), META)
    os.link(root / "a", root / ".tidegate" / "dead.part")
    bucket.prepare()
    assert content(bucket, "a") == b"one"
    assert bucket.create("a", body("one"), META) is False


def test_a_directory_that_may_not_be_written(bucket: DirectoryStorage, root: Path) -> None:
    (root / ".tidegate").chmod(0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may write everywhere
    try:
        with pytest.raises(StorageError, match="no permission"):
            bucket.create("a", body("one"), META)
    finally:
        os.seteuid(user)
    assert keys(bucket) == []


@pytest.fixture
def mounted(root: Path) -> Iterator[Path]:
    """A filesystem of one MiB of its own."""
    if os.geteuid() != 0:
        skip_system("mounting a small filesystem needs root")
    root.mkdir()
    mount = [str(need("mount")), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        skip_system(f"no small filesystem can be mounted here: {done.stderr.strip()}")
    yield root
    subprocess.run([str(need("umount")), str(root)], check=True)


@pytest.mark.system
def test_a_really_full_disk(mounted: Path) -> None:
    bucket = DirectoryStorage(mounted)
    bucket.prepare()
    tag = bucket.replace("pointer", body("old"), META, None)
    before = everything(mounted)
    for act in (
        lambda: bucket.create("new/big", body(bytes(2 * CHUNK)), META),
        lambda: bucket.replace("pointer", body(bytes(2 * CHUNK)), META, tag),
    ):
        with pytest.raises(StorageError, match="disk full while writing"):
            act()
    assert everything(mounted) == before
    assert bucket.create("new/small", body("fits"), META) is True


@pytest.mark.system
def test_a_really_read_only_disk(mounted: Path) -> None:
    bucket = DirectoryStorage(mounted)
    bucket.prepare()
    bucket.create("a", body("one"), META)
    before = everything(mounted)
    subprocess.run([str(need("mount")), "-o", "remount,ro", str(mounted)], check=True)
    assert content(DirectoryStorage(mounted), "a") == b"one"
    for act in (
        lambda: bucket.create("b", body("two"), META),
        lambda: bucket.replace("a", body("two"), META, bucket.read("a", 9)[1]),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(StorageError, match="read-only filesystem"):
            act()
    assert everything(mounted) == before
