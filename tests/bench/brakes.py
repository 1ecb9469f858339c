"""How long it takes from typing `publish hold` to a client that stops."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.bench.measure import Result, command, compared
from tests.support.project import Project

BIN = Path(sys.executable).parent


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """Hold and check as two programs, as people type them, beside the same two programs that only say their version."""
    project = Project(scratch / "brakes", now=datetime.now(UTC).replace(microsecond=0))
    project.publish("1.0.0")
    project.publish("1.1.0")
    tidegate = (sys.executable, "-m", "publisher.client")
    versions = (command(BIN / "publish", "--help", cwd=project.base), command(*tidegate, "--version", cwd=project.base))

    def bare() -> None:
        for program in versions:
            program()

    yield (
        "publish hold until a client stops",
        compared(
            _held_and_seen(project, tidegate),
            bare,
            limit=10,
            target="seconds: at most 10",
            note="a directory; hold by hand and a check right after it; theirs: publish --help and tidegate --version",
        ),
    )


def _held_and_seen(project: Project, tidegate: tuple[str, ...]) -> Callable[[], None]:
    reasons = count(1)
    where = (
        "--url",
        project.bucket.as_uri(),
        "--root",
        project.config / "root.json",
        "--state",
        project.base / "state",
    )
    asked = ("--product", "node", "--channel", "stable", "--platform", "linux-amd64", "--current", "1.0.0")

    def run() -> None:
        reason = f"Reason number {next(reasons)}."
        words = ("--channel", "stable", "--because", reason, "--next-update", "6h", "--yes", "--to", project.bucket)
        command(BIN / "publish", "hold", "node@1.1.0", *words, cwd=project.base)()
        check = [str(word) for word in (*tidegate, "check", *where, *asked, "--json")]
        answer = json.loads(subprocess.run(check, cwd=project.base, check=True, capture_output=True).stdout)
        assert (answer["outcome"], answer["hold"]["because"]) == ("held", reason)

    return run
