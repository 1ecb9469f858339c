"""Real software that was not written here: libtorrent's wheels, published as two successive releases of one product.

Verified with minisign, sha256sum and python-tuf's own client, none of which know anything of Tidegate.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tuf.ngclient import Updater

from publisher.channel.audit.channel import audit
from publisher.client.network.http import DirectoryFetcher
from publisher.pipeline.operate.verify import StoreSource
from publisher.storage.directory.store import DirectoryStorage
from tests.support.javascript import download_with_tuf_js
from tests.support.libtorrent import PLATFORMS, VERSIONS, download_wheels, make_keys, publish, run, write_project
from tests.support.serving import served
from tests.support.system import need

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Published:
    """A bucket with both releases."""

    base: Path

    @property
    def bucket(self) -> Path:
        return self.base / "bucket"

    @property
    def root(self) -> bytes:
        return (self.base / "site_config/root.json").read_bytes()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return download_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def published(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The command line from keys to the second release, as a maintainer would type it."""
    base = tmp_path_factory.mktemp("libtorrent")
    write_project(base)
    make_keys(base)
    for version in VERSIONS:
        out = publish(
            *("release", f"libtorrent@{version}", "--channel", "stable", "--artifacts", wheels / version),
            *("--to", (base / "bucket").as_uri()),
            cwd=base,
        )
        assert f"libtorrent {version} is published to stable" in out
    return Published(base)


@pytest.mark.parametrize("version", VERSIONS)
def test_r47_minisign_accepts_every_wheel_with_its_comment(published: Published, version: str) -> None:
    need("minisign")
    [public] = published.bucket.glob("tuf/targets/keys/*.minisign.pub")
    directory = published.bucket / "releases/libtorrent" / version
    wheels = sorted(directory.glob("*.whl"))
    assert len(wheels) == len(PLATFORMS)
    for file in [*wheels, directory / "SHA256SUMS"]:
        said = run("minisign", "-V", "-p", public, "-m", file)
        assert f"product:libtorrent version:{version} file:{file.name}" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_r46_sha256sum_accepts_every_wheel(published: Published, version: str) -> None:
    need("sha256sum")
    said = run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=published.bucket / "releases/libtorrent" / version)
    assert said.count(": OK") == len(PLATFORMS) + 1


def test_python_tuf_downloads_the_newest_wheel_of_every_platform(published: Published, tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    updater = Updater(
        metadata_dir=str(tmp_path / "metadata"),
        metadata_base_url=(published.bucket / "tuf/metadata").as_uri(),
        target_base_url=(published.bucket / "tuf/targets").as_uri(),
        target_dir=str(tmp_path),
        bootstrap=published.root,
        fetcher=DirectoryFetcher(published.bucket.as_uri()),
    )
    for wheel in sorted((published.bucket / "releases/libtorrent" / VERSIONS[-1]).glob("*.whl")):
        info = updater.get_targetinfo(f"artifacts/libtorrent/stable/{VERSIONS[-1]}/{wheel.name}")
        assert info is not None
        assert Path(updater.download_target(info)).read_bytes() == wheel.read_bytes()


def test_tuf_js_downloads_the_newest_wheel_and_the_one_before_it_and_no_other(
    published: Published, tmp_path: Path
) -> None:
    root = published.base / "site_config/root.json"
    with served(published.bucket) as address:
        for version in VERSIONS:
            [wheel] = (published.bucket / "releases/libtorrent" / version).glob("*win_amd64.whl")
            ran = download_with_tuf_js(address, root, f"artifacts/libtorrent/stable/{version}/{wheel.name}", tmp_path)
            assert ran.returncode == 0, ran.stderr
            assert Path(ran.stdout.strip()).read_bytes() == wheel.read_bytes()
        ran = download_with_tuf_js(address, root, f"artifacts/libtorrent/stable/2.0.13/{wheel.name}", tmp_path)
        assert "no target" in ran.stderr


def test_the_wheels_before_the_newest_stay_at_hand_and_verify(published: Published) -> None:
    result = audit(StoreSource(DirectoryStorage(published.bucket)), published.root, datetime.now(UTC))
    assert result.findings == ()
    assert VERSIONS[0] in (published.bucket / "tuf/metadata/2.libtorrent.stable.json").read_text()


def test_the_reference_client_sees_the_update_from_the_first_to_the_second(
    published: Published, tmp_path: Path
) -> None:
    said = run(
        *(sys.executable, "-m", "publisher.client", "download", "--url", published.bucket.as_uri()),
        *("--root", published.base / "site_config/root.json", "--product", "libtorrent", "--channel", "stable"),
        *("--platform", "linux-amd64", "--current", VERSIONS[0], "--state", tmp_path / "state", "--to", tmp_path),
    )
    assert f"Version {VERSIONS[1]} is available" in said
    [wheel] = tmp_path.glob("*.whl")
    assert VERSIONS[1] in wheel.name
