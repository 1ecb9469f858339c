"""publish approve at a terminal: a person reads first, then opens the key, attests facts, and types the digest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.pipeline.release.stage import apply_stage, plan_stage
from tests.support.approving import edit, near_an_event
from tests.support.command import flat
from tests.support.project import Project
from tests.support.terminal import Answers, at_terminal

pytestmark = pytest.mark.system

PASSPHRASE = "five six random words"
FACTS: Answers = [
    ("Where does it say so\\?: ", "the rota of this week"),
    ("How do you know\\?: ", "test page at nine"),
    ("was tried. Where\\?: ", "drill of Tuesday"),
]
DIGEST: Answers = [(r"digest \(([0-9a-f]{8})\.\.\.\): ", r"\1")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A release that is staged near an event, by the clock of today, and keys that are encrypted."""
    now = datetime.now(UTC).replace(microsecond=0)
    project = Project(tmp_path / "project", now=now, passphrase=PASSPHRASE)
    project.add_release("1.0.0")
    near_an_event(project)
    summit = project.content / "events/summit.yaml"
    for day, days in (("2026-11-23T12:00:00Z", 3), ("2026-11-24T12:00:00Z", 4)):
        edit(summit, day, f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}")
    edit(project.content / "calendar.yaml", "2026-11-19T12:00:00Z", f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}")
    project.forget()
    plan = plan_stage(
        project.request("1.0.0"),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
    )
    apply_stage(plan, project.storage())
    return project


def approve(project: Project, key: str, answers: Answers) -> tuple[int, str]:
    words = ("approve", "node@1.0.0", "--channel", "stable", "--key", key, "--to", project.bucket)
    asked: Answers = [("Passphrase of [^\n]*: ", PASSPHRASE), *answers]
    return at_terminal(words, project.base, {}, asked)


def test_r39_operations_read_are_asked_for_each_fact_and_type_the_digest(project: Project) -> None:
    code, said = approve(project, "channels-ben", [*FACTS, *DIGEST])
    assert code == 0, said
    order = [
        "What changes for clients:",
        "Passphrase of",
        "Support is staffed",
        "Alerts reach",
        "rollback needs",
        "type",
    ]
    assert [said.index(one) for one in order] == sorted(said.index(one) for one in order)
    assert "approved    ben (operations)" in said
    assert PASSPHRASE not in said
    [statement] = project.staged().statements.values()
    assert b"rota" not in statement  # the envelope holds it in base64


def test_engineering_is_asked_for_the_digest_only(project: Project) -> None:
    code, said = approve(project, "channels-ana", DIGEST)
    assert code == 0, said
    assert "Where does it say so?" not in said


def test_another_digest_signs_nothing(project: Project) -> None:
    code, said = approve(project, "channels-ana", [(r"digest \(([0-9a-f]{8})\.\.\.\): ", "00000000")])
    assert code == 2, said
    digest = project.staged().candidate.digest[:12]
    assert f"that is another digest: candidate {digest} of node.stable was not signed with channels-ana" in flat(said)
    assert project.staged().objects() == {}


@pytest.mark.parametrize(("typed", "code"), [("", 1), ("no", 1), ("\x03", 130)], ids=["enter", "no", "interrupt"])
def test_declining_says_what_was_not_signed(project: Project, typed: str, code: int) -> None:
    left, said = approve(project, "channels-ana", [(r"digest \([0-9a-f]{8}\.\.\.\): ", typed)])
    assert left == code, said
    digest = project.staged().candidate.digest[:12]
    assert f"declined: candidate {digest} of node.stable was not signed with channels-ana" in flat(said)
    assert project.staged().objects() == {}


@pytest.mark.parametrize(("given", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color_takes_the_colours_away(project: Project, given: dict[str, str], coloured: bool) -> None:
    words = ("why", "node@1.0.0", "--at", "2026-11-20T12:00:00Z")
    _, said = at_terminal(words, project.base, {"TERM": "xterm", "NO_COLOR": "", **given}, [])
    assert ("\x1b[" in said) is coloured
