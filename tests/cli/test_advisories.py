"""What stage and release say beside advisories, as people and programs read it (R81)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.advising import advise
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys

UNSAFE = "No rollback metadata: 1.0.0 is unsafe (advisory leak). If this release fails, hold it and ship a fix."


@pytest.fixture
def project(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is live and unsafe, and 1.1.0 is built."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0", "1.1.0")

    def make() -> None:
        assert run(publish, project, "release", "1.0.0").code == 0

    project.step("1.0.0 is released", make)
    advise(project, 'before: "1.1.0"')
    return project


def run(publish: Publish, project: Project, command: str, version: str, *more: str) -> Ran:
    where = ("--channel", "stable", "--artifacts", f"artifacts/{version}", "--to", project.bucket)
    return publish(command, f"node@{version}", *where, *more, cwd=project.base)


def test_r81_staging_says_that_nobody_will_be_taken_back(project: Project, publish: Publish) -> None:
    ran = run(publish, project, "stage", "1.1.0")
    assert ran.code == 0, ran.err
    assert UNSAFE in flat(ran.out)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert json.loads(run(publish, project, "stage", "1.1.0", "--json").out)["no_way_back"] == UNSAFE
    shown = publish("approve", "node@1.1.0", "--to", project.bucket, cwd=project.base)
    assert "No rollback metadata is signed with it: 1.0.0 is unsafe (advisory leak)." in flat(shown.out)


def test_a_release_says_it_in_the_plan_and_when_it_is_done(project: Project, publish: Publish) -> None:
    before = tree(project.bucket)
    planned = run(publish, project, "release", "1.1.0", "--dry-run")
    assert planned.code == 0, planned.err
    assert UNSAFE in flat(planned.out)
    assert tree(project.bucket) == before
    done = run(publish, project, "release", "1.1.0")
    assert done.code == 0, done.err
    assert UNSAFE in flat(done.out)
    again = run(publish, project, "release", "1.1.0")
    assert "No rollback metadata" not in flat(again.out)


def test_a_release_after_a_safe_one_says_nothing_of_it(project: Project, publish: Publish) -> None:
    (project.content / "advisories/leak.yaml").unlink()
    ran = run(publish, project, "stage", "1.1.0", "--json")
    assert json.loads(ran.out)["no_way_back"] is None


def test_a_fix_with_a_low_floor_is_refused_with_what_to_write(project: Project, publish: Publish) -> None:
    advise(project, 'before: "1.1.0"', fixed_in="1.1.0")
    before = tree(project.bucket)
    ran = run(publish, project, "stage", "1.1.0")
    assert ran.code != 0
    assert "node@1.1.0 fixes leak, but `min_secure` of node is not set" in flat(ran.err)
    assert 'set `min_secure: "1.1.0"` in products.yaml' in flat(ran.err)
    assert tree(project.bucket) == before
