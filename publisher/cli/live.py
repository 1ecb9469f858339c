"""--bucket: what is live, for commands that show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from publisher.cli.common import wall_clock
from publisher.cli.signing import read_root
from publisher.model.published import ChannelState
from publisher.pipeline.live import live_state
from publisher.storage.open import open_storage

F = TypeVar("F", bound=Callable[..., Any])


def bucket_option(function: F) -> F:
    """--bucket"""
    return click.option(
        "--bucket",
        metavar="URL",
        help="Take in what this bucket offers. Its metadata and feeds are verified from the root in the configuration;"
        " binaries are not read (`publish verify` does that).",
    )(function)


def state_of(bucket: str | None, config: Path) -> ChannelState | None:
    """The verified state of the bucket that was named; None when none was."""
    return None if bucket is None else live_state(open_storage(bucket), read_root(config), wall_clock())
