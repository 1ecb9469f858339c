"""Real software that was not written here: libtorrent's wheels, published as two successive releases of one product.

Verified with minisign, sha256sum and python-tuf's own client, none of which know anything of Tidegate.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tuf.ngclient import Updater

from publisher.channel.audit import audit
from publisher.client.fetch import DirectoryFetcher
from publisher.pipeline.verify import StoreSource
from publisher.storage.directory import DirectoryStorage
from tests.support.javascript import download_with_tuf_js
from tests.support.serving import served
from tests.support.system import need, skip_system

pytestmark = pytest.mark.system

VERSIONS = ("2.0.14", "2.0.15")
PLATFORMS = {
    "linux-amd64": "manylinux2014_x86_64",
    "linux-arm64": "manylinux2014_aarch64",
    "macos-arm64": "macosx_14_0_arm64",
    "windows-amd64": "win_amd64",
}
PATTERNS = {
    "linux-amd64": "libtorrent-{version}-*-manylinux*x86_64.whl",
    "linux-arm64": "libtorrent-{version}-*-manylinux*aarch64.whl",
    "macos-arm64": "libtorrent-{version}-*-macosx*arm64.whl",
    "windows-amd64": "libtorrent-{version}-*-win_amd64.whl",
}


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


def run(*words: str | Path, cwd: Path | None = None) -> str:
    ran = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd, check=False)
    assert ran.returncode == 0, f"{' '.join(map(str, words))}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def publish(*words: str | Path, cwd: Path) -> str:
    return run(sys.executable, "-m", "publisher.cli.main", *words, cwd=cwd)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheels")
    for version in VERSIONS:
        for platform in PLATFORMS.values():
            words = (
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
                *("--python-version", "312", "--implementation", "cp", "--abi", "cp312", "--platform", platform),
                *("--dest", str(directory / version), f"libtorrent=={version}"),
            )
            if subprocess.run(words, check=False).returncode != 0:
                skip_system(f"PyPI does not give libtorrent {version} for {platform}")
    return directory


@pytest.fixture(scope="module")
def published(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The command line from keys to the second release, as a maintainer would type it."""
    base = tmp_path_factory.mktemp("libtorrent")
    write_project(base)
    publish("keys", "init", "--person", "ana:engineering", "--person", "ben:operations,automation", "--person",
            "eva:executive,comms", "--no-passphrase", cwd=base)  # fmt: skip
    for version in VERSIONS:
        out = publish(
            *("release", f"libtorrent@{version}", "--channel", "stable", "--artifacts", wheels / version),
            *("--to", (base / "bucket").as_uri()),
            cwd=base,
        )
        assert f"libtorrent {version} is published to stable" in out
    return Published(base)


def write_project(base: Path) -> None:
    """Content and configuration of a team that ships libtorrent."""
    repository = Path(__file__).parents[2]
    (base / "site_config").mkdir()
    for name in ("channels.yaml", "signers.yaml"):
        shutil.copyfile(repository / "site_config" / name, base / "site_config" / name)
    endpoints = "site: https://updates.libtorrent.test\ndownloads: [https://dl.libtorrent.test]\n"
    (base / "site_config/endpoints.yaml").write_text(endpoints)
    (base / "site_config/products.yaml").write_text(
        f"""\
products:
  - id: libtorrent
    name: libtorrent
    summary: BitTorrent library with Python bindings.
    client_type: desktop
    plane: data
    platforms: [{", ".join(PLATFORMS)}]
    channels: [stable]
    blast_radius: 4
    event_sensitivity: 2
"""
    )
    (base / "content/releases/libtorrent").mkdir(parents=True)
    shutil.copyfile(repository / "content/policy.yaml", base / "content/policy.yaml")
    files = "\n".join(f'  - {{file: "{pattern}", platform: {name}}}' for name, pattern in PATTERNS.items())
    for version in VERSIONS:
        (base / f"content/releases/libtorrent/{version}.yaml").write_text(
            f"""\
product: libtorrent
version: "{version}"
channels: [stable]
change_class: patch
sentence: Maintenance release {version} of the libtorrent bindings.
notes:
  action: recommended
  restart: application
  symptoms: []
  first_24h: [Check the signature before you install.]
artifacts:
{files}
source: https://pypi.org/project/libtorrent/{version}/
"""
        )


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


def test_tuf_js_downloads_the_newest_wheel_and_refuses_the_older(published: Published, tmp_path: Path) -> None:
    root = published.base / "site_config/root.json"
    [new] = (published.bucket / "releases/libtorrent" / VERSIONS[-1]).glob("*win_amd64.whl")
    with served(published.bucket) as address:
        ran = download_with_tuf_js(address, root, f"artifacts/libtorrent/stable/{VERSIONS[-1]}/{new.name}", tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert Path(ran.stdout.strip()).read_bytes() == new.read_bytes()
        old = new.name.replace(VERSIONS[-1], VERSIONS[0])
        ran = download_with_tuf_js(address, root, f"artifacts/libtorrent/stable/{VERSIONS[0]}/{old}", tmp_path)
        assert "no target" in ran.stderr


def test_older_wheels_are_no_longer_offered_and_still_verify(published: Published) -> None:
    result = audit(StoreSource(DirectoryStorage(published.bucket)), published.root, datetime.now(UTC))
    assert result.findings == ()
    assert VERSIONS[0] not in (published.bucket / "tuf/metadata/2.libtorrent.stable.json").read_text()


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
