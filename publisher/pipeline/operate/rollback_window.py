"""Until when live releases can be taken back: the life of the rollback metadata that is kept for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.channel.candidates.rollback_metadata import stored_rollback
from publisher.channel.repository import Read, Repository
from publisher.channel.roles import RELEASE_FIELD
from publisher.errors import StorageForeign
from publisher.model.config.role import SHARED_ROLES
from publisher.rules import english

SOON = timedelta(days=7)
"""So long ahead people hear that a release cannot be taken back any more; a renewal needs their signatures."""


@dataclass(frozen=True)
class RollbackWindow:
    """That the live release of a channel can be taken back, and until when."""

    product: str
    channel: str
    version: str
    back_to: str
    """The version that new clients get then."""
    expires: datetime
    """When its rollback metadata expires, UTC."""

    @property
    def renewing(self) -> str:
        """The command that stages its renewal."""
        return renewing(self.product, self.channel)

    def ends_soon(self, now: datetime) -> bool:
        """Whether people should think of renewing it."""
        return now < self.expires <= now + SOON

    def sentence(self, now: datetime) -> str:
        """What it means, for people."""
        where, when = f"{self.product} {self.channel}", english.moment(self.expires)
        if self.expires <= now:
            return f"{where}: {self.version} cannot be taken back any more; its rollback metadata expired on {when}."
        return f"{where}: {self.version} can be taken back to {self.back_to} until {when}."


def renewing(product: str, channel: str) -> str:
    """The command that stages a renewal of rollback metadata."""
    return f"publish announce {product} --channel {channel} --renew-rollback"


def rollback_windows(live: Repository, read: Read) -> tuple[RollbackWindow, ...]:
    """Those of all channels that have rollback metadata, expired or not; what cannot be read counts as none.

    Raises StorageError.
    """
    windows = []
    for role in sorted(set(live.roles) - set(SHARED_ROLES)):
        product, _, channel = role.partition(".")
        current = live.roles[role]
        try:
            back = stored_rollback(role, current, live, read)
        except StorageForeign:
            continue
        if back is not None:
            version, back_to = (str(signed.unrecognized_fields.get(RELEASE_FIELD)) for signed in (current.signed, back))
            windows.append(RollbackWindow(product, channel, version, back_to, back.expires))
    return tuple(windows)
