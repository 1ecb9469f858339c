"""What a store really keeps to, found by trying: many ignore conditions, all or some, or only on versioned buckets.

Every probe has a name of its own below `.tidegate/`, so probes of several publishers do not meet. An identity that
may write at all needs to be allowed to write and delete there.

Some stores keep a condition in turn but not in races. Two at once are therefore tried too; only for the end of a
multipart upload not, which is never relied on alone (`claim`).
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from publisher.errors import StorageError
from publisher.storage.s3.claim import PRIVATE, Condition, new_mark
from publisher.storage.s3.client import S3Bucket
from publisher.storage.s3.errors import Failure, is_condition, is_transient, status_of
from publisher.storage.s3.integrity import sums, tag_in

ROUNDS = 3
"""Races of two writers each. Stores without atomic conditions lose nearly every one."""

PROBE_LIMIT = 64 * 1024
"""Bytes of a probe that are read at most."""

STALE = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Capabilities:
    """What a store keeps to. `create` and `replace` are needed; for the others there is a slower way."""

    create: bool
    """PUT with If-None-Match: * never overwrites."""
    replace: bool
    """PUT with If-Match overwrites only the object with that tag."""
    complete: bool
    """The same when a multipart upload is completed. In races many do not: so it is done under a claim, always."""
    copy: bool
    """The same for a copy inside the server. If not: the bytes come and go again."""
    quoted_tags: bool
    """Tags in If-Match have their quotes, as HTTP has it."""
    sha256: bool
    """A wrong x-amz-checksum-sha256 is refused, so a stored one can be believed."""
    md5: bool
    """A wrong Content-MD5 is refused. With neither, what was written is read back."""

    @property
    def problem(self) -> str:
        """Why nothing may be published here; empty when it may."""
        if not self.create:
            return "ignores `If-None-Match: *`, so two publishers could overwrite each other"
        if not self.replace:
            return "does not keep `If-Match`, so a publication could overwrite another one unseen"
        return ""


@dataclass(frozen=True)
class ProbeResults:
    """What the probes have shown."""

    capabilities: Capabilities
    not_deleted: StorageError | None
    """Why probes could not be deleted again; None when they were."""
    public: str | StorageError | None
    """What `look` has found."""


Look = Callable[[str, bytes], str | StorageError | None]
"""Looks from outside at a probe, by its key and bytes, while it is there."""


def no_look(key: str, data: bytes) -> None:
    """Nobody looks from outside."""


def measure(bucket: S3Bucket, look: Look = no_look) -> ProbeResults:
    """Try everything out with small objects, and delete them. Raises StorageError when not even a probe is written."""
    probe = _Probe(bucket, f"{PRIVATE}probe-{new_mark()}")
    try:
        capabilities = probe.run()
        seen = look(probe.base + "/once", probe.read(probe.base + "/once"))
    finally:
        not_deleted = probe.clean()
    return ProbeResults(capabilities, not_deleted, seen)


def unsafe(place: str, endpoint: str, problem: str) -> StorageError:
    """The refusal of a store on which two publishers could both win."""
    return StorageError(
        f"{place} cannot be published to safely: {endpoint} {problem}; nothing was written",
        fix="use a store that keeps conditional writes; a versioned bucket may be the reason",
    )


@dataclass
class _Probe:
    bucket: S3Bucket
    base: str
    written: set[tuple[str, str | None]] = field(default_factory=set)
    """Keys, with the version where the bucket keeps versions."""
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> Capabilities:
        first = self.base + "/once"
        self.put(first, b"first", Condition(None), must=True)
        create = not self.put(first, b"other", Condition(None)) and self.race(self._put)
        replace, quoted = self.swap(first)
        sha256 = not self.put(self.base + "/sha256", b"wrong", None, wrong="ChecksumSHA256")
        md5 = sha256 or not self.put(self.base + "/md5", b"wrong", None, wrong="ContentMD5")
        return Capabilities(
            create=create,
            replace=replace,
            complete=not self.complete(first),
            copy=not self.copy(first),
            quoted_tags=quoted,
            sha256=sha256,
            md5=md5,
        )

    def swap(self, key: str) -> tuple[bool, bool]:
        """(compare-and-swap works, with quoted tags)"""
        for quoted in (True, False):
            if self.put(key, b"stale", Condition(STALE, quoted)):
                return False, quoted
            tag = tag_in(self.bucket.call("head_object", key))
            if self.put(key, f"swapped {quoted}".encode(), Condition(tag, quoted)):
                return self.race(self._put, swap=True, quoted=quoted), quoted
        return False, True

    def race(self, act: Callable[[str, bytes, Condition], None], *, swap: bool = False, quoted: bool = True) -> bool:
        """Whether two writers at once never both win."""
        for _ in range(ROUNDS):
            key = f"{self.base}/race-{next(self.numbers)}"
            tag = None
            if swap:
                self.put(key, b"start", None)
                tag = tag_in(self.bucket.call("head_object", key))
            given = Condition(tag, quoted)
            barrier = threading.Barrier(2)

            def run(
                data: bytes, key: str = key, given: Condition = given, barrier: threading.Barrier = barrier
            ) -> bool:
                barrier.wait()
                try:
                    act(key, data, given)
                except Failure as error:
                    if is_condition(error) or is_transient(error):
                        return False
                    raise self.bucket.translated(error, "put_object", key) from error
                return True

            with ThreadPoolExecutor(2) as pool:
                if sum(pool.map(run, (b"one", b"two"))) > 1:
                    return False
        return True

    def complete(self, key: str) -> bool:
        """Whether a multipart upload overwrites in spite of its condition; also True where there are none."""
        data = b"part"
        checks = sums(data, hashlib.sha256(data).hexdigest(), md5=False)
        try:
            upload = self.bucket.once("create_multipart_upload", key, ChecksumAlgorithm="SHA256")["UploadId"]
            try:
                tag = self.bucket.once("upload_part", key, UploadId=upload, PartNumber=1, Body=data, **checks)["ETag"]
                part = {"PartNumber": 1, "ETag": tag, "ChecksumSHA256": checks["ChecksumSHA256"]}
                answer = self.bucket.once(
                    "complete_multipart_upload",
                    key,
                    UploadId=upload,
                    MultipartUpload={"Parts": [part]},
                    **Condition(None).arguments,
                )
                self.note(key, answer)
            except Failure:
                self.bucket.once("abort_multipart_upload", key, UploadId=upload)
                raise
        except Failure as error:
            return not is_condition(error)
        return True

    def copy(self, source: str) -> bool:
        """Whether a copy overwrites in spite of its condition; also True where there are none."""
        key = self.base + "/copy"
        self.put(key, b"here first", None)
        origin = {"Bucket": self.bucket.address.bucket, "Key": self.bucket.address.prefix + source}
        try:
            self.note(key, self.bucket.once("copy_object", key, CopySource=origin, **Condition(None).arguments))
            return True
        except Failure as error:
            if not is_condition(error):
                return True

        def copy(key: str, _: bytes, condition: Condition) -> None:
            self.note(key, self.bucket.once("copy_object", key, CopySource=origin, **condition.arguments))

        return not self.race(copy)

    def put(self, key: str, data: bytes, condition: Condition | None, *, wrong: str = "", must: bool = False) -> bool:
        """Whether the store took it. Raises StorageError when it is not the condition or the checksum that it minds."""

        def act() -> bool:
            try:
                self._put(key, data, condition, wrong)
            except Failure as error:
                if is_condition(error) and not must:
                    return self.read(key) == data  # ours after all, if an earlier answer was lost
                if wrong and HTTPStatus.BAD_REQUEST <= status_of(error) < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return False
                raise
            return True

        return self.bucket.repeat("put_object", key, act)

    def _put(self, key: str, data: bytes, condition: Condition | None, wrong: str = "") -> None:
        checks = sums(data, hashlib.sha256(data).hexdigest(), md5=wrong == "ContentMD5")
        if wrong:
            other = sums(b"else", hashlib.sha256(b"else").hexdigest(), md5=True)
            checks = {wrong: other[wrong]}
        arguments = condition.arguments if condition else {}
        self.note(key, self.bucket.once("put_object", key, Body=data, **checks, **arguments))

    def read(self, key: str) -> bytes:
        """The bytes of a probe. Raises StorageError."""
        with self.bucket.call("get_object", key)["Body"] as stream:
            data: bytes = stream.read(PROBE_LIMIT)
            return data

    def note(self, key: str, answer: dict[str, Any]) -> None:
        """Remember what is to be deleted."""
        self.written.add((key, answer.get("VersionId")))

    def clean(self) -> StorageError | None:
        """Delete all probes; a version where that is allowed, else the object."""
        problem = None
        for key, version in sorted(self.written, key=lambda probe: (probe[0], probe[1] or "")):
            for arguments in ([{"VersionId": version}] if version else []) + [{}]:
                try:
                    self.bucket.call("delete_object", key, **arguments)
                    break
                except StorageError as error:
                    problem = error if not arguments else problem
        return problem
