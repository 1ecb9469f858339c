"""From an event that requires a version to the real client: what it answers, its metrics, and without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.model.values import format_time
from tests.support.command import ROOT, Publish
from tests.support.project import Project, with_todays_keys
from tests.support.serving import served
from tests.support.system import need

pytestmark = pytest.mark.system

Ready = Callable[..., "subprocess.CompletedProcess[str]"]

MOMENT = datetime.now(UTC).replace(microsecond=0) + timedelta(days=100, hours=6)


@pytest.fixture
def project(tmp_path: Path, publish: Publish) -> Project:
    """A listing in a hundred days that requires node 1.1.0, and 1.0.0 live."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    project.add_listing(format_time(MOMENT), format_time(MOMENT + timedelta(hours=2)))
    with (project.content / "events/listing.yaml").open("a") as file:
        file.write('requires:\n  - {product: node, channel: stable, at_least: "1.1.0", audiences: [exchanges]}\n')
    with (project.content / "policy.yaml").open("a") as file:
        file.write("requirements: {events: [exchange-listing]}\n")
    ship(project, publish, "1.0.0")
    return project


def ship(project: Project, publish: Publish, version: str) -> None:
    where = ("--channel", "stable", "--artifacts", f"artifacts/{version}", "--to", project.bucket)
    ran = publish("release", f"node@{version}", *where, cwd=project.base)
    assert ran.code == 0, ran.out + ran.err


@pytest.fixture
def ready(project: Project, tmp_path: Path) -> Ready:
    """Runs `tidegate ready` as a process of its own; the network is what `url` leads to."""

    def ready(url: str, current: str, *words: str) -> subprocess.CompletedProcess[str]:
        channel = [
            "--url",
            url,
            "--root",
            str(project.config / "root.json"),
            "--product",
            "node",
            "--channel",
            "stable",
        ]
        channel += ["--platform", "linux-amd64", "--state", str(tmp_path / "state"), "--current", current]
        return subprocess.run(
            [sys.executable, "-m", "publisher.client", "ready", *channel, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "80"},
        )

    return ready


@pytest.fixture
def prom(tmp_path: Path) -> Iterator[Path]:
    """The metrics; in the end promtool finds nothing to complain of."""
    file = tmp_path / "tidegate.prom"
    yield file
    checked = subprocess.run(
        [need("promtool"), "check", "metrics"], input=file.read_bytes(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_r55_a_required_version_is_announced_then_out_then_installed(
    project: Project, publish: Publish, ready: Ready, prom: Path
) -> None:
    with served(project.bucket) as url:
        announced = ready(url, "1.0.0", "--prometheus", str(prom))
        assert (announced.returncode, announced.stderr) == (10, "")
        assert f"1.1.0 or later must run by {MOMENT:%Y-%m-%d %H:%M} UTC (100 days left)." in announced.stdout
        assert "1.1.0 is announced, not out yet; nothing to install today." in announced.stdout
        assert 'tidegate_ready{product="node",channel="stable",version="1.0.0"} 0' in prom.read_text()
        assert f"{int(MOMENT.timestamp())}\n" in prom.read_text()
        assert ready(url, "1.0.0", "--audience", "hosts").returncode == 0

        project.add_release("1.1.0")
        file = project.content / "releases/node/1.1.0.yaml"
        file.write_text(file.read_text().replace("action: recommended", "action: required"))
        project.build("1.1.0")
        ship(project, publish, "1.1.0")
        out = ready(url, "1.0.0")
        assert (out.returncode, out.stderr) == (10, "")
        assert "You run 1.0.0; update to 1.1.0." in out.stdout
        assert "To download it:" in out.stdout

        installed = ready(url, "1.1.0", "--json", "--prometheus", str(prom))
        assert installed.returncode == 0
        answer = json.loads(installed.stdout)
        assert (answer["readiness"], answer["requirements"][0]["event"]) == ("ready", "listing")
        assert 'tidegate_ready{product="node",channel="stable",version="1.1.0"} 1' in prom.read_text()
        assert ready(url, "1.0.0", "--at", format_time(MOMENT)).returncode == 11


def test_without_a_network_the_last_state_answers_and_a_machine_without_one_leaves_an_alarm(
    project: Project, ready: Ready, prom: Path, tmp_path: Path
) -> None:
    with served(project.bucket) as url:
        assert ready(url, "1.0.0").returncode == 10
    offline = ready(url, "1.0.0", "--prometheus", str(prom))
    assert (offline.returncode, offline.stderr) == (10, "")
    assert "The channel cannot be reached. This is its state of" in " ".join(offline.stdout.split())
    assert "tidegate_check_success" in prom.read_text()
    failed = ready(url, "1.0.0", "--state", str(tmp_path / "other"), "--prometheus", str(prom))
    assert failed.returncode == 5
    assert 'tidegate_check_success{product="node",channel="stable"} 0' in prom.read_text()
