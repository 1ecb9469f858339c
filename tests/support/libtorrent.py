"""A project that ships libtorrent's wheels, real software that was not written here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.build import POLICY
from tests.support.system import skip_system

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


def run(*words: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """What a program says; it must succeed."""
    ran = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, f"{' '.join(map(str, words))}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def publish(*words: str | Path, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    """The command, as a maintainer would type it."""
    return run(sys.executable, "-m", "publisher.cli.main", *words, cwd=cwd, environment=environment)


def make_keys(base: Path) -> None:
    """Keys of three people."""
    people = ("ana:engineering", "ben:operations,automation", "eva:executive,comms")
    publish("keys", "init", *(word for one in people for word in ("--person", one)), "--no-passphrase", cwd=base)


def download_wheels(directory: Path, platforms: Iterable[str] = PLATFORMS) -> Path:
    """Wheels of both versions, a directory each. Skips where PyPI does not give them."""
    for version in VERSIONS:
        for platform in platforms:
            words = (
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
                *("--python-version", "312", "--implementation", "cp", "--abi", "cp312"),
                *("--platform", PLATFORMS[platform], "--dest", str(directory / version), f"libtorrent=={version}"),
            )
            if subprocess.run(words, check=False).returncode != 0:
                skip_system(f"PyPI does not give libtorrent {version} for {platform}")
    return directory


def write_project(base: Path, platforms: Iterable[str] = PLATFORMS) -> None:
    """Content and configuration of a team that ships libtorrent."""
    platforms = tuple(platforms)
    repository = Path(__file__).parents[2]
    (base / "site_config").mkdir()
    for name in ("channels.yaml", "roles.yaml", "signers.yaml"):
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
    platforms: [{", ".join(platforms)}]
    channels: [stable]
    blast_radius: 4
    event_sensitivity: 2
"""
    )
    (base / "content/releases/libtorrent").mkdir(parents=True)
    # Without the sample's owners, who answer for products that are not here.
    policy = POLICY.read_text("utf-8").partition("\nowners:")[0]
    (base / "content/policy.yaml").write_text(f"{policy}\n", "utf-8")
    files = "\n".join(
        f'  - {{file: "{pattern}", platform: {name}}}' for name, pattern in PATTERNS.items() if name in platforms
    )
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
