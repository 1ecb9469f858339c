"""One process at a time: an advisory lock on a file, released by the system even if the process dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.client.durable_files import is_plain_file
from publisher.wire.errors import ClientInputError, Code, LocalError

__all__ = ["PATIENCE", "locked", "try_lock"]

PATIENCE = 180.0
"""How long to wait for another process, in seconds: longer than that waits for a server which asks for time."""

_PAUSE = 0.05

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock on `path`, which is made if missing, and wait for whoever holds it now.

    Raises LocalError after `patience` seconds, ClientInputError for what is no plain file, OSError.
    """
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path, patience)
        try:
            yield
        finally:
            _unlock(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed, if nobody else has. The system ends that when the process dies."""
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        # Held by another process: the first on POSIX, the second on Windows.
        return False
    return True


def _open(path: Path) -> int:
    """Open without following a link and without changing what is there; nobody needs its bytes."""
    if path.is_symlink():
        raise ClientInputError(f"{path} is a symbolic link; it was not followed", fix="remove the link")
    if os.path.lexists(path) and not is_plain_file(path):
        raise ClientInputError(f"{path} is not a plain file, which the lock needs", fix="remove it")
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _wait_for(descriptor: int, path: Path, patience: float) -> None:
    ends = time.monotonic() + patience
    while True:
        if try_lock(descriptor):
            return
        if time.monotonic() >= ends:
            raise LocalError(
                f"another tidegate is running and has locked {path}; waited for {patience:g} seconds",
                fix="wait until it has finished, or stop it, then try again",
                code=Code.BUSY,
            )
        time.sleep(_PAUSE)
