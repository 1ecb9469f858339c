"""Plus signs in file names, on a server that reads a bare plus in a path as a blank, as Amazon S3 does."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from publisher.channel.audit.channel import audit
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import StorageError, VerificationError
from publisher.pipeline.operate.verify import WebSource
from publisher.pipeline.publication.self_check import verify_as_client
from tests.support.odd_names import FILES, publish_odd_names
from tests.support.project import Project

pytestmark = pytest.mark.loopback


class Amazon(SimpleHTTPRequestHandler):
    """Reads a plus as forms do."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.replace("+", "%20"))

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def published(project: Project) -> Project:
    publish_odd_names(project, project.storage())
    return project


@pytest.fixture
def address(published: Project) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Amazon, directory=str(published.bucket))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def client(project: Project, address: str) -> UpdateClient:
    return UpdateClient(address, project.root, project.base / "state", fetcher_for(address), lambda: project.now)


def test_files_with_a_plus_are_found_by_auditors_clients_and_whoever_follows_a_feed(
    published: Project, address: str
) -> None:
    found = audit(WebSource(address, fetcher_for(address)), published.root, published.now)
    assert found.sound, found.findings
    asking = client(published, address)
    for platform, file in zip(("linux-amd64", "windows-amd64"), FILES, strict=True):
        feed = asking.fetch_feed("node", "stable", platform)
        assert feed.release is not None
        assert asking.download(feed, published.base / "files").path.name == file
        for url in feed.release.artifact.urls:
            path = url.removeprefix("https://dl.btfs.test").removeprefix("https://mirror.btfs.test/tidegate")
            with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:
                assert answer.read() == (published.base / "files" / file).read_bytes()


def test_an_auditor_sees_what_is_missing_where_clients_look(published: Project, address: str) -> None:
    [target] = published.bucket.glob("tuf/targets/artifacts/node/stable/1.0.0/*linux*.gz")
    target.rename(target.with_name(target.name.replace("+", " ")))
    found = audit(WebSource(address, fetcher_for(address)), published.root, published.now)
    assert any("its object is missing" in one.what and target.name in one.where for one in found.findings)
    with pytest.raises((VerificationError, StorageError)):
        where, platforms = published.storage(), ["linux-amd64"]
        verify_as_client(where, published.root, "node", "1.0.0", "stable", platforms, published.now)
