"""A bucket on an S3 server: Amazon's, or one of the many that speak like it.

    PREFIX/.tidegate-bucket     the marker: this place is ours
    PREFIX/.tidegate/*          probes and claims: objects that live for a moment
    everything else             objects, under their keys

Writing once is `If-None-Match: *`, compare-and-swap is `If-Match` with the ETag. Some stores ignore these, so they are
tried before the first write (`probe.py`). A store must keep them for a plain PUT; everything else needs only that.

A tag is the ETag, so bytes that come back bring their tag back. What is swapped here carries a version number.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, BinaryIO, cast

from botocore.exceptions import IncompleteReadError

from publisher.errors import InputError, StorageError, StorageMissing
from publisher.storage.protocol import (
    CHUNK,
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
    not_ours,
    not_prepared,
    overtaken,
    too_large,
)
from publisher.storage.s3.address import S3Address
from publisher.storage.s3.claim import PRIVATE, Condition, head, mark_of, new_mark
from publisher.storage.s3.client import S3Bucket
from publisher.storage.s3.errors import is_missing
from publisher.storage.s3.integrity import MIB, PART_SIZE, base64_of, composite_of, part_size_of, stored_sha256, tag_in
from publisher.storage.s3.probe import Capabilities, Look, ProbeResults, measure, no_look, unsafe
from publisher.storage.s3.read import ObjectStream
from publisher.storage.s3.retry import Patience
from publisher.storage.s3.sweep import sweep
from publisher.storage.s3.upload import COPY_LIMIT, COPY_PART, WORKERS, Aftermath, PutResult, Upload

LOOK_FIRST = 1024 * 1024
"""Larger bodies are not sent before a look whether they are there already; smaller ones are not worth the request."""

STREAM_LIMIT = 128 * MIB
"""In one piece a file costs half the hashing, and its checksum later proves it by a HEAD alone; in parts a broken
connection costs less, and long ways are faster."""

KEY_LIMIT = 1024


class S3Storage:
    """Objects of one bucket below one prefix. Safe for threads."""

    def __init__(
        self,
        address: S3Address,
        *,
        patience: Patience | None = None,
        capabilities: Capabilities | None = None,
        stream_limit: int = STREAM_LIMIT,
        part_size: int = PART_SIZE,
        workers: int = WORKERS,
        copy_part: int = COPY_PART,
        copy_limit: int = COPY_LIMIT,
    ) -> None:
        """Sends nothing yet. At most `workers` + 1 parts of `part_size` bytes are in memory for one file.

        Files of more than `stream_limit` bytes go up in parts, smaller ones in one piece.

        Raises StorageError for a server without TLS that is not this machine.
        """
        self._address = address
        self.bucket = S3Bucket(address, patience)
        self._capabilities = capabilities
        self._stream_limit = stream_limit
        self._part_size = part_size
        self._workers = workers
        self._copy_part = copy_part
        self._copy_limit = copy_limit
        self._accepted = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"S3Storage({self.url!r})"

    @property
    def url(self) -> str:
        return self._address.url

    @property
    def capabilities(self) -> Capabilities:
        """What the store keeps to; tried out at the first question. Raises StorageError."""
        with self._lock:
            if self._capabilities is None:
                self._capabilities = measure(self.bucket).capabilities
            return self._capabilities

    def measure(self, look: Look = no_look) -> ProbeResults:
        """Try the store out once more, and go by that from now on. Raises StorageError."""
        measured = measure(self.bucket, look)
        with self._lock:
            self._capabilities = measured.capabilities
        return measured

    # --- the place

    def prepare(self) -> None:
        if not self.is_prepared():
            self._writing()
            condition = Condition(None)
            upload = self._upload(MARKER_KEY, ObjectMeta("application/json"), condition, self._marker_look)
            upload.put(MARKER, hashlib.sha256(MARKER).hexdigest())
        sweep(self.bucket, self._address.prefix)
        self._ready()

    def is_prepared(self) -> bool:
        marker = self._marker()
        if marker is not None:
            check_marker(marker, self.url)
            return True
        if next(self._listed(""), None) is not None:
            raise not_ours(self.url)
        return False

    def _marker(self) -> bytes | None:
        try:
            return self._read(MARKER_KEY, MARKER_LIMIT)[0]
        except StorageMissing:
            return None

    def _marker_look(self, answer: Mapping[str, Any] | None) -> PutResult | None:
        return PutResult(tag_in(answer), False) if answer else None

    def _ready(self) -> None:
        if self._accepted:
            return
        marker = self._marker()
        if marker is None:
            raise not_prepared(self.url)
        check_marker(marker, self.url)
        self._accepted = True

    # --- reading

    def read(self, key: str, limit: int) -> tuple[bytes, str]:
        self._check(key)
        return self._read(key, limit)

    def _read(self, key: str, limit: int) -> tuple[bytes, str]:
        def act() -> tuple[bytes, str]:
            answer = self.bucket.once("get_object", key, ChecksumMode="ENABLED")
            with answer["Body"] as stream:
                if answer.get("ContentLength", 0) > limit:
                    raise too_large(key, self.url, limit)
                data = bytearray()
                # Piece by piece: a store may send more than it says. The empty read at the end proves the checksum.
                while piece := stream.read(CHUNK):
                    data += piece
                    if len(data) > limit:
                        raise too_large(key, self.url, limit)
                # Read in pieces, botocore takes an answer that was cut off for a whole one.
                if len(data) != (promised := answer.get("ContentLength", len(data))):
                    raise IncompleteReadError(actual_bytes=len(data), expected_bytes=promised)
                return bytes(data), tag_in(answer)

        with self._missing(key):
            return self.bucket.repeat("get_object", key, act)

    @contextmanager
    def open(self, key: str, limit: int) -> Iterator[BinaryIO]:
        self._check(key)
        with self._missing(key):
            download = ObjectStream(self.bucket, key)
        if download.size > limit:
            download.close()
            raise too_large(key, self.url, limit)
        with BufferedReader(download, CHUNK) as stream:
            yield cast("BinaryIO", stream)

    def stat(self, key: str) -> Stat | None:
        self._check(key)
        answer = head(self.bucket, key)
        return Stat(key, answer["ContentLength"], tag_in(answer)) if answer else None

    def list(self, prefix: str) -> Iterator[Stat]:
        """Not every store orders keys by their bytes, so all pages are read before the first one is given out."""
        check_prefix(prefix)
        self._ready()
        yield from sorted(self._listed(prefix), key=lambda stat: stat.key.encode())

    def _listed(self, prefix: str) -> Iterator[Stat]:
        """What is there, but for what is private to this module, in the store's order."""
        more: dict[str, str] = {}
        while True:
            page = self.bucket.call("list_objects_v2", Prefix=self._address.prefix + prefix, **more)
            for entry in page.get("Contents", []):
                key = entry["Key"].removeprefix(self._address.prefix)
                if key and key != MARKER_KEY and not key.startswith(PRIVATE):
                    yield Stat(key, entry["Size"], tag_in(entry))
            token = page.get("NextContinuationToken")
            if not page.get("IsTruncated") or not token:
                return
            more = {"ContinuationToken": token}

    # --- writing

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Progress | None = None) -> bool:
        self._check(key)
        self._writing()
        mark = new_mark()
        look = self._write_once_look(mark, lambda answer: self._need_same(key, answer, body))
        if body.size > LOOK_FIRST and (there := look(head(self.bucket, key))):
            if progress:
                progress(body.size)
            return there.ours
        return self._write(self._upload(key, meta, Condition(None), look, mark), body, progress).ours

    def replace(self, key: str, body: Body, meta: ObjectMeta, expected_tag: str | None) -> str:
        self._check(key)
        self._writing()
        mark = new_mark()

        def look(answer: Mapping[str, Any] | None) -> PutResult | None:
            if answer is not None and mark_of(answer) == mark:
                return PutResult(tag_in(answer), True)
            if (tag_in(answer) if answer else None) != expected_tag:
                raise overtaken(key, self.url)
            return None

        condition = Condition(expected_tag, self.capabilities.quoted_tags)
        return self._write(self._upload(key, meta, condition, look, mark), body, None).tag

    def copy(self, source: str, key: str, meta: ObjectMeta) -> bool:
        """Inside the server where it keeps the condition of a copy; else through this machine's disk."""
        self._check(source)
        self._check(key)
        self._writing()
        origin = head(self.bucket, source)
        if origin is None:
            raise StorageMissing(f"there is no {source} in {self.url}")
        if not self.capabilities.copy:
            return self._copy_by_hand(source, key, meta, origin["ContentLength"])

        def need_same(answer: Mapping[str, Any]) -> None:
            if not self._same_checksum(origin, answer):
                with self._fetched(source, origin["ContentLength"]) as body:
                    self._need_same(key, answer, body)

        mark = new_mark()
        look = self._write_once_look(mark, need_same)
        there = look(head(self.bucket, key))
        if there is not None:
            return there.ours
        upload = self._upload(key, meta, Condition(None), look, mark)
        size = origin["ContentLength"]
        return upload.copy(source, tag_in(origin), size, self._copy_part, self._copy_limit).ours

    def delete(self, key: str) -> None:
        self._check(key)
        self.bucket.call("delete_object", key)

    # --- how

    def _check(self, key: str) -> None:
        """Before any use of a key: it is valid, and the place is ours."""
        check_key(key)
        if len((self._address.prefix + key).encode()) > KEY_LIMIT:
            raise InputError(f"the object key {key!r} is longer than {KEY_LIMIT} bytes, with the bucket's prefix")
        self._ready()

    def _writing(self) -> None:
        """Refuse a store that two writers could both win."""
        problem = self.capabilities.problem
        if problem:
            raise unsafe(self._address.place, self.bucket.endpoint, problem)

    def _write_once_look(self, mark: str, need_same: Callable[[Mapping[str, Any]], None]) -> Aftermath:
        """What a HEAD says of a write with this mark: ours, or else the same bytes; `need_same` refuses any others."""

        def look(answer: Mapping[str, Any] | None) -> PutResult | None:
            if answer is None:
                return None
            if not (ours := mark_of(answer) == mark):
                need_same(answer)
            return PutResult(tag_in(answer), ours)

        return look

    def _upload(
        self,
        key: str,
        meta: ObjectMeta,
        condition: Condition,
        look: Aftermath,
        mark: str | None = None,
    ) -> Upload:
        return Upload(self.bucket, key, meta, condition, look, mark or new_mark(), md5=not self.capabilities.sha256)

    def _write(self, upload: Upload, body: Body, progress: Progress | None) -> PutResult:
        if body.size <= self._part_size:
            written = upload.put(b"".join(body.chunks(progress)), body.sha256)
        elif body.size <= self._stream_limit:
            written = upload.put_stream(body, progress)
        else:
            written = upload.put_parts(body, progress, self._part_size, self._workers)
        if written.ours and not (self.capabilities.sha256 or self.capabilities.md5):
            self._read_back(upload.key, body)
        return written

    def _read_back(self, key: str, body: Body) -> None:
        """For a store that looks at no checksum: does it give what it was given?"""
        if self._sha256_of(key, body.size) != body.sha256:
            raise StorageError(
                f"{key} arrived damaged in {self._address.place}: its server does not check checksums",
                fix="delete it by hand, then run the command again",
            )

    def _need_same(self, key: str, answer: Mapping[str, Any], body: Body) -> None:
        if not self._same(key, answer, body):
            raise differs(key, self.url)

    def _same(self, key: str, answer: Mapping[str, Any], body: Body) -> bool:
        """Whether an object has the body's bytes: by a checksum that the store proves, else by reading it."""
        if answer["ContentLength"] != body.size:
            return False
        stored = stored_sha256(answer) if self.capabilities.sha256 else ""
        if stored and "-" not in stored:
            return stored == base64_of(body.sha256)
        if stored and composite_of(body, part_size_of(body.size, self._part_size)) == stored:
            return True
        return self._sha256_of(key, body.size) == body.sha256

    def _same_checksum(self, answer: Mapping[str, Any], other_answer: Mapping[str, Any]) -> bool:
        """Whether two objects have the same bytes by checksum alone; False says nothing."""
        stored = stored_sha256(answer) if self.capabilities.sha256 else ""
        return (
            bool(stored)
            and stored == stored_sha256(other_answer)
            and answer["ContentLength"] == other_answer["ContentLength"]
        )

    def _sha256_of(self, key: str, size: int) -> str:
        with self.open(key, size) as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
            return digest.hexdigest()

    @contextmanager
    def _fetched(self, key: str, limit: int) -> Iterator[Body]:
        """An object of at most `limit` bytes as a body, in a file of its own that is gone afterwards."""
        with tempfile.NamedTemporaryFile(prefix="tidegate-") as file:
            digest = hashlib.sha256()
            size = 0
            with self.open(key, limit) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    size += file.write(chunk)
            file.flush()

            def again() -> BinaryIO:
                return cast("BinaryIO", open(file.name, "rb", buffering=0))  # noqa: PTH123

            yield Body(size, digest.hexdigest(), key, again)

    def _copy_by_hand(self, source: str, key: str, meta: ObjectMeta, size: int) -> bool:
        with self._fetched(source, size) as body:
            return self.create(key, body, meta)

    @contextmanager
    def _missing(self, key: str) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            if error.__cause__ is not None and is_missing(error.__cause__):
                raise StorageMissing(f"there is no {key} in {self.url}") from error.__cause__
            raise
