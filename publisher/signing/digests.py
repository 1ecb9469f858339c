"""All the digests that publishing needs, from one reading of each file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from publisher.errors import InputError

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class FileDigests:
    """What identifies a file's bytes."""

    size: int
    """In bytes."""
    sha256: str
    """As 64 small hexadecimal digits; TUF, SHA256SUMS and storage use it."""
    blake2b512: bytes
    """Raw, 64 bytes; minisign signs it."""


def digest_stream(
    stream: BinaryIO, progress: Callable[[int], None] | None = None, *, limit: int | None = None
) -> FileDigests:
    """Read to the end, or one byte past `limit`: a size above the limit says that there is more than there should be.

    `progress` is told how many bytes were read each time. OSError passes.
    """
    return digest_chunks(_chunks(stream, limit), progress)


def digest_chunks(
    chunks: Iterable[bytes], progress: Callable[[int], None] | None = None, *, limit: int | None = None
) -> FileDigests:
    """The same for bytes that come in pieces."""
    sha256, blake2b512, size = hashlib.sha256(), hashlib.blake2b(), 0
    for piece in chunks:
        chunk = piece if limit is None else piece[: limit + 1 - size]
        sha256.update(chunk)
        blake2b512.update(chunk)
        size += len(chunk)
        if progress:
            progress(len(chunk))
        if limit is not None and size > limit:
            break
    return FileDigests(size, sha256.hexdigest(), blake2b512.digest())


def _chunks(stream: BinaryIO, limit: int | None) -> Iterator[bytes]:
    left = limit
    while chunk := stream.read(CHUNK if left is None else min(CHUNK, left + 1)):
        yield chunk
        if left is not None:
            left -= len(chunk)


def more_than(limit: int) -> FileDigests:
    """What `digest_stream` says of too much, for what was not read at all; its digests fit nothing."""
    return FileDigests(limit + 1, "", b"")


def digest_bytes(data: bytes) -> FileDigests:
    return FileDigests(len(data), hashlib.sha256(data).hexdigest(), hashlib.blake2b(data).digest())


def digest_file(path: Path, progress: Callable[[int], None] | None = None) -> FileDigests:
    """Digests of a plain file. Raises InputError when it cannot be read, or changes while it is."""
    try:
        if not path.is_file():
            raise InputError(f"{path} is not a file" if path.exists() else f"there is no file {path}")
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            digests = digest_stream(file, progress, limit=before.st_size)
            after, named = os.fstat(file.fileno()), path.stat()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if not (_state(before) == _state(after) == _state(named)) or digests.size != after.st_size:
        raise InputError(f"{path} changed while it was being read", fix="wait until it is complete, then run it again")
    return digests


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
