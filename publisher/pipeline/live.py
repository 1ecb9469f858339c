"""What a bucket offers now, verified from the trusted root."""

from __future__ import annotations

from datetime import datetime

from publisher.channel.repository import read_repository
from publisher.channel.state import read_state
from publisher.model.published import ChannelState
from publisher.pipeline.reading import reader
from publisher.storage.protocol import Storage


def live_state(storage: Storage, root: bytes, now: datetime) -> ChannelState:
    """The state for the site; empty while nothing is published. Raises VerificationError, StorageError."""
    read = reader(storage)
    repository = read_repository(read, root) if storage.is_prepared() else None
    return read_state(read, repository, now) if repository else ChannelState(read_at=now)
