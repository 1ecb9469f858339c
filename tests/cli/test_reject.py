"""`publish approve --reject` as people run it: what is asked, and said when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys

REASON = "The build lost the migration of the index."


@pytest.fixture
def staged(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is live in stable, and 1.1.0 is staged."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0", "1.1.0")
    for words in (
        ("release", "node@1.0.0", "--artifacts", "artifacts/1.0.0"),
        ("stage", "node@1.1.0", "--artifacts", "artifacts/1.1.0"),
    ):
        assert run(publish, project, *words).code == 0
    return project


def run(publish: Publish, project: Project, *words: str) -> Ran:
    return publish(*words, "--channel", "stable", "--to", str(project.bucket), cwd=project.base)


def digest_of(publish: Publish, project: Project) -> str:
    shown = publish("status", "--json", "--to", str(project.bucket), cwd=project.base)
    return str(json.loads(shown.out)["staged"][0]["candidate"])


def test_it_is_rejected_by_its_whole_digest_and_every_command_says_so(staged: Project, publish: Publish) -> None:
    digest = digest_of(publish, staged)
    no = ("approve", "node@1.1.0", "--reject", "--because", REASON)
    ran = run(publish, staged, *no, "--yes", digest)
    assert ran.code == 0, ran.err
    assert f"node 1.1.0, candidate {digest[:12]} of node.stable, is rejected." in flat(ran.out)
    assert "publish stage node@1.1.0 --channel stable --replace" in flat(ran.out)
    promoted = run(publish, staged, "promote", "node@1.1.0")
    assert promoted.code == 5
    assert f"candidate {digest[:12]} of node.stable was rejected on" in flat(promoted.err)
    assert f'"{REASON}"' in flat(promoted.err)
    status = publish("status", "--to", str(staged.bucket), cwd=staged.base)
    assert (status.code, f"Void: candidate {digest[:12]} of node.stable was rejected" in flat(status.out)) == (0, True)
    log = publish("log", "--to", str(staged.bucket), cwd=staged.base)
    assert "reject: node 1.1.0 in stable" in flat(log.out)
    assert f'Candidate {digest[:12]}: "{REASON}"' in flat(log.out)
    again = json.loads(run(publish, staged, *no, "--yes", digest, "--json").out)
    assert (again["rejected"], again["already"], again["candidate"]) == (True, True, digest)


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("node@1.1.0", "--reject"), 2, "--reject needs a reason"),
        (("node@1.1.0", "--because", REASON), 2, "--because goes with --reject"),
        (("node@1.1.0", "--reject", "--because", "see https://fix.example"), 2, "looks like an address"),
        (("node@1.1.0", "--reject", "--because", REASON), 2, "there is no terminal in which to confirm it"),
        (("node@1.1.0", "--reject", "--because", REASON, "--yes", "ab" * 32), 2, "and the candidate is"),
        (("node@1.1.0", "--reject", "--because", REASON, "--key", "brakes-ben"), 2, "--reject goes with --because"),
        (("node@1.0.0", "--reject", "--because", REASON), 1, "node@1.0.0 is not staged: node.stable is working on"),
        (("node", "--reject", "--because", REASON), 2, "node names no version to reject"),
    ],
)
def test_what_is_mistyped_is_refused_with_what_to_do(
    staged: Project, publish: Publish, words: tuple[str, ...], code: int, what: str
) -> None:
    before = tree(staged.bucket)
    ran = run(publish, staged, "approve", *words)
    assert (ran.code, tree(staged.bucket)) == (code, before), ran.err
    assert what in flat(ran.err)
    assert "->" in ran.err
