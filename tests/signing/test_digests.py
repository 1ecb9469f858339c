"""One reading gives all digests, and notices a file that changes meanwhile."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from publisher.errors import InputError
from publisher.signing.digests import CHUNK, FileDigests, digest_bytes, digest_file, digest_stream


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_digests_of_a_file(tmp_path: Path, size: int) -> None:
    data = bytes(size)
    (tmp_path / "file").write_bytes(data)
    told: list[int] = []
    expected = FileDigests(size, hashlib.sha256(data).hexdigest(), hashlib.blake2b(data).digest())
    assert digest_file(tmp_path / "file", told.append) == expected
    assert sum(told) == size
    assert digest_stream(io.BytesIO(data)) == digest_bytes(data) == expected


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * CHUNK))

    def grow(_: int) -> None:
        with path.open("ab") as file:
            file.write(b"x")

    with pytest.raises(InputError, match="changed while it was being read"):
        digest_file(path, grow)


def test_no_more_than_one_byte_past_the_limit_is_read() -> None:
    stream = io.BytesIO(bytes(10))
    assert digest_stream(stream, limit=10).size == 10
    stream.seek(0)
    assert digest_stream(stream, limit=4).size == 5
    assert stream.tell() == 5


def test_a_file_that_is_rewritten_with_the_same_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(CHUNK))

    def rewrite(_: int) -> None:
        path.write_bytes(b"x" * CHUNK)
        os.utime(path, ns=(0, 12345))

    with pytest.raises(InputError, match="changed while it was being read"):
        digest_file(path, rewrite)


def test_a_file_that_is_exchanged_for_another(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    found = path.stat()

    def exchange(_: int) -> None:
        (tmp_path / "other").write_bytes(b"two")
        os.utime(tmp_path / "other", ns=(found.st_atime_ns, found.st_mtime_ns))
        (tmp_path / "other").replace(path)

    with pytest.raises(InputError, match="changed while it was being read"):
        digest_file(path, exchange)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="there is no file"):
        digest_file(tmp_path / "missing")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(InputError, match="is not a file"):
            digest_file(path)
