"""`publish demo` in a fresh directory, as a newcomer runs it; and a release into a disk that is full."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from tests.support.command import flat
from tests.support.project import Project, tree
from tests.support.system import skip_system

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
"""What makes pip fail as it does where no registry can be reached."""


def publish(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "publisher.cli.main", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo")
    for name in ("content", "site_config", "templates", "schemas"):
        shutil.copytree(ROOT / name, directory / name)
    shutil.copyfile(ROOT / "mkdocs.yml", directory / "mkdocs.yml")
    ran = publish("demo", cwd=directory, XDG_CACHE_HOME=str(directory / "cache"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return directory


def test_the_demo_leaves_a_sound_channel_and_a_site(demo: Path) -> None:
    ran = publish("verify", "build/demo/bucket", "--root", "build/demo/site_config/root.json", cwd=demo)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "Sound.")
    assert "0.1.0" in (demo / "build/demo/site/downloads/index.html").read_text()


def test_the_demos_site_decides_as_the_command_that_the_demo_recommends(demo: Path) -> None:
    """For every release and channel: the same outcome, and the same time of its next change."""
    listed = json.loads((demo / "build/demo/site/data/decisions.json").read_text())["decisions"]
    for decision in listed:
        name = f"{decision['product']}@{decision['version']}"
        answer = json.loads(publish("why", name, "--channel", decision["channel"], "--json", cwd=demo).stdout)
        times = ("at", "outcome", "next_change", "then")
        assert {key: decision.get(key) for key in times} == {key: answer[key] for key in times}, name
    catalog = load_catalog([demo / "content"], demo / "site_config")
    at = catalog.sample.reference_time if catalog.sample else None
    assert at is not None
    public = [release for release in catalog.releases if release.visibility == "public"]
    to_come = {release.id for release in public if release.shipped_at is None or release.shipped_at > at}
    assert to_come - {f"{one['product']}@{one['version']}" for one in listed} == {"update-client@0.1.0"}  # it is live


def test_the_demo_takes_over_the_whole_configuration(demo: Path) -> None:
    """Nothing that decides differs between the demo's configuration and the project's."""
    project = load_catalog([demo / "content"], demo / "site_config")
    own = load_catalog([demo / "content"], demo / "build/demo/site_config")
    assert replace(own, endpoints=project.endpoints, signers=project.signers) == project


def test_the_demos_calendar_shows_when_releases_can_be_taken_back(demo: Path) -> None:
    lanes = json.loads((demo / "build/demo/site/data/calendar.json").read_text())["lanes"]
    assert any(bar["kind"] == "ready" for lane in lanes for bar in lane["bars"])


def test_a_second_demo_works_offline_and_writes_nothing_to_the_bucket(demo: Path) -> None:
    before = tree(demo / "build/demo/bucket")
    ran = publish("demo", cwd=demo, XDG_CACHE_HOME=str(demo / "cache"), **OFFLINE)
    assert ran.returncode == 0
    assert "nothing changed" in ran.stdout
    assert tree(demo / "build/demo/bucket") == before


def test_the_client_is_built_from_the_wheels_that_were_downloaded(demo: Path, tmp_path: Path) -> None:
    """Into a machine without network they come as files; without them it says which are missing."""
    words: tuple[str, ...] = ("client", "--root", "build/demo/site_config/root.json", "--url", "https://dl.btfs.test")
    words += ("--product", "update-client", "--channel", "stable", "--to", str(tmp_path / "tidegate.pyz"))
    wheels = sorted((demo / "cache/tidegate/wheels").iterdir())
    assert [wheel.name.split("-")[0] for wheel in wheels] == ["securesystemslib", "tuf", "urllib3"]

    without = publish(*words, cwd=demo, XDG_CACHE_HOME=str(tmp_path / "cache"), **OFFLINE)
    assert without.returncode == 1
    assert "pip cannot download the wheels of the client" in flat(without.stderr)
    assert "--wheels DIR" in flat(without.stderr)
    assert not (tmp_path / "tidegate.pyz").exists()

    brought = publish(*words, "--wheels", "cache/tidegate/wheels", cwd=demo, XDG_CACHE_HOME=str(tmp_path), **OFFLINE)
    assert brought.returncode == 0, brought.stderr
    for wheel in wheels:
        assert f"sha256:{sha256(wheel.read_bytes()).hexdigest()}" in brought.stdout


def test_demo_keys_are_private_and_named_so(demo: Path) -> None:
    keys = list((demo / "build/demo/keys").iterdir())
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert all(key.name.startswith("demo-") for key in keys)


def test_another_configuration_refuses_demo_keys(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo / "content", tmp_path / "content")
    shutil.copytree(demo / "build/demo/site_config", tmp_path / "site_config")
    signers = tmp_path / "site_config/signers.yaml"
    signers.write_text(signers.read_text().replace("demo: true", "demo: false", 1))
    (tmp_path / "site_config/endpoints.yaml").write_text("site: https://a.test\ndownloads: [https://b.test]\n")
    (tmp_path / "content/sample.yaml").unlink()
    shutil.rmtree(tmp_path / "content/pages")  # what is left from the example is refused before any key is read
    ran = publish(
        *("release", "update-client@0.1.0", "--channel", "stable", "--artifacts", demo / "build/demo/artifacts"),
        *("--to", tmp_path / "bucket", "--keys", demo / "build/demo/keys"),
        cwd=tmp_path,
    )
    assert ran.returncode == 1
    assert "demo keys sign nothing but the demo" in " ".join(ran.stderr.split())
    assert not (tmp_path / "bucket").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    ran = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted], capture_output=True, check=False)
    if ran.returncode != 0:
        skip_system("a small file system cannot be mounted here")
    yield mounted
    subprocess.run(["umount", mounted], check=True)


def test_a_full_disk_is_said_and_clients_see_the_old_state(tmp_path: Path, small_disk: Path) -> None:
    project = Project(tmp_path / "project", disk=small_disk)
    project.publish("1.0.0")
    before = (project.bucket / "tuf/metadata/timestamp.json").read_bytes()
    project.add_release("1.1.0")
    (project.build("1.1.0") / "node-1.1.0-linux-amd64.tar.gz").write_bytes(os.urandom(2_000_000))
    ran = publish(
        *("release", "node@1.1.0", "--channel", "stable", "--artifacts", "artifacts/1.1.0", "--to", project.bucket),
        cwd=project.base,
    )
    assert ran.returncode == 5, ran.stderr
    assert "full" in flat(ran.stderr)
    assert "Traceback" not in ran.stderr
    assert (project.bucket / "tuf/metadata/timestamp.json").read_bytes() == before
