"""Runs `publish` inside the test process: exit code and what it printed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher.cli.main import main


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def publish(capsys: pytest.CaptureFixture[str], *words: str | Path, cwd: Path | None = None) -> Ran:
    """Run one command, in `cwd` if given."""
    before = Path.cwd()
    os.chdir(cwd or before)
    try:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
    finally:
        os.chdir(before)
    captured = capsys.readouterr()
    return Ran(int(ended.value.code or 0), captured.out, captured.err)
