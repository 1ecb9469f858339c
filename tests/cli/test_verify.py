"""`publish verify --json`: what was found, and when and where it was looked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from publisher.cli.operate import verify
from tests.support.command import Publish
from tests.support.project import Project


@pytest.mark.parametrize("place", ["bucket", "./bucket", "file:{bucket}", "file://{bucket}"])
def test_the_report_names_the_moment_and_the_place(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    project.publish("1.0.0")
    monkeypatch.setattr(verify, "wall_clock", lambda: project.now)
    named = place.format(bucket=project.bucket)
    ran = publish("verify", named, "--root", "site_config/root.json", "--json", cwd=project.base)
    report = json.loads(ran.out)
    assert (ran.code, report["ok"], report["at"]) == (0, True, "2026-11-20T12:00:00Z")
    assert (report["place"], report["address"]) == (named, Path(project.bucket).as_uri())
    assert {finding["level"] for finding in report["findings"]} <= {"note", "warning"}
