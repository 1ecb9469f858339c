"""`shipped_at` is written by the command that ships; whatever is in its way never fails a release that is live."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.command import Publish, Ran
from tests.support.project import Project, tree

LINE = re.compile(r"^shipped_at: 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$", re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.add_release("1.0.0")
    project.build("1.0.0")
    return project


def file_of(project: Project) -> Path:
    return project.content / "releases/node/1.0.0.yaml"


def release(publish: Publish, project: Project, *more: str) -> Ran:
    words = ("release", "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    return publish(*words, *more, cwd=project.base)


def test_a_release_records_when_it_shipped_and_says_where(project: Project, publish: Publish) -> None:
    before = file_of(project).read_text(encoding="utf-8")
    file_of(project).write_bytes(("# Ours\n" + before + "# the end\n").replace("\n", "\r\n").encode())
    ran = release(publish, project)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "Recorded shipped_at in content/releases/node/1.0.0.yaml. Next: commit it, and build the site again." in said
    after = file_of(project).read_bytes().decode()
    assert after.count("\r\n") == after.count("\n")
    plain = after.replace("\r\n", "\n")
    assert len(LINE.findall(plain)) == 1
    assert LINE.sub("", plain).replace("\n\n#", "\n#") == "# Ours\n" + before + "# the end\n"
    assert "shipped on" in publish("why", "node@1.0.0", cwd=project.base).out


def test_repeating_a_release_changes_nothing(project: Project, publish: Publish) -> None:
    assert release(publish, project).code == 0
    before = tree(project.base)
    again = release(publish, project)
    assert (again.code, "nothing was written" in again.out) == (0, True)
    assert tree(project.base) == before


def test_no_record_leaves_the_content_alone(project: Project, publish: Publish) -> None:
    before = tree(project.content)
    ran = release(publish, project, "--no-record")
    assert ran.code == 0
    assert "Next: write `shipped_at: 20" in " ".join(ran.out.split())
    assert "is not recorded" not in ran.out
    assert tree(project.content) == before


def test_a_dry_run_records_nothing(project: Project, publish: Publish) -> None:
    before = tree(project.content)
    assert release(publish, project, "--dry-run").code == 0
    assert tree(project.content) == before


def test_a_time_that_people_recorded_stays(project: Project, publish: Publish) -> None:
    with file_of(project).open("a", encoding="utf-8") as stream:
        stream.write("shipped_at: 2026-01-01T00:00:00Z\n")
    before = tree(project.content)
    ran = release(publish, project)
    assert (ran.code, "Next: build the site again." in ran.out) == (0, True)
    assert tree(project.content) == before


def test_a_file_that_cannot_be_written_fails_no_release(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("publisher.content.yaml_edit.os", SimpleNamespace(fsync=full))
    before = tree(project.content)
    ran = release(publish, project, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["changed"] is True
    assert told["recorded_in"] is None
    assert "cannot write content/releases/node/1.0.0.yaml: No space left on device" in told["not_recorded"]
    assert tree(project.content) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [("a: [", "has it any more"), ('product: node\nversion: "1.0.0"\n', "in the content")],
    ids=["no YAML any more", "half of it"],
)
def test_content_that_changed_while_it_shipped_is_left_alone_and_said(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    def ship_and_edit(*given: object) -> object:
        written = apply_release(*given)  # type: ignore[arg-type]
        file_of(project).write_text(text, encoding="utf-8")
        return written

    from publisher.pipeline.release.release import apply_release  # noqa: PLC0415 - the real one, beside what stands in for it

    monkeypatch.setattr("publisher.cli.release.release.apply_release", ship_and_edit)
    ran = release(publish, project)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "shipped_at is not recorded: " in said
    assert why in said
    assert file_of(project).read_text(encoding="utf-8") == text
