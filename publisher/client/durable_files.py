"""Files of this machine: opened without waiting, written so that they are whole or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = [
    "BINARY",
    "PART",
    "is_plain_file",
    "new_part",
    "open_plain",
    "remove_leftovers",
    "rename_to_new",
    "write_durably",
]

BINARY = getattr(os, "O_BINARY", 0)
"""Windows changes line ends without it."""

PART = ".tidegate-"
"""How the names of unfinished files begin."""

_UNFINISHED = re.compile(re.escape(PART) + r"[0-9a-f]{16}|tmp[a-z0-9_]{8}")
"""Names that `new_part` and Python's `tempfile` make."""


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading. A pipe or a device raises OSError at once: nothing here waits for a writer."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory", str(path))
    raise OSError(errno.EINVAL, "not a plain file", str(path))


def is_plain_file(path: Path) -> bool:
    """True for a file itself: not for a link to one, nor for a pipe."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def new_part(directory: Path, mode: int = 0o600) -> Iterator[Path]:
    """A new empty file in `directory` that is gone afterwards, unless it was renamed. The umask narrows `mode`."""
    part = directory / f"{PART}{secrets.token_hex(8)}"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode))
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(directory: Path) -> None:
    """Remove what killed runs left unfinished, ours and python-tuf's. Nobody else may be writing there. Raises OSError.

    Parts of downloads have longer names, and are not touched.
    """
    for path in directory.iterdir():
        if _UNFINISHED.fullmatch(path.name) and is_plain_file(path):
            path.unlink()


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a small file as a whole, and return only when the disk has both its bytes and its name."""
    with new_part(path.parent) as part:
        part.chmod(mode)
        with part.open("r+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    if os.name == "posix":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def rename_to_new(part: Path, final: Path) -> None:
    """Rename, but never over an existing file, which raises FileExistsError."""
    try:
        os.link(part, final)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: the little gap between the look and the rename has to do.
        if os.path.lexists(final):
            raise FileExistsError(final) from None
        part.rename(final)
