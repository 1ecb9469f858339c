"""What a bucket offers now, verified from the trusted root."""

from __future__ import annotations

from datetime import datetime

from publisher.channel.repository import Repository, read_repository, silent_channels
from publisher.channel.roles import ONLINE_ROLES
from publisher.channel.state import read_state
from publisher.errors import InputError, VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import format_time
from publisher.pipeline.brakes.history import read_history
from publisher.pipeline.bucket_reader import reader
from publisher.storage.protocol import Storage


def live_state(storage: Storage, root: bytes, now: datetime, history_by: Signers | None = None) -> ChannelState:
    """Metadata and feeds, verified as far as a client would take them; empty while nothing is published.

    `history_by` asks for the history of holds and withdrawals too, which pages tell; it names the keys of signers.yaml.
    Raises InputError when there is no bucket, VerificationError also when the channel has expired, StorageError.
    """
    if not storage.is_prepared():
        raise InputError(f"there is no bucket at {storage.url}", fix="correct --bucket, or publish something there")
    read = reader(storage)
    repository = read_repository(read, root)
    if repository is None:
        return ChannelState(read_at=now)
    _refuse_expired(repository, now, storage.url)
    state = read_state(read, repository, now)
    if history_by is None:
        return state
    return state.model_copy(update={"brake_history": read_history(storage, root, repository, history_by)})


def _refuse_expired(repository: Repository, now: datetime, url: str) -> None:
    expired = {
        role: signed.expires
        for role, (signed, _) in repository.signed.items()
        if signed.expires <= now and silent_channels(repository, role)
    }
    if not expired:
        return
    roles = ", ".join(f"{role} on {format_time(expires)}" for role, expires in expired.items())
    people = [role for role in expired if role not in ONLINE_ROLES]
    raise VerificationError(
        f"the channel in {url} has expired, and clients offer nothing: {roles}",
        fix=f"publish refresh --to {url}" + (f"; people must sign {', '.join(people)} again" if people else ""),
    )
