"""--bucket: what is live, for commands that show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from publisher.cli.common import wall_clock
from publisher.model.published import ChannelState

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
    if bucket is None:
        return None
    # TUF and stores take their time to load, and `why` is mostly asked without a bucket.
    from publisher.cli.signing import read_root  # noqa: PLC0415
    from publisher.pipeline.live import live_state  # noqa: PLC0415
    from publisher.storage.open import open_storage  # noqa: PLC0415

    return live_state(open_storage(bucket), read_root(config), wall_clock())
