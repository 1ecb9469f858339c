"""A bucket in a plain directory of this machine: for small projects, the demo, and any web server to serve.

    .tidegate-bucket    the marker: this directory is ours
    .tidegate/lock      held while an existing object is replaced or removed
    .tidegate/*.part    unfinished writes, each locked by its writer as long as that lives
    everything else     objects, under their keys

An object appears by a hard link from a finished, synced part file: whole, and never over another one. On a disk
without hard links it is renamed under the lock, after a look that there is none. Part
files of killed runs are known by their lock, which the system drops with the process: that needs no clock,
works at once, and cannot take away what a living writer still writes.

Paths are walked one part at a time without following links, so nothing outside the bucket is read or written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO

from publisher.errors import InputError, StorageConflict, StorageError, StorageMissing
from publisher.storage.directory.files import (
    NO_LINK,
    POSIX,
    body_of,
    exists,
    hide,
    link,
    locked,
    make_folder,
    make_later,
    move,
    new_part,
    opened,
    reading,
    refuse_special,
    sweep,
    tag_of,
    walk,
    write_all,
)
from publisher.storage.protocol import (
    MARKER,
    MARKER_KEY,
    MARKER_LIMIT,
    Body,
    ObjectMeta,
    Progress,
    Stat,
    check_key,
    check_marker,
    check_prefix,
    differs,
    foreign,
    is_valid,
    not_ours,
    not_prepared,
    overtaken,
    too_large,
)

PRIVATE = ".tidegate"
LOCK = "lock"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM}


class DirectoryStorage:
    """Objects as files. A folder in place of an object, or the reverse, makes writing a StorageConflict."""

    def __init__(self, path: Path) -> None:
        """Touches nothing. Raises InputError on systems without POSIX locks, such as Windows."""
        if not POSIX:
            raise InputError(
                "a bucket in a directory needs a POSIX system",
                fix="use an s3:// bucket, or run this inside WSL",
            )
        self._path = path.absolute()
        self._accepted = False

    def __repr__(self) -> str:
        return f"DirectoryStorage({str(self._path)!r})"

    @property
    def url(self) -> str:
        return self._path.as_uri()

    def is_prepared(self) -> bool:
        with self._translated():
            self._refuse_foreign()
            return (self._path / MARKER_KEY).exists()

    def prepare(self) -> None:
        with self._translated():
            self._refuse_foreign()
            self._path.mkdir(parents=True, exist_ok=True)
            with opened(self._path, os.O_RDONLY | os.O_DIRECTORY) as root:
                if not exists(root, MARKER_KEY):
                    make_folder(root, PRIVATE)
                    with (
                        self._part(root, Body.from_bytes(MARKER), ObjectMeta()) as (private, name, _),
                        suppress(FileExistsError),
                    ):
                        self._publish(root, MARKER_KEY, private, name)
                with walk(root, [PRIVATE]) as private:
                    sweep(private)
        with self._root():
            pass

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        with self._object(key) as file, self._translated(key):
            data = file.read(limit + 1)
            if len(data) > limit:
                raise too_large(key, self.url, limit)
            return data, tag_of(os.fstat(file.fileno()))

    @contextmanager
    def open(self, key: str, limit: int) -> Iterator[BinaryIO]:
        with self._object(key) as file:
            if os.fstat(file.fileno()).st_size > limit:
                raise too_large(key, self.url, limit)
            yield file

    def stat(self, key: str) -> Stat | None:
        check_key(key)
        with self._translated(key), self._root() as root:
            return self._stat(root, key)

    def list(self, prefix: str) -> Iterator[Stat]:
        check_prefix(prefix)
        with self._translated(prefix), self._root() as root:
            try:
                with walk(root, prefix.split("/")[:-1]) as folder:
                    yield from self._walk(folder, prefix)
            except FileNotFoundError:
                return

    def create(
        self,
        key: str,
        body: Body,
        meta: ObjectMeta,
        progress: Progress | None = None,
    ) -> bool:
        check_key(key)
        with self._translated(key), self._root() as root:
            if self._already(root, key, body):
                if progress:
                    progress(body.size)
                return False
            with self._part(root, body, meta, progress) as (private, name, _):
                try:
                    return self._publish(root, key, private, name)
                except FileExistsError:
                    self._already(root, key, body)
                    return False

    def replace(
        self,
        key: str,
        body: Body,
        meta: ObjectMeta,
        expected_tag: str | None,
    ) -> str:
        check_key(key)
        with self._translated(key), self._root() as root, self._part(root, body, meta) as (private, name, part):
            with locked(private, LOCK):
                present = self._stat(root, key)
                if (present.tag if present else None) != expected_tag:
                    raise overtaken(key, self.url)
                if present is None:
                    try:
                        self._publish(root, key, private, name, alone=True)
                    except FileExistsError:
                        raise overtaken(key, self.url) from None
                else:
                    with walk(root, key.split("/")[:-1]) as folder:
                        last = key.rsplit("/", 1)[-1]
                        make_later(part, os.stat(last, dir_fd=folder, follow_symlinks=False))
                        os.rename(name, last, src_dir_fd=private, dst_dir_fd=folder)
                        os.fsync(folder)
            return tag_of(os.fstat(part))

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        """Another name for the same file, as no object is changed in place; where links end, a real copy."""
        check_key(key)
        with self._object(source) as file, self._translated(key), self._root() as root:
            *folders, last = source.split("/")
            try:
                with walk(root, folders) as folder:
                    return self._link(root, key, folder, last)
            except FileExistsError:
                present = self._stat(root, key)
                if present is None or present.tag != tag_of(os.fstat(file.fileno())):
                    self._already(root, key, body_of(source, file))
                return False
            except OSError as error:
                if error.errno not in NO_LINK:
                    raise
            return self.create(key, body_of(source, file), meta)

    def delete(self, key: str) -> None:
        check_key(key)
        with (
            self._translated(key),
            self._root() as root,
            walk(root, [PRIVATE]) as private,
            locked(private, LOCK),
        ):
            *folders, last = key.split("/")
            with suppress(FileNotFoundError), walk(root, folders) as folder:
                os.unlink(last, dir_fd=folder)
                os.fsync(folder)

    # --- the place itself

    def _refuse_foreign(self) -> None:
        """Before the first write: absent, empty and marked places pass."""
        if not self._path.exists():
            return
        if not self._path.is_dir():
            raise StorageError(f"{self.url} is a file, not a directory; nothing was written")
        names = {entry.name for entry in self._path.iterdir()}
        if names - {PRIVATE} and MARKER_KEY not in names:
            raise not_ours(self.url)
        if MARKER_KEY in names:
            with self._root():
                pass

    @contextmanager
    def _root(self) -> Iterator[int]:
        """The open directory, after its marker was accepted once."""
        try:
            root = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            raise not_prepared(self.url) from None
        try:
            if not self._accepted:
                self._accept(root)
            yield root
        finally:
            os.close(root)

    def _accept(self, root: int) -> None:
        try:
            with reading(root, MARKER_KEY) as file:
                check_marker(file.read(MARKER_LIMIT), self.url)
        except FileNotFoundError:
            raise not_prepared(self.url) from None
        self._accepted = True

    # --- one object

    @contextmanager
    def _object(self, key: str) -> Iterator[BufferedReader[FileIO]]:
        check_key(key)
        *folders, last = key.split("/")
        with ExitStack() as stack:
            with self._translated(key), self._root() as root:
                try:
                    folder = stack.enter_context(walk(root, folders))
                    file = stack.enter_context(reading(folder, last))
                except FileNotFoundError:
                    raise StorageMissing(f"there is no {key} in {self.url}") from None
                except IsADirectoryError:
                    raise foreign(key, "a folder") from None
            yield file

    def _stat(self, root: int, key: str) -> Stat | None:
        *folders, last = key.split("/")
        try:
            with walk(root, folders) as folder:
                status = os.stat(last, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            return None
        refuse_special(key, status)
        return Stat(key, status.st_size, tag_of(status))

    def _walk(self, folder: int, prefix: str) -> Iterator[Stat]:
        with os.scandir(folder) as scan:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in scan]
        for name, is_folder in sorted(entries, key=lambda entry: entry[0] + "/" if entry[1] else entry[0]):
            key = prefix + name
            if key in (PRIVATE, MARKER_KEY):
                continue
            with suppress(FileNotFoundError):
                if is_folder:
                    with walk(folder, [name]) as below:
                        yield from self._walk(below, key + "/")
                    continue
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                # A name that is no text is shown with backslashes, which make it a key that no method takes.
                shown = key if is_valid(key) else os.fsencode(key).decode("utf-8", "backslashreplace")
                yield Stat(shown, status.st_size, tag_of(status))

    def _already(self, root: int, key: str, body: Body) -> bool:
        """True if the very same bytes are there; StorageConflict if others are."""
        *folders, last = key.split("/")
        try:
            with walk(root, folders) as folder:
                with reading(folder, last) as file:
                    same = os.fstat(file.fileno()).st_size == body.size
                    same = same and hashlib.file_digest(file, "sha256").hexdigest() == body.sha256
                os.fsync(folder)  # the one who wrote it may have died before this
        except (FileNotFoundError, IsADirectoryError):
            return False
        if not same:
            raise differs(key, self.url)
        return True

    @contextmanager
    def _part(
        self, root: int, body: Body, meta: ObjectMeta, progress: Progress | None = None
    ) -> Iterator[tuple[int, str, int]]:
        """The body as a synced file of its own: (private folder, name, descriptor). It is gone afterwards."""
        make_folder(root, PRIVATE)
        with walk(root, [PRIVATE]) as private:
            name, part = new_part(private)
            try:
                if meta.private:
                    hide(part)
                for chunk in body.chunks(progress):
                    write_all(part, chunk)
                os.fsync(part)
                yield private, name, part
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=private)
                os.close(part)

    def _publish(self, root: int, key: str, source: int, name: str, *, alone: bool = False) -> bool:
        """Give a part file its key; `alone` says that the lock is held. Raises FileExistsError if a file has it."""
        try:
            return self._link(root, key, source, name)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
        with self._into(root, key) as (folder, last), nullcontext() if alone else locked(source, LOCK):
            move(source, name, folder, last)
        return True

    def _link(self, root: int, key: str, source: int, name: str) -> bool:
        """Give a file its key, beside the name that it has. Raises FileExistsError, and OSError of NO_LINK."""
        with self._into(root, key) as (folder, last):
            link(source, name, folder, last)
        return True

    @contextmanager
    def _into(self, root: int, key: str) -> Iterator[tuple[int, str]]:
        """The folder of a key, made where it is not there, and synced afterwards."""
        *folders, last = key.split("/")
        with walk(root, folders, make=True) as folder:
            try:
                yield folder, last
            except FileExistsError:
                if stat.S_ISDIR(os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise StorageConflict(f"{key} in {self.url} is a folder of other objects") from None
                raise
            os.fsync(folder)

    @contextmanager
    def _translated(self, key: str = "") -> Iterator[None]:
        """The system's errors in our words."""
        try:
            yield
        except OSError as error:
            where = f"{key} in {self.url}" if key else self.url
            if error.errno in _FULL:
                what, fix = f"disk full while writing {where}: {error.strerror}", "make room, then run it again"
            elif error.errno in _DENIED:
                what, fix = f"no permission for {where}: {error.strerror}", "check who owns the bucket's directory"
            elif error.errno == errno.EROFS:
                what, fix = (
                    f"{where} is on a read-only filesystem",
                    "mount it writable, or name another place",
                )
            else:
                what, fix = f"cannot use {where}: {error.strerror or error}", ""
            raise StorageError(what, fix=fix) from error
