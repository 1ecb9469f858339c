"""The units as systemd reads them, the workflow as its schema asks, and what the service runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from publisher.channel.layout import TIMESTAMP_KEY
from publisher.content.load import load_catalog
from publisher.locks import lock_file, locked
from publisher.model.config.role import RolePolicy
from publisher.model.config.signer import Signers
from publisher.pipeline.timer.timer import LOCK, TIMER, WORKFLOWS, Machine, interval, systemd_units, workflow
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


def analyzed(*words: str | Path, **environment: str) -> str:
    ran = subprocess.run(
        [need("systemd-analyze"), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def as_systemd_reads(service: Path) -> Callable[[str], str]:
    """What systemd holds of a setting once it has parsed the unit: it prints that when it verifies aloud."""
    said = analyzed("verify", service, SYSTEMD_LOG_LEVEL="debug")

    def value(name: str) -> str:
        [found] = re.findall(rf"^\s*{name}: (.*)$", said, re.MULTILINE)
        return str(found)

    return value


def of_shell(line: str) -> list[str]:
    """The words of a line that is printed for a shell; shlex leaves `\\$` between quotes as it is."""
    printed = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True)
    return printed.stdout.split("\0")[:-1]


def test_systemd_accepts_the_units_and_the_service_refreshes(live: Project, publish: Publish) -> None:
    wrote = publish("refresh", "--units", "units", "--to", live.bucket, cwd=live.base)
    assert wrote.code == 0, wrote.err
    units = live.base / "units"
    assert sorted(path.name for path in units.iterdir()) == ["tidegate-refresh.service", "tidegate-refresh.timer"]
    service = units / "tidegate-refresh.service"
    said = analyzed("verify", service, units / "tidegate-refresh.timer")
    assert "tidegate-refresh" not in said, said
    # In tenths: above 5.0 systemd calls a service exposed.
    analyzed("security", "--offline=true", "--threshold=45", service)

    value = as_systemd_reads(service)
    assert value("WorkingDirectory") == str(live.base)
    assert value("ReadWritePaths") == str(live.bucket)
    # It fills variables in when it starts the command, which is when `$$` becomes one.
    words = [word.replace("$$", "$") for word in of_shell(value("Command Line"))]
    assert words[1:4] == ["refresh", "--to", str(live.bucket)]

    # The timestamp that is there then has less than half of its life left.
    roles = live.config / "roles.yaml"
    short = "expires: 48 h"
    assert roles.read_text().count(short) == 1
    roles.write_text(roles.read_text().replace(short, "expires: 20 d"))
    before = timestamp_version(live)
    ran = subprocess.run(
        [sys.executable, "-m", "publisher.cli.main", *words[1:], "--json"],
        cwd=value("WorkingDirectory"),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["renewed"]["timestamp"] == timestamp_version(live) == before + 1


def timestamp_version(project: Project) -> int:
    return int(json.loads((project.bucket / TIMESTAMP_KEY).read_text())["signed"]["version"])


def test_systemd_starts_it_as_often_as_it_should_whatever_the_roles_live(tmp_path: Path) -> None:
    machine = Machine(Path(sys.executable), tmp_path, "root", (), None)
    for life in (timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 72, 100, 168, 192, 720, 8760)):
        every = interval(signers_whose_roles_live(life))
        timer = tmp_path / "tidegate-refresh.timer"
        timer.write_text(systemd_units(machine, every)[TIMER])
        [calendar] = re.findall("^OnCalendar=(.*)$", timer.read_text(), re.MULTILINE)
        said = analyzed("calendar", "--iterations=40", calendar, TZ="UTC", LC_ALL="C")
        moments = [datetime.fromisoformat(one) for one in re.findall(r"\w{3} ([-0-9]{10} [:0-9]{8}) UTC", said)]
        assert len(moments) == 40, said
        assert {later - earlier for earlier, later in pairwise(moments)} == {every}, life


def signers_whose_roles_live(life: timedelta) -> Signers:
    return Signers(roles={role: RolePolicy(threshold=1, expires=life) for role in ("snapshot", "timestamp")})


def test_the_workflow_is_one(live: Project, publish: Publish) -> None:
    wrote = publish(
        "refresh", "--units", "units", "--to", "s3://ours/channel?endpoint=https://s3.ours.test", cwd=live.base
    )
    assert wrote.code == 0, wrote.err
    file = live.base / "units" / "refresh.yml"
    assert (live.base / "units" / LOCK).read_text() == lock_file("refresh").read_text()
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Address and SHA-256 of this program as a wheel, as `make wheel` prints it."""
    copy = tmp_path_factory.mktemp("wheel")
    files = subprocess.run(["git", "ls-files", "-z", "publisher"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE", *filter(None, files.stdout.split("\0"))):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    made = subprocess.run(
        ["make", "--silent", "--old-file=.venv/installed", f"PY={sys.executable}", "wheel"],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    digest, name = made.stdout.split()
    return (copy / "dist" / name).as_uri(), digest


def run_step(step: dict[str, str], checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a step of the workflow as the runner does, in a Python environment of its own."""
    runner = checkout.parent / "runner"
    if not runner.exists():
        venv.create(runner, with_pip=True)
    passed = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME"))}
    environment |= {"PATH": f"{runner / 'bin'}:/usr/bin:/bin", "RUNNER_TEMP": str(runner), **passed}
    return subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def test_the_workflow_installs_from_its_lock_and_refreshes_without_a_site_generator(
    tmp_path: Path, publish: Publish, wheel: tuple[str, str]
) -> None:
    project = with_todays_keys(tmp_path / "checkout", publish, "1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    assert publish("release", "node@1.0.0", *where, cwd=project.base).code == 0
    signers = load_catalog([project.base / "content"], project.config).signers
    steps = yaml.safe_load(workflow(signers, ("--to", str(project.bucket)), timedelta(hours=6)))["jobs"]["refresh"][
        "steps"
    ]
    install, refresh = (next(step for step in steps if step.get("name") == name) for name in ("Install", "Refresh"))
    (project.base / WORKFLOWS).mkdir(parents=True)
    shutil.copyfile(lock_file("refresh"), project.base / WORKFLOWS / LOCK)

    address, digest = wheel
    other = run_step(install, project.base, TIDEGATE_WHEEL=address, TIDEGATE_SHA256="0" * 64)
    assert other.returncode != 0
    assert "DO NOT MATCH THE HASHES" in other.stderr
    nothing = run_step(install, project.base, TIDEGATE_WHEEL="", TIDEGATE_SHA256="")
    assert nothing.returncode != 0
    done = run_step(install, project.base, TIDEGATE_WHEEL=address, TIDEGATE_SHA256=digest)
    assert done.returncode == 0, done.stderr

    listed = run_step({"run": "pip list --format=json --disable-pip-version-check"}, project.base)
    names = {one["name"].lower().replace("_", "-") for one in json.loads(listed.stdout)}
    allowed = {one.name for one in locked(lock_file("refresh").read_text())} | {"tidegate", "pip", "setuptools"}
    assert names <= allowed
    ran = run_step(refresh, project.base)
    assert (ran.returncode, ran.stdout) == (0, "Nothing is due.\n"), ran.stderr
