"""Runs programs at a terminal of their own, and types answers to what they ask."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.command import ROOT

Answers = Sequence[tuple[str, str]]
"""Pattern of a question -> what is typed; a group of the pattern can be named there. Each is used once, in order."""


Reply = Callable[[str], str | None]
"""What is typed after the text that came since the last answer; None while that asks nothing."""

PATIENCE = 240
"""Seconds without a word after which a program is taken to wait for an answer that nobody knows."""


def at_terminal(
    words: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], answers: Answers
) -> tuple[int, str]:
    """The exit code of `publish`, and all that a person saw."""
    coming = list(answers)

    def reply(text: str) -> str | None:
        if coming and (asked := re.search(coming[0][0], text)):
            return asked.expand(coming.pop(0)[1])
        return None

    command = [sys.executable, "-m", "publisher.cli.main", *map(str, words)]
    return converse(command, cwd, {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **environment}, reply)


def converse(command: list[str], cwd: Path, environment: Mapping[str, str], reply: Reply) -> tuple[int, str]:
    """The exit code of a program, and all that a person saw who answers it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe(command[0], command, environment)
    said, read = "", 0
    while True:
        if not select.select([terminal], [], [], PATIENCE)[0]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f"it waits for an answer:\n{said[read:]}")
        try:
            part = os.read(terminal, 4096)
        except OSError as error:
            assert error.errno == errno.EIO  # the other end is closed
            break
        if not part:
            break
        said += part.decode(errors="replace")
        if (answer := reply(said[read:])) is not None:
            read = len(said)
            os.write(terminal, (answer + "\n").encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.replace("\r", "")
