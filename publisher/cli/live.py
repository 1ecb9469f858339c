"""What is live in a bucket, for commands that show it."""

from __future__ import annotations

from pathlib import Path

from publisher.cli.common import wall_clock
from publisher.cli.signing import read_root
from publisher.model.published import ChannelState
from publisher.pipeline.live import live_state
from publisher.storage.open import open_storage


def state_of(bucket: str | None, config: Path) -> ChannelState | None:
    """The verified state of the bucket that was named; None when none was."""
    return None if bucket is None else live_state(open_storage(bucket), read_root(config), wall_clock())
