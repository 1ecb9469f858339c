"""Whatever a server sends and whatever somebody signed: a reader stops at its own limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.channel.audit import channel as audit_module
from publisher.channel.audit import site
from publisher.channel.audit.channel import audit
from publisher.errors import StorageError, StorageTooLarge
from publisher.model.records.site_manifest import SitePage
from publisher.pipeline.bucket_reader import SMALL, Pending
from publisher.pipeline.operate.verify import StoreSource, WebSource
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body
from publisher.storage.s3.address import S3Address
from publisher.storage.s3.store import S3Storage
from tests.support.project import Project

URL = "https://bucket.example.org"
CHUNK = b"\0" * 65_536


class Endless(FetcherInterface):
    """A web server whose answer for one address never ends; it counts what was taken."""

    def __init__(self, project: Project, endless: str) -> None:
        self.project, self.endless, self.sent = project, endless, 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        key = url.removeprefix(f"{URL}/")
        if key == self.endless:
            while True:
                self.sent += len(CHUNK)
                yield CHUNK
        path = self.project.bucket / key
        if not path.is_file():
            raise DownloadHTTPError("there is none", 404)
        yield path.read_bytes()


@pytest.mark.parametrize(
    ("file", "words", "limit"),
    [
        ("releases/node/1.0.0/node-1.0.0-linux-amd64.tar.gz", "was not read further", 100_000),
        ("releases/node/1.0.0/SHA256SUMS", "cannot be ours", SMALL + len(CHUNK)),
        ("tuf/metadata/timestamp.json", "cannot be ours", SMALL + len(CHUNK)),
        ("tuf/metadata/1.node.stable.json", "cannot be ours", SMALL + len(CHUNK)),
        ("tuf/metadata/2.root.json", "every client stops there", SMALL + len(CHUNK)),
    ],
)
def test_an_answer_without_end_is_cut_off_and_named(published: Project, file: str, words: str, limit: int) -> None:
    server = Endless(published, file)
    found = audit(WebSource(URL, server), published.root, published.now)
    assert any(
        one.level == "error" and file in f"{one.where} {one.what}" and words in one.what for one in found.findings
    )
    assert 0 < server.sent <= limit


@pytest.mark.parametrize("module", [audit_module])
def test_a_length_that_somebody_signed_is_not_read_to_its_end(
    published: Project, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    """As after a theft: the metadata claims more than any file of ours has."""
    monkeypatch.setattr(module, "FILE_LIMIT", 1000)
    [target] = (published.bucket / "tuf/targets/artifacts/node/stable/1.0.0").glob("*linux*")
    server = Endless(published, str(target.relative_to(published.bucket)))
    found = audit(WebSource(URL, server), published.root, published.now)
    assert any("more than the 1000 allowed" in one.what for one in found.findings)
    assert server.sent <= len(CHUNK)


def test_a_page_is_read_up_to_a_limit_of_ours(monkeypatch: pytest.MonkeyPatch, published: Project) -> None:
    monkeypatch.setattr(site, "PAGE_LIMIT", 10)
    asked: dict[str, int] = {}
    pages = {"index.html": SitePage(size=10**12, sha256="0" * 64)}
    monkeypatch.setattr(site, "_signed_pages", lambda *_: pages)

    def digests(sizes: dict[str, int]) -> list[None]:
        asked.update(sizes)
        return [None for _ in sizes]

    site.audit_site(StoreSource(published.storage()), published.root, None, digests)  # type: ignore[arg-type]
    assert asked == {"index.html": 10}


def test_a_small_object_of_the_web_is_small() -> None:
    class Web(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            while True:
                yield CHUNK

    with pytest.raises(StorageTooLarge, match=f"larger than the {SMALL} bytes"):
        WebSource(URL, Web()).read("x")
    digests = WebSource(URL, Web()).digest("x", 100)
    assert digests is not None
    assert digests.size == 101


def test_what_is_planned_is_bounded_as_what_is_there() -> None:
    storage = MemoryStorage()
    storage.prepare()
    with pytest.raises(StorageTooLarge):
        Pending(storage, {"a": Body.from_bytes(b"four")}).read("a", 3)


class Stream:
    """The body of an answer that says nothing of its length, or too little."""

    sent = 0

    def read(self, size: int | None = None) -> bytes:
        assert size is not None, "a read to the end has no limit"
        self.sent += size
        return b"\0" * size

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize("claimed", [{}, {"ContentLength": 3}], ids=["no length", "a small length"])
def test_a_store_that_sends_more_than_it_says_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, claimed: dict[str, int]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    storage = S3Storage(S3Address.parse("s3://bucket/?endpoint=http://127.0.0.1:1&region=us-east-1"))
    storage._accepted = True
    stream = Stream()
    monkeypatch.setattr(storage.bucket, "once", lambda *_, **__: {"Body": stream, **claimed})
    with pytest.raises(StorageTooLarge):
        storage.read("a", 100)
    assert stream.sent <= 2 * 1024 * 1024
    if not claimed:
        monkeypatch.setattr(storage.bucket, "call", lambda *_, **__: {"Body": stream})
        with pytest.raises(StorageError, match="does not say how long a is"), storage.open("a", 100):
            pass
