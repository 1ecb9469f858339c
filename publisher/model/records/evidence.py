"""What is known of the real files of a release when it is decided on."""

from __future__ import annotations

from typing import Self

from publisher.model.content.release import ChangeClass
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.model.values import Digest, Model, ReleaseVersion
from publisher.wire.version import Version


class OfferedFile(Model):
    """A file that the channel offers now."""

    version: ReleaseVersion
    """Of the release that it belongs to."""
    sha256: Digest
    """Of its bytes."""


class VersionStep(Model):
    """A schema or wire version, before and after."""

    name: str
    """What carries the version: storage, rpc, dht, wire."""
    before: str
    after: str


class ChangeFacts(Model):
    """What the build changed against the version before (R26)."""

    paths: tuple[str, ...]
    """Paths of the repository that differ."""
    versions: tuple[VersionStep, ...] = ()
    """Schema and wire versions, those that stayed the same too."""
    classes: tuple[ChangeClass, ...] = ()
    """What they amount to, where that was found before: a candidate carries this in place of paths."""


class Evidence(Model):
    """Facts from outside the content. None means: not looked at, which is no proof of anything."""

    artifacts: tuple[PublishedFile, ...] | None = None
    """The release's files, hashed."""
    live: ReleaseVersion | None = None
    """The version that the channel offers now."""
    offered: tuple[OfferedFile, ...] = ()
    """The files that the channel offers now."""
    withdrawn: tuple[Withdrawal, ...] | None = None
    """What channels of the product have taken back."""
    changes: ChangeFacts | None = None
    """What the build changed."""
    for_today: bool = False
    """Whether it is asked for the time of day. Another day's question does not rest on how the calendar is kept now."""

    @classmethod
    def of_channel(
        cls, state: ChannelState | None, product: str, channel: str, changes: ChangeFacts | None = None
    ) -> Self:
        """What the state of a bucket tells of one channel; nothing where no bucket was looked at."""
        if state is None:
            return cls(changes=changes)
        live = state.of(product, channel)
        withdrawn = tuple(entry for entry in state.withdrawn if entry.product == product)
        return cls(live=live.version if live else None, withdrawn=withdrawn, changes=changes)

    def withdrawn_from(self, channel: str) -> frozenset[Version]:
        """The versions that a channel has taken back, as far as was looked."""
        return frozenset(entry.version for entry in self.withdrawn or () if entry.channel == channel)
