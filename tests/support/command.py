"""Runs `publish` as people run it: the real entry point, with its exit code and what it prints."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from publisher.cli.main import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def flat(text: str) -> str:
    """What is printed, without the ends of lines: where they fall depends on the length of paths."""
    return " ".join(text.split())


Publish = Callable[..., Ran]


def exit_code() -> int:
    """Runs the command of sys.argv."""
    try:
        main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


@pytest.fixture
def publish(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Runs a command in the repository's directory or in `cwd`, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str | Path, cwd: Path = ROOT) -> Ran:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["publish", *map(str, arguments)])
        code = exit_code()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err or "--debug" in arguments, out + err
        if "--json" in arguments and out.startswith('{\n  "ok"'):
            assert json.loads(out)["ok"] == (code == 0), out
        return Ran(code, out, err)

    return run


def publish_here(*arguments: str | Path, cwd: Path = ROOT) -> Ran:
    """The same for a fixture that several tests share."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("COLUMNS", "80")
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["publish", *map(str, arguments)])
        code = exit_code()
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ran(code, out.getvalue(), err.getvalue())


def run_publish(*words: str | Path, cwd: Path, env: Mapping[str, str] = MappingProxyType({})) -> Ran:
    """The same in a process of its own, for what is read once in a process."""
    ran = subprocess.run(
        [sys.executable, "-m", "publisher.cli.main", *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **env},
    )
    assert "Traceback" not in ran.stdout + ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)
