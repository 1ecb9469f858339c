"""What every store must do: objects written once, and a few small ones changed by compare-and-swap.

The shape is that of S3: keys are text with slashes, without folders; an object appears whole or not at all.
`tests/storage/contract.py` says the same in executable form; every store passes it.
"""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from publisher.errors import InputError, StorageConflict, StorageError, StorageForeign, StorageTooLarge

CHUNK = 1024 * 1024
"""Bytes that are read, hashed and written at a time."""

MARKER_KEY = ".tidegate-bucket"
"""The object that says "this place is ours"; hidden from listings and closed to callers."""

MARKER = b'{"tidegate-bucket": 1}\n'
"""Its bytes; the number is the format of the layout around it."""

MARKER_LIMIT = 4096

RESERVED = ".tidegate"
"""No key may begin with this: markers, locks and unfinished writes live there."""

Progress = Callable[[int], None]
"""Told how many bytes have just been dealt with; over one write they add up to the size of the body."""


@dataclass(frozen=True)
class ObjectMeta:
    """How a web server should hand out an object; a plain directory leaves it to the server in front."""

    content_type: str = "application/octet-stream"
    cache_control: str = "no-cache"
    content_disposition: str | None = None
    private: bool = False
    """Not for the public. A directory keeps it from other users of the machine, such as a web server; elsewhere the
    bucket's policy decides."""


@dataclass(frozen=True)
class Stat:
    """One object: its key, its size in bytes, and an opaque tag that changes whenever it is replaced."""

    key: str
    size: int
    tag: str


@dataclass(frozen=True)
class Body:
    """Bytes to be written, promised beforehand by size and SHA-256, and readable more than once."""

    size: int
    sha256: str
    name: str
    source: Callable[[], BinaryIO] = field(repr=False, compare=False)

    @classmethod
    def from_bytes(cls, data: bytes) -> Body:
        return cls(len(data), hashlib.sha256(data).hexdigest(), f"{len(data)} bytes", lambda: io.BytesIO(data))

    @classmethod
    def from_file(cls, path: Path, size: int, sha256: str) -> Body:
        """A file that was hashed earlier; reading it again proves that it is still the same."""
        return cls(size, sha256, str(path), lambda: path.open("rb", buffering=0))

    def open(self) -> CheckedReader:
        """The bytes from the start; close the reader after use. Raises InputError when the source cannot be read."""
        try:
            return CheckedReader(self, self.source())
        except OSError as error:
            raise InputError(f"cannot read {self.name}: {error.strerror}") from error

    def chunks(self, progress: Progress | None = None) -> Iterator[bytes]:
        """The bytes in pieces of at most CHUNK. Raises InputError as `CheckedReader` does."""
        with self.open() as reader:
            while chunk := reader.read(CHUNK):
                yield chunk
                if progress:
                    progress(len(chunk))


class CheckedReader(io.RawIOBase):
    """Reads a body and keeps back its end until size and digest are proven.

    A writer that promised the full length therefore never has the whole of a wrong body in its hands. Reading
    goes forward from the start; seeking is for clients that ask for the length or begin again.
    """

    def __init__(self, body: Body, raw: BinaryIO) -> None:
        self._body = body
        self._raw = raw
        self._position = 0
        self._hashed = 0
        self._digest = hashlib.sha256()

    def __len__(self) -> int:
        return self._body.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._body.size}[whence] + offset
        return self._position

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; raises InputError when the source no longer holds what was promised."""
        if self._position != self._hashed:
            if self._position >= self._body.size:
                return 0
            if self._position != 0:
                raise io.UnsupportedOperation("a checked body is read from its start")
        try:
            return self._next(memoryview(buffer).cast("B"))
        except OSError as error:
            raise InputError(f"cannot read {self._body.name}: {error.strerror or error}") from error

    def _next(self, buffer: memoryview) -> int:
        if self._position != self._hashed:
            self._raw.seek(0)
            self._hashed = 0
            self._digest = hashlib.sha256()
        size = min(len(buffer), self._body.size - self._hashed)
        filled = 0
        while filled < size:
            piece = self._raw.read(size - filled)
            if not piece:
                raise self._changed()
            buffer[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._digest.update(buffer[:filled])
        self._hashed += filled
        self._position = self._hashed
        if self._hashed == self._body.size and (self._raw.read(1) or self._digest.hexdigest() != self._body.sha256):
            raise self._changed()
        return filled

    def _changed(self) -> InputError:
        return InputError(
            f"{self._body.name} changed while publishing: it is no longer the file that was hashed",
            fix="find out what writes to it, then run the command again",
        )


class Storage(Protocol):
    """A place for objects. Every method raises StorageError if it cannot be used or was never prepared."""

    @property
    def url(self) -> str:
        """Where this is, for messages; holds no secret."""
        ...

    def is_prepared(self) -> bool:
        """Whether this place is ours; False when it is empty. Writes nothing; refuses what `prepare` would refuse."""
        ...

    def prepare(self) -> None:
        """Make sure that this place is ours: mark it if it is empty, refuse it if it holds anything foreign.

        Also clears away what a killed run left unfinished. Only commands that write call this.
        """
        ...

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        """The whole object and its tag.

        Raises StorageMissing; StorageTooLarge if it exceeds `limit` bytes, whatever the store says of its size;
        StorageForeign if something else lies in its place.
        """
        ...

    def open(self, key: str, limit: int) -> AbstractContextManager[BinaryIO]:
        """A large object as a stream of at most `limit` bytes, read forward once. Raises as `read`, before any byte."""
        ...

    def stat(self, key: str) -> Stat | None:
        """What is known of the object without reading it; None when there is none."""
        ...

    def list(self, prefix: str) -> Iterator[Stat]:
        """All objects below the prefix, which is empty or ends with a slash, ordered by the keys' bytes.

        What somebody else put there is listed as well, under a name that no method takes where it is no valid key:
        a stranger's object must stop nobody, and an auditor should see it.
        """
        ...

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        """Write once. True: written. False: the very same bytes were already there.

        Raises StorageConflict when other bytes are there, InputError when the body is not what it promised;
        in both cases nothing has changed.
        """
        ...

    def replace(self, key: str, body: Body, meta: ObjectMeta, expected_tag: str | None) -> str:
        """Compare and swap; None expects that there is no object. Returns the new tag.

        Raises StorageConflict when the tag is another by now: somebody was first, and nothing has changed.
        """
        ...

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        """Write once from another object of this place, without moving the bytes through this program.

        Returns and raises as `create`, and StorageMissing when there is no source.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object of a mutable area; nothing happens when there is none."""
        ...


def check_key(key: str) -> str:
    """The key itself, if every store can hold it and no path can be made of it that leaves the place.

    Raises InputError. Letters outside ASCII must be composed (NFC), so that one name is one key everywhere.
    """
    problem = _key_problem(key)
    if problem:
        raise InputError(f"the object key {key!r} {problem}")
    return key


def check_prefix(prefix: str) -> str:
    """The prefix itself, if it is empty or a valid key followed by one slash. Raises InputError."""
    if prefix and not prefix.endswith("/"):
        raise InputError(f"the prefix {prefix!r} must end with a slash, or it would also list its namesakes")
    if prefix:
        check_key(prefix[:-1])
    return prefix


def _key_problem(key: str) -> str:
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "contains bytes that are not text"
    parts = key.split("/")
    if not key:
        return "is empty"
    if size > 1024:
        return "is longer than 1024 bytes"
    if key.startswith("/") or "" in parts:
        return "must be relative, without empty parts"
    if "." in parts or ".." in parts:
        return 'must not contain "." or ".." as a part'
    if any(len(part.encode()) > 255 for part in parts):
        return "has a part longer than 255 bytes"
    if "\\" in key or any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in key):
        return "contains a backslash or an invisible control character"
    if not unicodedata.is_normalized("NFC", key):
        return "has letters in a decomposed form; use NFC"
    if key.startswith(RESERVED):
        return f"begins with {RESERVED}, which is reserved"
    return ""


def check_marker(data: bytes, url: str) -> None:
    """Accept the bytes of a marker, or raise StorageError that says why this place is not for us."""
    try:
        marker = json.loads(data)
    except (ValueError, RecursionError):
        marker = None
    bucket_format = marker.get("tidegate-bucket") if isinstance(marker, dict) else None
    if type(bucket_format) is not int:
        raise StorageError(f"{url} is not a Tidegate bucket: its {MARKER_KEY} is not ours", fix=OTHER_PLACE)
    if bucket_format != 1:
        raise StorageError(
            f"{url} has bucket format {bucket_format}; this version of Tidegate knows format 1",
            fix="use a newer Tidegate",
        )


OTHER_PLACE = "name another place: an existing Tidegate bucket, or an empty one"


def too_large(key: str, url: str, limit: int) -> StorageTooLarge:
    """An object that exceeds what its reader allows."""
    return StorageTooLarge(
        f"{key} in {url} is larger than the {limit} bytes that are allowed for it",
        fix="find out who wrote it, and remove it at the store; nothing of ours is so large",
    )


def is_valid(key: str) -> bool:
    """Whether a key is one that every store can hold."""
    return not _key_problem(key)


def foreign(key: str, kind: str) -> StorageForeign:
    """Something that is no object in the place of one; `kind` says what."""
    return StorageForeign(
        f"{key} is {kind}; a bucket may contain only plain files; links are never followed",
        fix="find out who made it, and remove it",
    )


def overtaken(key: str, url: str) -> StorageConflict:
    """The refusal to replace an object whose tag is not the expected one."""
    return StorageConflict(
        f"{key} in {url} was changed by somebody else in the meantime; nothing was written",
        fix="run the command again; it starts from the current state",
    )


def differs(key: str, url: str) -> StorageConflict:
    """The refusal to write once where other bytes are."""
    return StorageConflict(
        f"{key} in {url} already exists with different content; it was not changed",
        fix="use a new version: published files never change",
    )


def not_ours(url: str) -> StorageError:
    """The refusal of a place that holds other people's files."""
    return StorageError(f"{url} is not empty and is not a Tidegate bucket; nothing was written", fix=OTHER_PLACE)


def not_prepared(url: str) -> StorageError:
    """The refusal to work in a place that nobody has prepared."""
    return StorageError(
        f"there is no Tidegate bucket at {url}",
        fix="check the address; the first release is what fills a new bucket",
    )
