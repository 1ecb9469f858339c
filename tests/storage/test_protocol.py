"""Bodies prove what they promised before they give out their end; addresses become storages."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from publisher.errors import InputError, StorageError
from publisher.storage.open import open_storage
from publisher.storage.protocol import MARKER, Body, check_key, check_marker


def test_a_wrong_body_never_gives_out_its_end(tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"abcdefgX")
    received = b""
    with (
        Body.from_file(source, 8, hashlib.sha256(b"abcdefgh").hexdigest()).open() as reader,
        pytest.raises(InputError, match="changed while publishing"),
    ):
        while piece := reader.read(3):
            received += piece
    assert received == b"abcdef"


def test_a_body_can_be_read_again_from_the_start() -> None:
    with Body.from_bytes(b"abcdef").open() as reader:
        assert reader.read(4) == b"abcd"
        assert reader.seek(0, io.SEEK_END) == 6 == len(reader)
        assert reader.read(1) == b""
        reader.seek(0)
        assert reader.read() == b"abcdef"
        reader.seek(2)
        with pytest.raises(io.UnsupportedOperation):
            reader.read(1)


def test_bodies_have_no_bytes_in_their_repr() -> None:
    assert "secret" not in repr(Body.from_bytes(b"secret"))


@pytest.mark.parametrize("key", ["a", "a/b.c/d", "ü/日本 x", ".well-known/x", "a" * 255, "...", "~", "%2e%2e"])
def test_good_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b"{}", b'{"tidegate-bucket": true}', b"[" * 4096, b"\xff"])
def test_foreign_markers(data: bytes) -> None:
    with pytest.raises(StorageError, match="is not a Tidegate bucket"):
        check_marker(data, "memory:x")


def test_markers_of_the_future() -> None:
    check_marker(MARKER, "memory:x")
    with pytest.raises(StorageError, match="format 2; this version of Tidegate knows format 1"):
        check_marker(MARKER.replace(b"1", b"2"), "memory:x")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///srv/bucket", "/srv/bucket"),
        ("file://localhost/srv/with%20space", "/srv/with space"),
        ("FILE:/srv/bucket", "/srv/bucket"),
        ("/srv/bucket", "/srv/bucket"),
        ("relative/dir", str(Path("relative/dir").absolute())),
        ("./a:b", str(Path("./a:b").absolute())),
    ],
)
def test_addresses_of_directories(url: str, path: str) -> None:
    assert open_storage(url).url == Path(path).as_uri()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://me:secret@example.org/x", r"https://\*\*\*@example\.org/x: https is not a kind of storage"),
        ("file://example.org/x", "does not name a directory of this machine"),
        ("file:relative", "does not name a directory of this machine"),
        ("file:///x?y", "does not name a directory of this machine"),
        ("file:///x#y", "does not name a directory of this machine"),
        ("", "does not name a directory"),
        ("a\0b", "does not name a directory"),
    ],
)
def test_addresses_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_storage(url)
    assert "use a directory, file:///absolute/directory, or s3://bucket" in str(caught.value)
