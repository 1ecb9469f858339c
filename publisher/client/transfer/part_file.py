"""What has arrived of a release's file: kept beside its place when a run is stopped, and continued by the next one.

A part is named after the file and the digest that it must have, so that bytes of another file are never added to it.
Where its bytes came from does not matter, since the whole is verified on the disk at the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BufferedReader, FileIO
from pathlib import Path

from tuf.api.exceptions import (
    DownloadError,
    DownloadLengthMismatchError,
    LengthOrHashMismatchError,
    RepositoryError,
)
from tuf.api.metadata import TargetFile
from tuf.ngclient import FetcherInterface

from publisher.client.durable_files import BINARY, PART, is_plain_file, new_part
from publisher.client.network.deadlines import Limits
from publisher.client.network.failures import Unreachable
from publisher.client.network.ranges import fetch_rest
from publisher.client.state_lock import try_lock
from publisher.client.tuf_errors import translate
from publisher.wire.errors import ClientError, ClientInputError, ClientVerificationError, LocalError, TransferError
from publisher.wire.limits import refuse_web_page

__all__ = ["OLDEST", "PROGRESS", "PartFile", "open_part", "part_path", "remove_parts", "verify_whole", "write_whole"]

OLDEST = timedelta(days=30)
"""How long a part that nobody continues is kept."""

PROGRESS = 1024**2
"""With how many more bytes, before it breaks, a connection has not been in vain."""

_ANY = re.compile(re.escape(PART) + r"(?:.+\.[0-9a-f]{16}\.part|[0-9a-f]{16})")
"""Every part, those that were for one run alone among them."""

_OPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | BINARY


class PartFile:
    """A file on its way; nobody else writes to it."""

    def __init__(self, path: Path, file: FileIO, info: TargetFile) -> None:
        """`file` has no buffer, so that what a full disk does not take is not written again when it is closed."""
        self.path = path
        self._file = file
        self._info = info
        self._since = 0
        """The place from which on the bytes are of the address that is asked now."""

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self._file.seek(0, os.SEEK_END)

    def receive(self, fetcher: FetcherInterface, address: str) -> None:
        """Fetch what is missing from this address, and verify the whole. A connection that breaks is made again at
        once as long as each brings `PROGRESS`, and the time for one file is not over.

        If it is wrong and some bytes came from elsewhere, all are fetched from here once more. Wrong bytes are
        removed. Raises DownloadError, LengthOrHashMismatchError, ClientVerificationError, OSError.
        """
        ends = time.monotonic() + Limits.large
        while True:
            before = self.size
            try:
                self._append(fetcher, address)
                return verify_whole(self._file, self._info)
            except Unreachable:
                if self.size < before + PROGRESS or time.monotonic() >= ends:
                    raise
            except (RepositoryError, DownloadLengthMismatchError, ClientVerificationError):
                self._file.truncate(0)
                if self._since == 0:
                    raise

    def _append(self, fetcher: FetcherInterface, address: str) -> None:
        length, self._since = self._info.length, self.size
        if self._since == length:
            return
        for place, chunk in fetch_rest(fetcher, address, self._since, length):
            if place == 0:
                # The server begins anew, whatever it was asked for.
                self._since = 0
                self._file.truncate(0)
            if place + len(chunk) > length:
                raise DownloadLengthMismatchError(
                    f"at least {place + len(chunk)} bytes where at most {length} are allowed"
                )
            self._file.seek(place)
            write_whole(self._file, chunk)
        if self._since > 0 and self.size < length:
            raise Unreachable(f"{address}: the rest of the file ended early")


def write_whole(file: FileIO, data: bytes) -> None:
    """Write all of it, as a file without a buffer does not by itself. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def verify_whole(file: FileIO, info: TargetFile) -> None:
    """Verify what has reached the disk. Raises LengthOrHashMismatchError, ClientVerificationError for a web page."""
    os.fsync(file.fileno())
    file.seek(0)
    reader = BufferedReader(file)
    try:
        head = reader.peek(1024)
        info.verify_length_and_hashes(reader)
    except LengthOrHashMismatchError:
        refuse_web_page(info.path, head)
        raise
    finally:
        reader.detach()


@contextlib.contextmanager
def open_part(final: Path, info: TargetFile, now: datetime) -> Iterator[PartFile]:
    """The part of the file that is to be `final`, with what earlier runs have received.

    It stays if the block ends by a failure of the network or of this machine, or by a signal; anything else removes
    it. While another run works on it, this one gets a part of its own. Old ones are removed. Raises ClientInputError
    for something odd in its place, OSError.
    """
    path = part_path(final, info)
    remove_parts(final, now, keep=path)
    descriptor = _opened(path)
    if descriptor is None:
        with new_part(final.parent, mode=0o666) as private, private.open("r+b", buffering=0) as file:
            yield PartFile(private, file, info)
        return
    kept = False
    try:
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            part = PartFile(path, file, info)
            try:
                yield part
            except KeyboardInterrupt:
                kept = part.size > 0
                raise
            except (DownloadError, TransferError, LocalError, OSError) as error:
                kept = part.size > 0
                if kept:
                    raise _to_be_continued(error, part.size, info) from error
                raise
            finally:
                # While it is locked, so that nobody else has begun to use it; Windows removes no open file.
                if not kept and os.name == "posix":
                    path.unlink(missing_ok=True)
    finally:
        if not kept and os.name != "posix":
            path.unlink(missing_ok=True)


def part_path(final: Path, info: TargetFile) -> Path:
    """Where the part of this file is kept."""
    return final.with_name(f"{PART}{final.name}.{info.hashes['sha256'][:16]}.part")


def remove_parts(final: Path, now: datetime, keep: Path | None = None) -> None:
    """Remove what nobody will continue: parts of `final` but for `keep`, and whatever is older than `OLDEST`."""
    own = re.compile(re.escape(f"{PART}{final.name}.") + r"[0-9a-f]{16}\.part")
    paths: list[Path] = []
    with contextlib.suppress(OSError):
        paths += final.parent.iterdir()
    for path in paths:
        if path == keep or not _ANY.fullmatch(path.name):
            continue
        with contextlib.suppress(OSError):
            old = now.timestamp() - path.lstat().st_mtime > OLDEST.total_seconds()
            if (old or own.fullmatch(path.name)) and is_plain_file(path):
                _remove_unused(path)


def _remove_unused(path: Path) -> None:
    descriptor = os.open(path, _OPEN)
    try:
        if try_lock(descriptor):
            path.unlink()
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int | None:
    """The part, locked and ours alone; None if it cannot be had."""
    while True:
        _refuse_odd(path)
        descriptor = os.open(path, _OPEN | os.O_CREAT, 0o666)
        try:
            if not _is_ours(os.fstat(descriptor)) or not try_lock(descriptor):
                return None
            status = os.fstat(descriptor)
            if status.st_nlink == 1 and os.path.samestat(status, path.lstat()):
                ours, descriptor = descriptor, -1
                return ours
            if status.st_nlink > 1:
                # Killed between its last two steps: under its other name it is somebody's file, and not written to.
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            # The run that had it has just finished.
            continue
        except OSError:
            # A file system without locks.
            return None
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _is_ours(status: os.stat_result) -> bool:
    """Whether it is a file, and no other user has made it, who could change it after it was verified."""
    if not stat.S_ISREG(status.st_mode):
        return False
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def _refuse_odd(path: Path) -> None:
    if path.is_symlink():
        raise ClientInputError(
            f"{path} is a symbolic link; it was not followed",
            fix="remove the link, or choose another directory with --to",
        )
    if os.path.lexists(path) and not is_plain_file(path):
        raise ClientInputError(
            f"{path} is not a plain file; it was not changed",
            fix="move it away, or choose another directory with --to",
        )


def _to_be_continued(error: Exception, size: int, info: TargetFile) -> ClientError:
    """The same error, with what it means for the next run."""
    plain = error if isinstance(error, ClientError) else translate(error, f"download {info.path.rpartition('/')[2]}")
    fix = f"{plain.fix}; {size} of {info.length} bytes are kept, and the next run continues from there"
    return type(plain)(plain.what, fix=fix, code=plain.code)
