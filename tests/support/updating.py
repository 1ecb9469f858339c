"""Clients in processes of their own, killed by SIGKILL at the n-th step by which they change a disk.

Steps are what Python tells its audit hooks (PEP 578), so that none of ours or of python-tuf's is forgotten: files that
are opened for writing, renamed, linked, removed; and, since writes are not told, the middle of each write to a part.
They are forked from a small server process that has loaded everything once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from multiprocessing.context import ForkServerContext
from pathlib import Path

from publisher.client.network.http import fetcher_for
from publisher.client.network.patience import impatient
from publisher.client.transfer import part_file
from publisher.client.transfer.part_file import write_whole
from publisher.client.updater import UpdateClient

SECONDS = 120
"""No client of these tests needs longer."""

KILLED = -signal.SIGKILL

_CHANGES = frozenset({"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.chmod", "os.truncate"})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def processes() -> ForkServerContext:
    """Where to start them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@dataclass(frozen=True)
class Update:
    """A check and a download."""

    url: str
    root: bytes
    base: Path
    """Below it lie `state`, `files`, and what is reported: `steps`, and `answered` once there was an answer."""
    ask: tuple[str, str, str]
    now: datetime
    at: int = 0
    """The step before which the process is killed."""

    def client(self) -> UpdateClient:
        clock = self.clock
        return UpdateClient(self.url, self.root, self.base / "state", fetcher_for(self.url), clock, impatient(clock))

    def clock(self) -> datetime:
        return self.now

    def run(self) -> int | None:
        """The exit code of a process that does it; KILLED when it was."""
        return ended([self])[0]

    @property
    def steps(self) -> int:
        """How many there were, if it was not killed."""
        return int((self.base / "steps").read_text())

    @property
    def answered(self) -> bool:
        return (self.base / "answered").exists()


def ended(updates: list[Update]) -> list[int | None]:
    """The exit codes of processes that do these at once."""
    running = [processes().Process(target=_work, args=(update,)) for update in updates]
    for process in running:
        process.start()
    for process in running:
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            raise TimeoutError("a client did not end")
    return [process.exitcode for process in running]


def _work(update: Update) -> None:
    steps = _Steps(update.base, update.at)
    sys.addaudithook(steps.heard)
    part_file.write_whole = steps.write_whole
    client = update.client()
    feed = client.fetch_feed(*update.ask)
    with steps.paused():
        (update.base / "answered").touch()
    client.download(feed, update.base / "files")
    with steps.paused():
        (update.base / "steps").write_text(str(steps.count))


class _Steps:
    """Counts from 1, and kills the process before one of them."""

    def __init__(self, base: Path, at: int) -> None:
        self.base = str(base)
        self.at = at
        self.count = 0
        self.counting = True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What a test is told is no step."""
        self.counting = False
        yield
        self.counting = True

    def heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            changes = isinstance(arguments[2], int) and bool(arguments[2] & _WRITES)
        else:
            changes = event in _CHANGES
        if changes and any(isinstance(each, str | os.PathLike) and self.base in str(each) for each in arguments):
            self.step()

    def step(self) -> None:
        self.count += self.counting
        if self.counting and self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def write_whole(self, file: FileIO, data: bytes) -> None:
        half = len(data) // 2
        write_whole(file, data[:half])
        self.step()
        write_whole(file, data[half:])
