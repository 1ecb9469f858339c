"""A release that waits for its signatures is no stray; whatever else lies about stays one."""

from __future__ import annotations

import shutil

import pytest

from publisher.channel.audit.channel import audit
from publisher.channel.findings import Finding
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.stage import Supersede
from tests.support.approving import promote, stage
from tests.support.project import Project


@pytest.fixture
def staged(project: Project) -> Project:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    return project


def found(project: Project) -> tuple[Finding, ...]:
    return audit(StoreSource(project.storage()), project.root, project.now).findings


def test_the_objects_of_a_staged_release_are_named_as_waiting(staged: Project) -> None:
    findings = found(staged)
    assert {one.level for one in findings} == {"note"}
    digest = staged.staged().candidate.digest
    said = f"is waiting: it comes with node.stable 1.1.0, candidate {digest[:12]}, which is staged"
    assert {one.what for one in findings} == {said}
    assert sum("/artifacts/node/stable/1.1.0/" in one.where for one in findings) == 2
    assert sum("/feed/node/stable/" in one.where for one in findings) == 2


def test_once_it_is_live_nothing_waits(staged: Project) -> None:
    staged.approve("1.1.0")
    promote(staged)
    assert found(staged) == ()


def test_without_an_entry_of_the_ledger_nothing_waits(staged: Project) -> None:
    """Whoever can write to staging cannot hide what they put beside it."""
    shutil.rmtree(staged.bucket / "ledger")
    assert {finding.level for finding in found(staged)} == {"error"}


def test_other_bytes_in_the_place_of_a_waiting_object_are_a_stray(staged: Project) -> None:
    [waiting] = staged.bucket.glob("tuf/targets/artifacts/node/stable/1.1.0/*.zip")
    size = waiting.stat().st_size
    waiting.unlink()
    waiting.write_bytes(b"x" * size)
    [stray] = [finding for finding in found(staged) if finding.level == "error"]
    assert waiting.name in stray.where


def test_without_the_candidate_nothing_waits(staged: Project) -> None:
    shutil.rmtree(staged.bucket / "staging")
    assert {finding.level for finding in found(staged)} == {"error"}


@pytest.fixture
def superseded(staged: Project) -> Project:
    stage(staged, "1.2.0", Supersede.ANY)
    staged.approve("1.2.0")
    promote(staged)
    return staged


def test_what_a_superseded_candidate_brought_refutes_nothing(superseded: Project) -> None:
    findings = found(superseded)
    assert {finding.level for finding in findings} == {"note"}
    assert {finding.what.partition(", candidate")[0] for finding in findings} == {"was left by node.stable 1.1.0"}
    assert all(finding.what.endswith("superseded before it shipped; nothing leads to it") for finding in findings)


def test_only_what_the_ledger_says_was_staged_was_left(superseded: Project) -> None:
    [left] = superseded.bucket.glob("tuf/targets/artifacts/node/stable/1.1.0/*.zip")
    planted = left.with_name(f"{'0' * 64}.{left.name.partition('.')[2]}")
    planted.write_bytes(left.read_bytes())
    [stray] = [finding for finding in found(superseded) if finding.level == "error"]
    assert planted.name in stray.where
    planted.unlink()
    size = left.stat().st_size
    left.unlink()
    left.write_bytes(b"x" * size)
    [stray] = [finding for finding in found(superseded) if finding.level == "error"]
    assert left.name in stray.where
    shutil.rmtree(superseded.bucket / "ledger")
    assert "error" in {finding.level for finding in found(superseded)}
