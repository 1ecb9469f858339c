"""The command line as a whole: help, errors, exit codes."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import click
import pytest

from publisher.cli.main import COMMANDS
from tests.support.command import Publish


def test_help_names_every_command(publish: Publish) -> None:
    ran = publish("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_its_options(name: str) -> None:
    command = importlib.import_module(f"publisher.cli.{name}").command
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
    assert "relaese" in ran.err
    assert "Traceback" not in ran.err


def test_content_errors_come_as_json_when_asked(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", "--json", "--content", tmp_path, "--config", tmp_path)
    assert ran.code == 1
    problems = json.loads(ran.out)["problems"]
    assert {"what", "file", "line", "column", "fix"} <= set(problems[0])


def test_debug_shows_the_traceback_and_nothing_else_does(publish: Publish, tmp_path: Path) -> None:
    words = ("check", "--content", tmp_path / "gone")
    assert "Traceback" not in publish(*words).err
    assert "Traceback" in publish(*words, "--debug").err
