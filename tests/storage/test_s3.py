"""The storage on a real S3 server keeps the contract, with small files and with files in parts; and what it adds."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import StorageConflict, StorageMissing
from publisher.storage.protocol import Body, ObjectMeta, Storage
from publisher.storage.s3.integrity import MIB
from publisher.storage.s3.probe import Capabilities
from publisher.storage.s3.store import S3Storage
from tests.storage.conftest import BIG, MakeStorage
from tests.storage.contract import META, StorageContract, UnpreparedContract, body, content, keys
from tests.support.seaweed import SeaweedServer

pytestmark = pytest.mark.system


class TestS3(StorageContract, UnpreparedContract):
    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known)

    @pytest.fixture
    def storage(self, unprepared: Storage) -> Storage:
        unprepared.prepare()
        return unprepared


class TestS3InParts(TestS3):
    """Files of more than 5 MiB go up in parts."""

    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB)


class TestS3Streamed(TestS3):
    """Nearly everything goes up in one piece, read while it is sent."""

    @pytest.fixture
    def unprepared(self, make: MakeStorage, known: Capabilities) -> Storage:
        return make(capabilities=known, part_size=2)


# --- what is written besides bytes


def test_headers(s3: S3Storage, seaweed: SeaweedServer, shared_bucket: str, own_prefix: str) -> None:
    meta = ObjectMeta("text/x-test", "public, max-age=31536000, immutable", 'attachment; filename="x"')
    small = make_small(s3, meta)
    for key in small:
        found = seaweed.client().head_object(Bucket=shared_bucket, Key=f"{own_prefix}/{key}")
        assert found["ContentType"] == "text/x-test"
        assert found["CacheControl"] == "public, max-age=31536000, immutable"
        assert found["ContentDisposition"] == 'attachment; filename="x"'


def make_small(storage: S3Storage, meta: ObjectMeta) -> list[str]:
    storage.create("a", body("one"), meta)
    storage.create("big", Body.from_bytes(bytes(17 * MIB)), meta)
    storage.copy("a", "b", meta)
    storage.replace("c", body("one"), meta, None)
    return ["a", "big", "b", "c"]


def test_listing_has_pages(s3: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = s3.bucket.once
    pages: list[str] = []

    def once(operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        if operation == "list_objects_v2":
            pages.append(operation)
            arguments["MaxKeys"] = 3
        return real(operation, key, **arguments)

    written = [f"a/{number:02}" for number in range(8)] + ["a-b", "b"]
    for key in written:
        s3.create(key, body(key), META)
    monkeypatch.setattr(s3.bucket, "once", once)
    assert keys(s3) == sorted(written)
    assert len(pages) == 4


def test_a_large_copy_goes_in_parts(make: MakeStorage, known: Capabilities, s3: S3Storage) -> None:
    storage = make(capabilities=known, copy_limit=6 * MIB, copy_part=5 * MIB)
    storage.create("big", Body.from_bytes(BIG), META)
    assert storage.copy("big", "copy", META) is True
    assert content(storage, "copy") == BIG
    assert storage.copy("big", "copy", META) is False
    storage.create("other", Body.from_bytes(BIG[::-1]), META)
    with pytest.raises(StorageConflict):
        storage.copy("other", "copy", META)
    with pytest.raises(StorageMissing):
        storage.copy("nothing", "copy", META)


def test_parts_in_parallel_from_one_reading(
    s3: S3Storage, make: MakeStorage, known: Capabilities, tmp_path: Path
) -> None:
    """40 MB in parts of 5 MiB: opened once, several parts on their way, and never many in memory."""
    storage = make(capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB, workers=3)
    data = hashlib.shake_256(b"seed").digest(40_000_000)
    source = tmp_path / "big"
    source.write_bytes(data)
    opened: list[object] = []
    promised = Body.from_file(source, len(data), hashlib.sha256(data).hexdigest())

    def counted() -> Any:
        opened.append(1)
        return promised.source()

    running = 0
    most = 0
    lock = threading.Lock()
    real = storage.bucket.once

    def once(operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        nonlocal running, most
        if operation != "upload_part":
            return real(operation, key, **arguments)
        with lock:
            running += 1
            most = max(most, running)
        try:
            return real(operation, key, **arguments)
        finally:
            with lock:
                running -= 1

    storage.bucket.once = once  # type: ignore[method-assign]
    one = Body(promised.size, promised.sha256, promised.name, counted)
    told: list[int] = []
    assert storage.create("big", one, META, told.append) is True
    assert len(opened) == 1
    assert 2 <= most <= 3
    assert sum(told) == len(data) and len(told) == 8
    assert content(storage, "big") == data
    assert storage.create("big", one, META) is False
