"""`publish mitigate` as people run it: what is shown, asked, and said when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Publish, Ran, flat
from tests.support.mitigating import REASON, with_settings
from tests.support.project import Project, tree, with_todays_keys

ADVICE = ("--versions", "1.0.0..1.1.0", "--set", "auto-sync=off", "--because", REASON, "--until", "14d")


@pytest.fixture
def shipped(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is live in stable, with two settings."""
    project = with_settings(with_todays_keys(tmp_path / "project", publish, "1.0.0"))
    words = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", str(project.bucket))
    ran = publish("release", "node@1.0.0", *words, cwd=project.base)
    assert ran.code == 0, ran.err
    return project


def run(project: Project, publish: Publish, *words: str) -> Ran:
    return publish(*words, "--to", str(project.bucket), cwd=project.base)


def test_it_says_who_is_told_what_and_how_it_ends(shipped: Project, publish: Publish) -> None:
    ran = run(shipped, publish, "mitigate", "node", *ADVICE, "--fixed-in", "1.1.0", "--yes")
    assert ran.code == 0, ran.err
    assert (
        "Users of node (from 1.0.0, before 1.1.0) are told with their next check to set storage.auto_sync to"
        in flat(ran.out)
    )
    ident = ran.out.split("publish mitigate --end ")[1].split()[0]
    output = flat(run(shipped, publish, "status").out)
    assert "Mitigations node from 1.0.0, before 1.1.0: set storage.auto_sync to off, until" in output
    assert f"publish mitigate --end {ident}" in output
    assert json.loads(run(shipped, publish, "status", "--json").out)["mitigations"][0]["from"] == "1.0.0"
    ran = run(shipped, publish, "mitigate", "--end", ident, "--yes")
    assert "The mitigation for node (from 1.0.0, before 1.1.0) has ended" in flat(ran.out)
    assert "Mitigations" not in run(shipped, publish, "status").out
    output = flat(run(shipped, publish, "log", "--verify").out)
    for action in ("mitigate", "end-mitigation"):
        entry = output.split(f" {action}: node ", 1)[1]
        assert "notes" in entry.split(f"Mitigation {ident}.", 1)[0]


def test_programs_get_ids_and_whom_it_concerns(shipped: Project, publish: Publish) -> None:
    words = ("mitigate", "node", *ADVICE, "--platform", "linux-amd64", "--yes", "--json")
    data = json.loads(run(shipped, publish, *words).out)
    assert (data["product"], data["from"], data["before"], data["fixed_in"]) == ("node", "1.0.0", "1.1.0", None)
    assert (data["setting"], data["value"], data["platforms"]) == ("auto-sync", "off", ["linux-amd64"])
    assert (data["newest"], data["left_out"], data["already"], len(data["id"])) == ("1.0.0", [], False, 64)
    ended = json.loads(run(shipped, publish, "mitigate", "--end", data["id"], "--yes", "--json").out)
    assert (ended["id"], ended["ended"]) == (data["id"], True)


@pytest.mark.parametrize("words", [("node", *ADVICE), ("--end", "(the id)")])
def test_where_nobody_can_answer_nothing_is_signed(shipped: Project, publish: Publish, words: tuple[str, ...]) -> None:
    data = json.loads(run(shipped, publish, "mitigate", "node", *ADVICE, "--yes", "--json").out)
    before = tree(shipped.bucket)
    ran = run(shipped, publish, "mitigate", *(data["id"] if word == "(the id)" else word for word in words))
    assert (ran.code, tree(shipped.bucket)) == (2, before)
    assert "there is no terminal in which to confirm it" in flat(ran.err)
    assert "--yes" in ran.err


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 1)])
def test_whoever_is_here_sees_it_first_and_is_asked(
    shipped: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_words, **_options: answer)
    before = tree(shipped.bucket)
    ran = run(shipped, publish, "mitigate", "node", *ADVICE, "--fixed-in", "1.1.0")
    output = flat(ran.out)
    assert "Tell users of node (from 1.0.0, before 1.1.0), on all platforms:" in output
    assert "Until fixed in 1.1.0: set storage.auto_sync to off (In config.toml)." in output
    assert f'Everybody reads: "{REASON}"' in output
    assert "The newest published version in this range: 1.0.0." in output
    assert (ran.code, tree(shipped.bucket) == before) == (code, not answer)
    assert ("declined: nothing was signed" in flat(ran.err)) is not answer


def test_a_problem_of_the_content_holds_nobody_up(shipped: Project, publish: Publish) -> None:
    (shipped.content / "releases" / "node" / "1.0.0.yaml").write_text("nonsense: [\n")
    ran = run(shipped, publish, "mitigate", "node", *ADVICE, "--yes")
    assert ran.code == 0, ran.err
    assert "Warning:" in ran.err


@pytest.mark.parametrize(
    ("changes", "code", "what"),
    [
        ({"product": "nod"}, 1, "there is no product nod"),
        ({"--versions": "1.0.0"}, 2, "--versions '1.0.0' is not a range"),
        ({"--versions": "1.1.0..1.0.0"}, 2, "has no version in it"),
        ({"--versions": "3.0.."}, 1, "no published version of node lies in the range (3.0 and later)"),
        ({"--set": "auto-sync"}, 2, "--set auto-sync is not SETTING=VALUE"),
        ({"--set": "auto-snyc=off"}, 1, "did you mean auto-sync?"),
        ({"--set": "auto-sync=maybe"}, 1, "cannot be set to maybe"),
        ({"--because": "see https://fix.example"}, 2, "looks like an address"),
        ({"--because": ""}, 2, "--because is empty"),
        ({"--until": None}, 2, "a mitigation needs PRODUCT, --versions, --set, --because and --until"),
        ({"--until": "someday"}, 2, "--until is not a time"),
        ({"--until": "2020-01-01T00:00:00Z"}, 1, "is over"),
        ({"--until": "91d"}, 1, "is more than 90 days ahead"),
        ({"--platform": "linux"}, 1, "node has no platform linux"),
        ({"--fixed-in": "soon"}, 2, "--fixed-in 'soon' is not a version"),
        ({"--fixed-in": "1.0.0"}, 1, "and older than 1.0.0, which has the fix"),
        ({"--end": "0123456789"}, 2, "--end takes no other options"),
    ],
)
def test_what_is_mistyped_is_refused_with_what_to_do(
    shipped: Project, publish: Publish, changes: dict[str, str | None], code: int, what: str
) -> None:
    before = tree(shipped.bucket)
    given: dict[str, str | None] = dict(zip(ADVICE[::2], ADVICE[1::2], strict=True))
    given |= {name: value for name, value in changes.items() if name != "product"}
    words = [word for name, value in given.items() if value is not None for word in (name, value)]
    ran = run(shipped, publish, "mitigate", changes.get("product") or "node", *words, "--yes")
    assert (ran.code, tree(shipped.bucket)) == (code, before), ran.out + ran.err
    assert what in flat(ran.err)
    assert "->" in ran.err
