"""Every command answers with one report: `ok` in its JSON says what its exit code says, and prose fits the terminal."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from publisher.cli.main import COMMANDS, MODULES
from publisher.cli.output.emit import Report, emit
from publisher.errors import VerificationError
from publisher.text.terminal import error_lines, whole, wrapped
from tests.support.command import ROOT, Publish, Ran
from tests.support.project import Project, with_todays_keys

FORMATS = {"why", "policy", "explain", "calendar", "bucket policy"}
"""They print a format of their own, which has no `ok`."""


def with_json() -> Iterator[str]:
    """Every command that knows --json for an answer."""
    for name in COMMANDS:
        command = importlib.import_module(f"publisher.cli.{MODULES[name]}").command
        inner = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for word, answering in inner:
            if any(option.name == "as_json" for option in answering.params):
                yield f"{name} {word}".strip()


def test_ok_in_the_json_of_every_command_says_what_the_exit_code_says(tmp_path: Path, publish: Publish) -> None:
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0", "1.1.0")
    to = ("--to", str(project.bucket))
    built = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", *to)
    rolled = ("--channel", "stable", *to)
    runs: tuple[tuple[str, tuple[str | Path, ...], int], ...] = (
        ("check", (), 0),
        ("check", ("--content", "nowhere"), 1),
        ("plan", ("node@1.0.0",), 0),
        ("plan", ("node@9.0.0",), 1),
        ("maintenance", (), 0),
        ("backtest", ("--events", "nowhere.json", "--releases", "nowhere.json"), 1),
        ("import events", ("--from", "nowhere.json", "--mapping", "nowhere.yaml"), 1),
        ("log", to, 5),
        ("stage", ("node@1.0.0", *built), 0),
        ("promote", ("node@1.0.0", *rolled), 3),
        ("approve", ("node@1.0.0", *rolled), 0),
        ("release", ("node@1.0.0", *built), 0),
        ("release", ("node@1.0.0", *built), 0),
        ("release", ("node@1.1.0", "--channel", "stable", "--artifacts", "nowhere", *to), 1),
        ("hold", ("node", "--because", "It stops.", "--next-update", "6h", "--yes", *rolled), 0),
        ("lift", ("node@9.0.0", *rolled), 1),
        ("withdraw", ("node@9.0.0", "--because", "It stops.", "--action", "stop", "--yes", *rolled), 1),
        ("mitigate", ("--end", "0" * 64, "--yes", *to), 1),
        ("rollback", ("node@1.0.0", *rolled), 1),
        ("promote", ("node@1.0.0", *rolled), 0),
        ("announce", ("node", *rolled), 0),
        ("announce", ("node", "--channel", "beta", *to), 1),
        ("approve", ("root", *to), 1),
        ("status", to, 0),
        ("log", ("--verify", *to), 0),
        ("log", ("--expect", f"9:{'0' * 64}", *to), 4),
        ("refresh", to, 0),
        ("refresh", ("--units", tmp_path / "units", *to), 0),
        ("recover", to, 0),
        ("verify", (project.bucket, "--root", project.config / "root.json"), 0),
        ("keys list", (), 0),
        ("keys add", ("dora-1", "--person", "dora", "--duty", "operations", "--role", "channels", "--new"), 2),
        ("keys rotate", ("channels-ana", "--as", "ana-2", "--new", "--no-passphrase"), 0),
        ("keys stage", to, 0),
        ("keys promote", to, 3),
        ("keys remove", ("nobody", *to), 1),
        ("schema", ("--check", "--to", tmp_path), 1),
        ("schema", ("--to", tmp_path / "schemas"), 0),
        ("build", (), 2),
    )
    assert {command for command, _, _ in runs} | FORMATS == set(with_json())
    for command, words, code in runs:
        ran = publish(*command.split(), *words, "--json", cwd=project.base)
        assert (command, ran.code, json.loads(ran.out)["ok"]) == (command, code, code == 0), ran.out + ran.err
    (project.bucket / "tuf/metadata/timestamp.json").write_text("{}")
    for command, words in (("verify", (str(project.bucket), "--root", "site_config/root.json")), ("recover", to)):
        ran = publish(command, *words, "--json", cwd=project.base)
        assert (ran.code, json.loads(ran.out)["ok"]) == (4, False)


def test_what_answers_in_a_format_of_its_own_ends_with_0(publish: Publish) -> None:
    for words in (("why", "btfs-node@4.2.0"), ("policy",), ("explain",), ("calendar",)):
        ran = publish(*words, "--json")
        assert (ran.code, "ok" in json.loads(ran.out)) == (0, False)


class Refuted(Report):
    """A report with an error."""

    @property
    def error(self) -> VerificationError:
        return VerificationError("it is refuted", fix="look at it")

    def lines(self, width: int) -> list[str]:
        return [f"in {width} columns"]

    def data(self) -> Mapping[str, object]:
        return {"answer": 42}


def test_both_forms_of_a_report_end_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.exceptions.Exit) as leaving:
        emit(Refuted(), as_json=True)
    assert leaving.value.exit_code == VerificationError.exit_code
    assert json.loads(capsys.readouterr().out) == {"ok": False, "answer": 42}
    with pytest.raises(VerificationError, match="it is refuted"):
        emit(Refuted(), as_json=False)
    assert capsys.readouterr().out == "in 80 columns\n"


def test_lines_break_in_prose_and_never_in_a_command_a_path_or_a_digest() -> None:
    command, path, digest = "publish keys stage --replace --to s3://bucket/prefix", "/srv/our keys/of ana", "0" * 64
    for text in (command, f"`shipped_at: {'9' * 20}`", whole(path), digest, f"`publish log --verify` and {digest}"):
        for lead in range(0, 60, 7):
            lines = wrapped(f"{'x' * lead} some words about {text} and more of them", 60)
            plain = text.replace("\u00a0", " ").partition(" and ")[0]
            assert any(plain in line for line in lines), lines
    assert error_lines("publish: no key in /srv/our keys/of ana, nor anywhere else\n    -> name one", 30, [path]) == [
        "publish: no key in",
        "/srv/our keys/of ana, nor",
        "anywhere else",
        "    -> name one",
    ]


def fits(ran: Ran, code: int = 0) -> None:
    assert ran.code == code, ran.out + ran.err
    for line in (ran.out + ran.err).splitlines():
        assert len(line) <= 80 or line.startswith("  sudo ") or max(map(len, line.split())) > 60, line


def test_prose_of_keys_units_and_errors_fits_the_terminal(publish: Publish, project: Project, tmp_path: Path) -> None:
    to = ("--to", project.bucket)
    person = ("--person", "ana:engineering,operations,automation")
    (project.config / "root.json").unlink()
    for file in project.keys.iterdir():
        file.unlink()
    fits(publish("keys", "init", "--no-passphrase", *person, "--person", "ben:comms,operations", cwd=project.base))
    fits(publish("keys", "rotate", "root-ana", "--as", "root-ana-2", "--new", "--no-passphrase", cwd=project.base))
    fits(publish("keys", "remove", "root-ana", "--compromised", *to, cwd=project.base))
    fits(publish("refresh", "--units", tmp_path / "units", *to, cwd=project.base))
    fits(publish("status", "--config", ROOT / "nowhere", cwd=project.base), 1)
    fits(publish("keys", "remove", "root-nobody", *to, cwd=project.base), 1)
