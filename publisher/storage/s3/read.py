"""Reading a large object as a stream that goes on after a broken connection."""

from __future__ import annotations

import io
from typing import Any

from publisher.errors import StorageError
from publisher.storage.s3.client import S3Bucket
from publisher.storage.s3.errors import Failure, is_condition
from publisher.storage.s3.integrity import tag_in


class ObjectStream(io.RawIOBase):
    """Read forward, once. Raises StorageError when it cannot go on, or when the object is replaced meanwhile."""

    def __init__(self, bucket: S3Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._position = 0
        self._stream: Any = None
        answer = bucket.call("get_object", key)
        self._stream = answer["Body"]
        if "ContentLength" not in answer:
            self.close()
            raise StorageError(f"{bucket.endpoint} does not say how long {key} is")
        self.size = int(answer["ContentLength"])
        """In bytes, as the store says; no more is read."""
        self._tag = tag_in(answer)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self.size:
            return 0
        view = memoryview(buffer).cast("B")
        data = self._bucket.repeat("get_object", self._key, lambda: self._some(len(view)))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _some(self, size: int) -> bytes:
        try:
            if self._stream is None:
                self._resume()
            data: bytes = self._stream.read(min(size, self.size - self._position))
            if not data:
                raise ConnectionError("the stream ended too early")
            return data
        except Failure:
            self._drop()
            raise

    def _resume(self) -> None:
        try:
            answer = self._bucket.once(
                "get_object", self._key, Range=f"bytes={self._position}-", IfMatch=f'"{self._tag}"'
            )
        except Failure as error:
            if is_condition(error):
                raise StorageError(
                    f"{self._key} in {self._bucket.address.place} was replaced while it was read"
                ) from error
            raise
        self._stream = answer["Body"]
        if self._position and not answer.get("ContentRange", "").startswith(f"bytes {self._position}-"):
            raise StorageError(f"{self._bucket.endpoint} cannot go on in the middle of {self._key}")

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
