"""Runs `publish` at a terminal of its own, and types answers to what it asks."""

from __future__ import annotations

import errno
import os
import pty
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.command import ROOT

Answers = Sequence[tuple[str, str]]
"""Pattern of a question -> what is typed; a group of the pattern can be named there. Each is used once, in order."""


def at_terminal(
    words: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], answers: Answers
) -> tuple[int, str]:
    """The exit code, and all that a person saw."""
    command = [sys.executable, "-m", "publisher.cli.main", *map(str, words)]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment})
    said, read = "", 0
    coming = list(answers)
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError as error:
            assert error.errno == errno.EIO  # the other end is closed
            break
        if not part:
            break
        said += part.decode(errors="replace")
        if coming and (asked := re.search(coming[0][0], said[read:])):
            read = len(said)
            os.write(terminal, (asked.expand(coming.pop(0)[1]) + "\n").encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.replace("\r", "")
