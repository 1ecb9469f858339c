"""The command line as a whole: help, errors, exit codes."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import click
import pytest

from publisher.cli.main import COMMANDS, MODULES
from tests.support.command import ROOT, Publish, flat


def test_help_names_every_command(publish: Publish) -> None:
    ran = publish("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_its_options(name: str) -> None:
    command = importlib.import_module(f"publisher.cli.{MODULES[name]}").command
    assert isinstance(command, click.Command)
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"publish {name}" in readme


def test_no_command_shows_help_and_is_a_usage_error(publish: Publish) -> None:
    ran = publish()
    assert ran.code == 2
    assert "Usage: publish" in ran.out + ran.err


def test_an_unknown_command_is_a_usage_error(publish: Publish) -> None:
    ran = publish("relaese")
    assert ran.code == 2
    assert "there is no command relaese; did you mean release?" in flat(ran.err)


@pytest.mark.parametrize(("group", "typed", "meant"), [("keys", "remvoe", "remove"), ("bucket", "polcy", "policy")])
def test_commands_of_a_group_are_suggested_too(publish: Publish, group: str, typed: str, meant: str) -> None:
    ran = publish(group, typed)
    assert (ran.code, f"did you mean {meant}?" in flat(ran.err)) == (2, True)


def test_the_shell_completes_commands_and_options(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_PUBLISH_COMPLETE", "bash_complete")

    def completed(*words: str) -> set[str]:
        monkeypatch.setenv("COMP_WORDS", " ".join(("publish", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        ran = publish()
        assert ran.code == 0, ran.err
        return {line.partition(",")[2] for line in ran.out.splitlines()}

    assert completed("re") == {"release", "recover", "refresh", "render"}
    assert "--artifacts" in completed("release", "--a")
    assert completed("keys", "ro") == {"rotate"}


def test_the_shell_completion_of_the_readme_can_be_read_by_bash(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_PUBLISH_COMPLETE", "bash_source")
    script = publish()
    assert (script.code, "complete -o nosort -F" in script.out) == (0, True), script.err
    assert "_PUBLISH_COMPLETE=bash_source publish" in (ROOT / "README.md").read_text()


def test_content_errors_come_as_json_when_asked(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", "--json", "--content", tmp_path, "--config", tmp_path)
    assert ran.code == 1
    problems = json.loads(ran.out)["problems"]
    assert {"what", "file", "line", "column", "fix"} <= set(problems[0])


def test_debug_shows_the_traceback_and_nothing_else_does(publish: Publish, tmp_path: Path) -> None:
    words = ("check", "--content", tmp_path / "gone")
    assert "Traceback" not in publish(*words).err
    assert "Traceback" in publish(*words, "--debug").err


@pytest.mark.parametrize("group", ["keys", "bucket"])
def test_the_help_of_a_group_says_in_whole_what_each_command_does(publish: Publish, group: str) -> None:
    ran = publish(group, "--help")
    assert ran.code == 0
    assert "..." not in ran.out.split("Commands:")[1]
