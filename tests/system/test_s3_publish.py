"""Whole releases through a real S3 server, read back by the public over plain HTTP."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest

from tests.support import libtorrent
from tests.support.javascript import download_with_tuf_js
from tests.support.killing import Fuse, KillingStorage
from tests.support.project import Project
from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system

PAIR = ("linux-amd64", "windows-amd64")
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("s3") / "project", now=datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def place(places: Places, project: Project) -> Place:
    """Two releases of one channel."""
    place = places.new()
    project.publish("1.0.0", storage=place.prepared())
    project.publish("1.1.0", storage=place.storage())
    return place


def headers(place: Place, key: str) -> Message:
    with urllib.request.urlopen(f"{place.url}/{key}", timeout=10) as answer:
        found: Message = answer.headers
        return found


def verify(url: str, root: Path) -> str:
    return libtorrent.run(sys.executable, "-m", "publisher.cli.main", "verify", url, "--root", root)


def test_a_release_is_live_and_sound(project: Project, place: Place, tmp_path: Path) -> None:
    assert place.versions(project, tmp_path) == {"1.1.0"}
    assert place.audit(project).findings == ()


def test_publishing_again_writes_nothing(project: Project, place: Place) -> None:
    fuse = Fuse()
    storage = KillingStorage(place.storage(), fuse, reads=False)
    plan = project.plan(project.request("1.1.0"), storage)
    assert plan.nothing_to_do
    assert fuse.steps == []
    before = list(place.storage().list(""))
    assert project.publish("1.1.0", storage=storage).keys == ()
    assert list(place.storage().list("")) == before


def test_the_public_can_verify_it(project: Project, place: Place) -> None:
    assert "Sound." in verify(place.url, project.config / "root.json")


def test_the_public_reads_no_staging_and_writes_nothing(place: Place) -> None:
    [staged, *_] = place.storage().list("staging/")
    for request in (
        urllib.request.Request(f"{place.url}/{staged.key}"),
        urllib.request.Request(f"{place.url}/tuf/metadata/timestamp.json", b"mine", method="PUT"),
        urllib.request.Request(f"{place.url}/tuf/metadata/timestamp.json", method="DELETE"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code in (401, 403)
        refused.value.close()


@pytest.mark.parametrize(
    ("key", "kind", "cache"),
    [
        ("tuf/metadata/timestamp.json", "application/json", "no-cache"),
        ("tuf/metadata/1.root.json", "application/json", FOR_EVER),
        ("tuf/metadata/2.node.stable.json", "application/json", FOR_EVER),
        ("releases/node/1.1.0/SHA256SUMS", "text/plain; charset=utf-8", FOR_EVER),
        ("releases/node/1.1.0/node-1.1.0-windows-amd64.zip", "application/zip", FOR_EVER),
    ],
)
def test_headers(place: Place, key: str, kind: str, cache: str) -> None:
    """This server names the type of what was stored as plain bytes by its ending."""
    found = headers(place, key)
    assert (found["Content-Type"], found["Cache-Control"]) == (kind, cache)
    saved = f'attachment; filename="{key.rpartition("/")[2]}"' if key.endswith(".zip") else None
    assert found["Content-Disposition"] == saved


def test_libtorrent_by_command_line_and_to_independent_clients(
    places: Places, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As a maintainer types it; then `publish verify`, `tidegate` and tuf-js over HTTP."""
    wheels = libtorrent.download_wheels(tmp_path_factory.mktemp("wheels"), PAIR)
    base = tmp_path / "team"
    base.mkdir()
    libtorrent.write_project(base, PAIR)
    libtorrent.make_keys(base)
    place = places.new()
    old, new = libtorrent.VERSIONS
    words = ("--channel", "stable", "--to", place.address)
    environment = places.server.admin.environment
    for version in (old, new, new):
        out = libtorrent.publish(
            *("release", f"libtorrent@{version}", "--artifacts", wheels / version, *words),
            cwd=base,
            environment=environment,
        )
    assert "nothing was written" in " ".join(out.split())

    root = base / "site_config/root.json"
    assert "Sound." in verify(place.url, root)
    libtorrent.run(
        *(sys.executable, "-m", "publisher.client", "download", "--url", place.url, "--root", root),
        *("--product", "libtorrent", "--channel", "stable", "--platform", "linux-amd64", "--current", old),
        *("--state", tmp_path / "state", "--to", tmp_path / "files"),
    )
    [wheel] = (tmp_path / "files").glob("*.whl")
    assert wheel.read_bytes() == (wheels / new / wheel.name).read_bytes()

    [wheel] = (wheels / new).glob("*win_amd64.whl")
    found = headers(place, f"releases/libtorrent/{new}/{wheel.name}")
    assert (found["Content-Type"], found["Cache-Control"]) == ("application/octet-stream", FOR_EVER)
    assert found["Content-Disposition"] == f'attachment; filename="{wheel.name}"'
    ran = download_with_tuf_js(place.url, root, f"artifacts/libtorrent/stable/{new}/{wheel.name}", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).read_bytes() == wheel.read_bytes()
