"""The units as systemd reads them, the workflow as its schema asks, and what the service runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, Publish
from tests.support.project import Project, with_todays_keys
from tests.support.system import need

pytestmark = pytest.mark.system


@pytest.fixture
def live(tmp_path: Path, publish: Publish) -> Project:
    """A project with a release, in a directory whose name is hard to write."""
    project = with_todays_keys(tmp_path / "100% of $ours", publish, "1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    assert publish("release", "node@1.0.0", *where, cwd=project.base).code == 0
    return project


def analyzed(*words: str | Path) -> str:
    ran = subprocess.run([need("systemd-analyze"), *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_systemd_accepts_the_units_and_the_service_refreshes(live: Project, publish: Publish) -> None:
    wrote = publish("refresh", "--units", "units", "--to", live.bucket, cwd=live.base)
    assert wrote.code == 0, wrote.err
    units = live.base / "units"
    assert sorted(path.name for path in units.iterdir()) == ["tidegate-refresh.service", "tidegate-refresh.timer"]
    said = analyzed("verify", units / "tidegate-refresh.service", units / "tidegate-refresh.timer")
    assert "tidegate-refresh" not in said, said

    timer = (units / "tidegate-refresh.timer").read_text()
    [calendar] = re.findall("^OnCalendar=(.*)$", timer, re.MULTILINE)
    assert "Next elapse" in analyzed("calendar", calendar)

    service = (units / "tidegate-refresh.service").read_text()
    [line] = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    [directory] = re.findall("^WorkingDirectory=(.*)$", service, re.MULTILINE)
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]
    assert words[1] == "refresh"
    command = [sys.executable, "-m", "publisher.cli.main", *words[1:], "--json"]
    ran = subprocess.run(
        command,
        cwd=directory.replace("%%", "%"),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["ok"] is True


def test_the_workflow_is_one(live: Project, publish: Publish) -> None:
    wrote = publish(
        "refresh", "--units", "units", "--to", "s3://ours/channel?endpoint=https://s3.ours.test", cwd=live.base
    )
    assert wrote.code == 0, wrote.err
    file = live.base / "units" / "refresh.yml"
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
