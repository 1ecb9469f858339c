"""Files below one open folder: walked a part at a time, links never followed, new files locked by writers.

Only for `store.py`. Raises plain OSError, and StorageForeign where a bucket holds what no bucket may hold.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO

from publisher.errors import StorageConflict
from publisher.storage.protocol import CHUNK, Body, foreign

try:
    import fcntl
except ImportError:  # Windows has no advisory locks of this kind
    fcntl = None  # type: ignore[assignment]

POSIX = fcntl is not None
"""Whether this system has what a bucket in a directory needs."""

PART = ".part"
DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_NUDGES = (1, 1_000, 1_000_000, 2_000_000_000)


@contextmanager
def opened(path: str | Path, flags: int, folder: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o666, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def walk(root: int, parts: list[str], *, make: bool = False) -> Iterator[int]:
    """Walk down without following links. Raises FileNotFoundError where the way ends."""
    current = os.dup(root)
    try:
        for part in parts:
            if make:
                make_folder(current, part)
            try:
                below = os.open(part, DIRECTORY, dir_fd=current)
            except OSError as error:
                if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                    raise
                refuse_special(part, os.stat(part, dir_fd=current, follow_symlinks=False))
                if make:
                    raise StorageConflict(f"{part} is an object, so there is no room for objects below it") from None
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), part) from None
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


@contextmanager
def reading(folder: int, name: str) -> Iterator[BufferedReader[FileIO]]:
    """A plain file. A folder raises IsADirectoryError; links, devices and pipes raise StorageForeign."""
    try:
        descriptor = os.open(name, READ, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            refuse_special(name, os.stat(name, dir_fd=folder, follow_symlinks=False))
        raise
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        refuse_special(name, status)
        with BufferedReader(FileIO(descriptor, closefd=False), CHUNK) as file:
            yield file
    finally:
        os.close(descriptor)


def refuse_special(key: str, status: os.stat_result) -> None:
    """Raises StorageForeign for links, devices and pipes."""
    if not stat.S_ISREG(status.st_mode):
        raise foreign(key, "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a plain file")


def exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def make_folder(parent: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return
    os.fsync(parent)


def new_part(private: int) -> tuple[str, int]:
    """A new file that is locked before anybody could take it for a dead one."""
    while True:
        name = secrets.token_hex(12) + PART
        part = os.open(name, _NEW, 0o666, dir_fd=private)
        try:
            fcntl.flock(part, fcntl.LOCK_EX)
            if os.fstat(part).st_nlink:
                return name, part
        except BaseException:
            os.close(part)
            os.unlink(name, dir_fd=private)
            raise
        os.close(part)  # swept away between its making and its locking


def hide(part: int) -> None:
    """Owner and group keep what the umask gave them; everybody else loses it."""
    os.fchmod(part, stat.S_IMODE(os.fstat(part).st_mode) & ~0o007)


def sweep(private: int) -> None:
    """Remove the part files of writers that no longer live; the system has dropped their locks."""
    with os.scandir(private) as scan:
        names = [entry.name for entry in scan if entry.name.endswith(PART)]
    for name in names:
        with suppress(FileNotFoundError, BlockingIOError), opened(name, READ, private) as part:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name, dir_fd=private)


@contextmanager
def locked(private: int, name: str) -> Iterator[None]:
    """One holder at a time, over threads and processes."""
    with opened(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_all(part: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(part, rest) :]


def link(source: int, name: str, folder: int, last: str) -> None:
    os.link(name, last, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)


NO_LINK = {errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV}
"""How a disk says that it gives this file no second name."""


def move(source: int, name: str, folder: int, last: str) -> None:
    """Give a part file its name on a disk without hard links; whoever calls this holds the lock of all writers.

    Raises FileExistsError, as `link` does: a rename alone would replace what is there.
    """
    if exists(folder, last):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), last)
    os.rename(name, last, src_dir_fd=source, dst_dir_fd=folder)


def make_later(part: int, present: os.stat_result) -> None:
    """A successor's time, which is its tag, must be later even within one tick of the system's clock."""
    for nudge in _NUDGES:
        if os.fstat(part).st_mtime_ns > present.st_mtime_ns:
            return
        os.utime(part, ns=(present.st_atime_ns, present.st_mtime_ns + nudge))


def tag_of(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def body_of(source: str, file: BufferedReader[FileIO]) -> Body:
    """An open object as the body of another one."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()

    def again() -> BinaryIO:
        copy = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        copy.seek(0)
        return copy

    return Body(size, digest, source, again)
