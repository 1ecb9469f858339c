"""Progress bars on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from publisher.pipeline.progress import Advance, Track, silent


def track_on_terminal(*, quiet: bool) -> Track:
    """Bars on standard error when it is a terminal and the output is for people."""
    return silent if quiet or not sys.stderr.isatty() else _bar


@contextmanager
def _bar(name: str, total: int) -> Iterator[Advance]:
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, which only a terminal has to pay
    from rich.progress import (  # noqa: PLC0415 - the same
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=total)
        yield lambda count: progress.advance(task, count)
