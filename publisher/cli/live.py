"""What is live in a bucket and what was taken back there, for commands that show it."""

from __future__ import annotations

from pathlib import Path

from publisher.cli.inputs import wall_clock
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState


def state_of(bucket: str | None, config: Path, catalog: Catalog) -> ChannelState | None:
    """The verified state of the bucket that was named; None when none was."""
    if bucket is None:
        return None
    from publisher.cli.secrets import read_root  # noqa: PLC0415 - TUF and stores are slow to load, and seldom needed
    from publisher.pipeline.live import live_state  # noqa: PLC0415 - the same
    from publisher.storage.open import open_storage  # noqa: PLC0415 - the same

    return live_state(open_storage(bucket), read_root(config), catalog.signers, wall_clock())
