"""Writing to S3 under a condition: one PUT, parts in parallel, or a copy; and finding out what a lost answer was.

Every write carries a random mark in its metadata. When an answer is lost, or the store says that the condition is
not met, the object is looked at: our mark means that the write took effect, however it ended.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from publisher.errors import InputError, StorageConflict, StorageError
from publisher.storage.protocol import CHUNK, Body, CheckedReader, ObjectMeta, Progress
from publisher.storage.s3.claim import MARK, Condition, claimed, head, mark_of
from publisher.storage.s3.client import S3Bucket
from publisher.storage.s3.errors import Failure, code_of, is_condition, is_missing, is_transient
from publisher.storage.s3.integrity import (
    MAX_PART_SIZE,
    MAX_PARTS,
    base64_of,
    composite,
    part_size_of,
    stored_sha256,
    sums,
    tag_in,
)

COPY_PART = 1024 * 1024 * 1024
COPY_LIMIT = 5 * COPY_PART
"""S3 copies at most this many bytes in one request, and takes as many in one PUT."""

WORKERS = 4
REFUSALS = 4
"""How often a store may call a condition unmet although the object looks as expected."""


@dataclass(frozen=True)
class PutResult:
    """An object after a write: its tag, and whether this very write put it there."""

    tag: str
    ours: bool


Aftermath = Callable[[Mapping[str, Any] | None], PutResult | None]
"""Judges the HEAD of the object (None: there is none): who has written, or None if nobody has and it may be sent
again. Raises StorageConflict."""


@dataclass(frozen=True)
class Upload:
    """One conditional write of one key."""

    bucket: S3Bucket
    key: str
    meta: ObjectMeta
    condition: Condition
    look: Aftermath
    mark: str
    md5: bool
    """Send MD5 too, as the store does not look at SHA-256."""

    def put(self, data: bytes, sha256: str) -> PutResult:
        """The whole object in one request, from memory."""
        checks = sums(data, sha256, md5=self.md5)
        return self._settle("put_object", lambda: {"Body": data, **checks, **self._headers()})

    def put_stream(self, body: Body, progress: Progress | None) -> PutResult:
        """The whole object in one request, read from its source while it is sent."""
        checks = {"ChecksumSHA256": base64_of(body.sha256)}
        if self.md5:
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in body.chunks():
                digest.update(chunk)
            checks["ContentMD5"] = b64encode(digest.digest()).decode()
        report = _Reported(progress)

        def send() -> PutResult:
            with body.open() as reader:
                return self._send(
                    "put_object",
                    {"Body": _Reporting(reader, report), "ContentLength": body.size, **checks, **self._headers()},
                )

        return self._settle_with("put_object", send)

    def put_parts(self, body: Body, progress: Progress | None, part_size: int, workers: int) -> PutResult:
        """The object in parts, read once from its source; it appears when all of them are there."""
        size = part_size_of(body.size, part_size)
        if size > MAX_PART_SIZE:
            raise InputError(f"{body.name} is larger than the {MAX_PARTS * MAX_PART_SIZE} bytes that Tidegate uploads")
        sent: list[dict[str, Any]] = []

        def send(upload_id: str, pool: ThreadPoolExecutor) -> list[dict[str, Any]]:
            sent.extend(self._send_parts(reader, body.size, size, upload_id, pool, workers, progress))
            return sent

        with body.open() as reader:
            written = self._multipart(send, workers)
        if written.ours:
            self._check_whole(body.size, composite([b64decode(part["ChecksumSHA256"]) for part in sent]))
        return written

    def copy(self, source: str, tag: str, size: int, part: int = COPY_PART, limit: int = COPY_LIMIT) -> PutResult:
        """The object from another one of the bucket, which must still have this tag."""
        origin = {
            "CopySource": {"Bucket": self.bucket.address.bucket, "Key": self.bucket.address.prefix + source},
            "CopySourceIfMatch": f'"{tag}"',
        }
        if size <= limit:
            return self._settle("copy_object", lambda: {**origin, "MetadataDirective": "REPLACE", **self._headers()})
        ranges = [(start, min(start + part, size) - 1) for start in range(0, size, part)]

        def send(upload_id: str, pool: ThreadPoolExecutor) -> list[dict[str, Any]]:
            def copy_part(number: int, first: int, last: int) -> dict[str, Any]:
                answer = self.bucket.call(
                    "upload_part_copy",
                    self.key,
                    **origin,
                    CopySourceRange=f"bytes={first}-{last}",
                    UploadId=upload_id,
                    PartNumber=number,
                )["CopyPartResult"]
                kept = {name: answer[name] for name in ("ChecksumSHA256",) if name in answer}
                return {"PartNumber": number, "ETag": answer["ETag"], **kept}

            futures = [pool.submit(copy_part, number, *pair) for number, pair in enumerate(ranges, 1)]
            return [future.result() for future in futures]

        return self._multipart(send, WORKERS)

    # --- parts

    def _multipart(self, send: Callable[[str, ThreadPoolExecutor], list[dict[str, Any]]], workers: int) -> PutResult:
        headers = self._headers(condition=False)
        upload_id = str(
            self.bucket.call("create_multipart_upload", self.key, ChecksumAlgorithm="SHA256", **headers)["UploadId"]
        )
        try:
            with ThreadPoolExecutor(workers, thread_name_prefix="part") as pool:
                parts = send(upload_id, pool)
            written = self._settle_with("complete_multipart_upload", lambda: self._complete(upload_id, parts))
        except BaseException:
            self._abort(upload_id)
            raise
        if not written.ours:
            self._abort(upload_id)
        return written

    def _send_parts(
        self,
        reader: CheckedReader,
        left: int,
        size: int,
        upload_id: str,
        pool: ThreadPoolExecutor,
        workers: int,
        progress: Progress | None,
    ) -> list[dict[str, Any]]:
        """Read forward, and hold no more parts in memory than are being sent, and one that is being read."""
        running: deque[tuple[Future[dict[str, Any]], int]] = deque()
        done: list[dict[str, Any]] = []

        def collect() -> None:
            future, length = running.popleft()
            done.append(future.result())
            if progress:
                progress(length)

        try:
            while left:
                while len(running) >= workers:
                    collect()
                data = _read(reader, min(size, left))
                left -= len(data)
                number = len(done) + len(running) + 1
                running.append((pool.submit(self._send_part, upload_id, number, data), len(data)))
            while running:
                collect()
        finally:
            for future, _ in running:
                future.cancel()
        return done

    def _send_part(self, upload_id: str, number: int, data: bytearray) -> dict[str, Any]:
        digest = hashlib.sha256(data)
        checks = sums(data, digest.hexdigest(), md5=self.md5)
        answer = self.bucket.call("upload_part", self.key, UploadId=upload_id, PartNumber=number, Body=data, **checks)
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checks["ChecksumSHA256"]}

    def _complete(self, upload_id: str, parts: list[dict[str, Any]]) -> PutResult:
        """Under a claim, as many stores let two completions at once both win, and some ignore the condition."""
        with claimed(self.bucket, self.key, quoted=self.condition.quoted):
            written = self.look(head(self.bucket, self.key))
            if written is not None:
                return written
            arguments = {"UploadId": upload_id, "MultipartUpload": {"Parts": parts}, **self.condition.arguments}
            return self._send("complete_multipart_upload", arguments)

    def _check_whole(self, size: int, checksum: str) -> None:
        """Were the parts, each of which was checked, put together as they should?"""
        answer = head(self.bucket, self.key)
        if answer is None or mark_of(answer) not in (self.mark, None):
            return  # somebody may have removed or replaced it since
        stored = stored_sha256(answer)
        if answer["ContentLength"] != size or (stored and "-" in stored and stored != checksum):
            raise StorageError(
                f"{self.key} was put together wrongly in {self.bucket.address.place}",
                fix="delete it by hand, then run the command again",
            )

    def _abort(self, upload_id: str) -> None:
        """Take back what is unfinished; what cannot be taken back now, the bucket's lifecycle or `prepare` will."""
        with suppress(*Failure):
            self.bucket.once("abort_multipart_upload", self.key, UploadId=upload_id)

    # --- what became of it

    def _headers(self, *, condition: bool = True) -> dict[str, Any]:
        headers: dict[str, Any] = {
            "ContentType": self.meta.content_type,
            "CacheControl": self.meta.cache_control,
            "Metadata": {MARK: self.mark},
        }
        if self.meta.content_disposition is not None:
            headers["ContentDisposition"] = self.meta.content_disposition
        return {**headers, **self.condition.arguments} if condition else headers

    def _send(self, operation: str, arguments: dict[str, Any]) -> PutResult:
        answer = self.bucket.once(operation, self.key, **arguments)
        return PutResult(tag_in(answer.get("CopyObjectResult", answer)), True)

    def _settle(self, operation: str, arguments: Callable[[], dict[str, Any]]) -> PutResult:
        return self._settle_with(operation, lambda: self._send(operation, arguments()))

    def _settle_with(self, operation: str, send: Callable[[], PutResult]) -> PutResult:
        """Send until it is known who has written the object."""
        refused = 0
        for last in self.bucket.patience.tries():
            try:
                return send()
            except Failure as error:
                missing = is_missing(error)  # Amazon's answer where If-Match finds no object; or a copy's source
                gone = code_of(error) == "NoSuchUpload"  # completed by a try whose answer was lost, or aborted
                condition = is_condition(error)
                if not (condition or gone or missing or is_transient(error)):
                    raise self.bucket.translated(error, operation, self.key) from error
                written = self.look(head(self.bucket, self.key))
                if written is not None:
                    return written
                refused += condition
                if refused >= REFUSALS:
                    raise StorageConflict(
                        f"{self.bucket.endpoint} reports {self.key} in {self.bucket.address.place} as taken,"
                        " but there is no such object",
                        fix="look whether it is a folder of other objects there, or somebody is writing it just now",
                    ) from error
                if last or gone or missing:
                    raise self.bucket.translated(error, operation, self.key) from error
        raise AssertionError("the last try returns or raises")


def _read(reader: CheckedReader, size: int) -> bytearray:
    data = bytearray(size)
    with memoryview(data) as view:
        filled = 0
        while filled < size:
            filled += reader.readinto(view[filled : filled + CHUNK])
    return data


class _Reported:
    """Progress over several tries: only what no earlier one has told."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._reported = 0

    def at(self, position: int) -> None:
        if self._progress and position > self._reported:
            self._progress(position - self._reported)
            self._reported = position


class _Reporting:
    """A reader for botocore that tells how far it has come."""

    def __init__(self, reader: CheckedReader, report: _Reported) -> None:
        self._reader = reader
        self._reported = report

    def __len__(self) -> int:
        return len(self._reader)

    def read(self, size: int = -1) -> bytes:
        """More than is asked for: the sender asks for 16 KiB, and sends whatever it gets."""
        data = self._reader.read(max(size, CHUNK)) or b""
        self._reported.at(self._reader.tell())
        return data

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._reader.seek(offset, whence)
