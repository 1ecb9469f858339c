"""What an auditor finds when somebody has been at the site. Each test is one defacement or one accident."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.channel.audit.channel import Audit
from publisher.client.network.http import fetcher_for
from publisher.errors import StorageMissing
from publisher.model.records.advisories import SECURITY_FILE, ProductAdvisories, security_file
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.verify import StoreSource, WebSource, verify_channel
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.pipeline.site.upload import apply_upload, plan_upload
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body, ObjectMeta
from tests.support.project import Project
from tests.support.site import write_site

CHANGED, MISSING, STRAY = (
    "does not have the bytes that were signed",
    "missing on the site",
    "this page of the site is unsigned",
)


@pytest.fixture
def site(project: Project, tmp_path: Path) -> MemoryStorage:
    """A site that is uploaded, and signed by the project's channel."""
    project.publish("1.0.0")
    storage = MemoryStorage("site")
    plan = plan_upload(write_site(tmp_path / "site", "red", {"index.html": "one", "a b/ü?.html": "two"}), storage)
    apply_upload(plan, storage)
    catalog, ring = project.catalog, project.key_ring()
    channel = project.storage()
    apply_signing(plan_signing(plan.manifest, {}, Bucket(channel, project.root), catalog, ring, project.now), channel)
    return storage


def run(project: Project, site: StoreSource | WebSource) -> Audit:
    return verify_channel(StoreSource(project.storage()), project.root, project.now, site)


def findings(project: Project, site: MemoryStorage) -> list[tuple[str, str]]:
    return [(str(one.level), f"{one.where}: {one.what}") for one in run(project, StoreSource(site)).findings]


def only_error(project: Project, site: MemoryStorage, where: str, what: str) -> None:
    [(level, found)] = findings(project, site)
    assert level == "error"
    assert found.startswith(f"{where}: ")
    assert what in found


def put(site: MemoryStorage, key: str, data: bytes) -> None:
    stat = site.stat(key)
    site.replace(key, Body.from_bytes(data), ObjectMeta(), stat.tag if stat else None)


def test_a_site_as_we_upload_it_is_sound(project: Project, site: MemoryStorage) -> None:
    result = run(project, StoreSource(site))
    assert result.findings == ()
    assert result.objects > run_channel(project).objects


def run_channel(project: Project) -> Audit:
    return verify_channel(StoreSource(project.storage()), project.root, project.now)


def test_a_defaced_page_is_found(project: Project, site: MemoryStorage) -> None:
    put(site, "index.html", b"send coins here")
    only_error(project, site, "index.html", CHANGED)


def test_a_defacement_of_the_same_size_is_found(project: Project, site: MemoryStorage) -> None:
    data = site.read("index.html", 1000)[0]
    put(site, "index.html", data[:-1] + b"!")
    only_error(project, site, "index.html", CHANGED)


def test_a_defaced_script_is_found(project: Project, site: MemoryStorage) -> None:
    put(site, "assets/plain.js", b"steal()")
    only_error(project, site, "assets/plain.js", CHANGED)


def test_a_removed_page_is_found(project: Project, site: MemoryStorage) -> None:
    site.delete("a b/ü?.html")
    only_error(project, site, "a b/ü?.html", MISSING)


def test_a_page_that_was_slipped_in_is_found(project: Project, site: MemoryStorage) -> None:
    put(site, "urgent/index.html", b"update now")
    only_error(project, site, "urgent/index.html", STRAY)


def test_a_manifest_that_covers_up_is_found(project: Project, site: MemoryStorage) -> None:
    put(site, "pages.json", b"{}")
    only_error(project, site, "pages.json", CHANGED)


def test_a_site_that_nobody_signed_is_not_proven(project: Project) -> None:
    project.publish("1.0.0")
    empty = MemoryStorage()
    empty.prepare()
    only_error(project, empty, "site/pages.json", "no signed manifest of the site")


def test_a_signed_manifest_that_is_no_manifest_is_found(project: Project) -> None:
    project.publish("1.0.0")
    catalog, channel = project.catalog, project.storage()
    strange = Body.from_bytes(b'{"format": "tidegate-site/9"}')
    plan = plan_signing(strange, {}, Bucket(channel, project.root), catalog, project.key_ring(), project.now)
    apply_signing(plan, channel)
    empty = MemoryStorage()
    empty.prepare()
    only_error(project, empty, "site/pages.json", "cannot be read")


TARGET = ProductAdvisories(product="node", advisories=()).to_bytes()


def with_advisories(project: Project, base: Path, signed: dict[str, bytes], shown: bytes | None) -> MemoryStorage:
    """A site that is uploaded with the file `shown`, and signed together with the advisories `signed`."""
    project.publish("1.0.0")
    storage, channel = MemoryStorage("site"), project.storage()
    pages = {"index.html": "one"} if shown is None else {"index.html": "one", SECURITY_FILE: shown.decode()}
    plan = plan_upload(write_site(base, "red", pages), storage)
    apply_upload(plan, storage)
    bucket = Bucket(channel, project.root)
    apply_signing(
        plan_signing(plan.manifest, signed, bucket, project.catalog, project.key_ring(), project.now), channel
    )
    return storage


def test_r86_advisories_on_the_site_that_equal_the_signed_ones_are_sound(project: Project, tmp_path: Path) -> None:
    other = ProductAdvisories(product="desktop", advisories=()).to_bytes()
    site = with_advisories(
        project, tmp_path / "site", {"node": TARGET, "desktop": other}, security_file([TARGET, other])
    )
    assert findings(project, site) == []


@pytest.mark.parametrize(
    "shown", [security_file([]), security_file([TARGET, TARGET]), security_file([TARGET]).replace(b"[]", b"[ ]"), b"{}"]
)
def test_other_advisories_on_the_site_than_were_signed_are_found(
    project: Project, tmp_path: Path, shown: bytes
) -> None:
    site = with_advisories(project, tmp_path / "site", {"node": TARGET}, shown)
    only_error(project, site, SECURITY_FILE, "the advisories on the site are not the signed ones")


def test_signed_advisories_that_the_site_leaves_out_are_found(project: Project, tmp_path: Path) -> None:
    site = with_advisories(project, tmp_path / "site", {"node": TARGET}, None)
    only_error(project, site, SECURITY_FILE, "advisories are signed, but the site does not show them")


def test_advisories_that_only_the_site_tells_of_are_found(project: Project, tmp_path: Path) -> None:
    site = with_advisories(project, tmp_path / "site", {}, security_file([TARGET]))
    only_error(project, site, SECURITY_FILE, "the advisories on the site are not the signed ones")


def test_signed_advisories_that_are_none_are_found(project: Project, tmp_path: Path) -> None:
    site = with_advisories(project, tmp_path / "site", {"node": b"[]"}, security_file([TARGET]))
    only_error(project, site, SECURITY_FILE, "the signed advisories cannot be read")


def test_a_security_file_that_was_changed_afterwards_is_found_twice(project: Project, tmp_path: Path) -> None:
    site = with_advisories(project, tmp_path / "site", {"node": TARGET}, security_file([TARGET]))
    put(site, SECURITY_FILE, b"nothing is wrong")
    texts = sorted(problem for _, problem in findings(project, site))
    assert len(texts) == 2
    assert CHANGED in texts[1]
    assert "not the signed ones" in texts[0]


def test_a_security_file_that_was_removed_is_found(project: Project, tmp_path: Path) -> None:
    site = with_advisories(project, tmp_path / "site", {"node": TARGET}, security_file([TARGET]))
    site.delete(SECURITY_FILE)
    only_error(project, site, SECURITY_FILE, MISSING)


class Web(FetcherInterface):
    """A site as a web server would show it, directories and all special characters of addresses included."""

    def __init__(self, site: MemoryStorage) -> None:
        self._site = site

    def _fetch(self, url: str) -> Iterator[bytes]:
        assert url.isascii()
        assert not {"?", " "} & set(url)
        try:
            yield self._site.read(unquote(url.removeprefix("https://site.example.org/")), 1 << 20)[0]
        except StorageMissing:
            raise DownloadHTTPError("there is no such page", 404) from None


def on_the_web(project: Project, site: MemoryStorage) -> list[tuple[str, str]]:
    found = run(project, WebSource("https://site.example.org", Web(site))).findings
    return [(str(one.level), f"{one.where}: {one.what}") for one in found]


def test_on_the_web_changed_and_removed_pages_are_found_and_strays_cannot_be(
    project: Project, site: MemoryStorage
) -> None:
    [(level, note)] = on_the_web(project, site)
    assert (level, "without a listing" in note) == ("note", True)
    put(site, "index.html", b"send coins here")
    site.delete("a b/ü?.html")
    put(site, "urgent/index.html", b"update now")
    [missing, changed, _] = on_the_web(project, site)
    assert MISSING in missing[1]
    assert CHANGED in changed[1]


def test_an_empty_page_is_there_and_not_missing(project: Project, site: MemoryStorage) -> None:
    put(site, "index.html", b"")
    assert any(CHANGED in what for _, what in on_the_web(project, site))


@pytest.mark.loopback
def test_a_real_server_is_read_over_several_connections_without_a_murmur(
    project: Project, site: MemoryStorage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    (tmp_path / "site" / "pages.json").write_bytes(site.read("pages.json", 1 << 20)[0])
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with caplog.at_level(logging.WARNING):
            [note] = run(project, WebSource(url, fetcher_for(url))).findings
        server.shutdown()
    assert "without a listing" in note.what
    assert caplog.records == []
