"""What is known of the real files of a release when it is decided on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self, TypeVar

from pydantic import Field

from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, Hold, Withdrawal
from publisher.model.values import Digest, Model, ReleaseVersion, Slug, Text, UtcTime
from publisher.wire.version import Version


class OfferedFile(Model):
    """A file that the channel offers now."""

    version: ReleaseVersion
    """Of the release that it belongs to."""
    sha256: Digest
    """Of its bytes."""


class Facts(Model):
    """What one file of evidence says, as the adapter of its kind in publisher/evidence/ reads it."""

    made_at: UtcTime | None = None
    """The moment that it reports on, by the file itself; None where it names none."""
    subjects: tuple[Digest, ...] = ()
    """SHA-256 of the artifacts that it is about; empty where it is about no artifact in particular."""
    signer: Text | None = None
    """Who signed it, where its adapter has verified that; None for an unsigned file."""


F = TypeVar("F", bound=Facts)


class EvidenceEntry(Model):
    """A file of evidence as the manifest lists it."""

    kind: Slug
    """Names the adapter that reads it."""
    file: Text
    """Its name where it was handed over, without folders."""
    sha256: Digest
    """Of its bytes."""
    size: int = Field(ge=0)
    """In bytes."""
    made_at: UtcTime | None = None
    """As in Facts, and so are the next two."""
    subjects: tuple[Digest, ...] = ()
    signer: Text | None = None


class EvidenceManifest(Model):
    """staging/<role>/<sha256>/evidence/manifest.json: the files that a decision rested on. Its digest is signed."""

    format: Literal["tidegate-evidence/1"] = "tidegate-evidence/1"
    """What this is."""
    files: tuple[EvidenceEntry, ...]
    """By kind, name and digest."""


class Evidence(Model):
    """Facts from outside the content. None means: not looked at, which is no proof of anything."""

    artifacts: tuple[PublishedFile, ...] | None = None
    """The release's files, hashed."""
    live: ReleaseVersion | None = None
    """The version that the channel offers now."""
    offered: tuple[OfferedFile, ...] = ()
    """The files that the channel offers now."""
    withdrawn: tuple[Withdrawal, ...] | None = None
    """What nobody should run in channels of the product."""
    holds: tuple[Hold, ...] = ()
    """What is on hold in channels of the product."""
    facts: tuple[Facts, ...] = ()
    """What the files of evidence say that were handed over, of every kind."""
    given_at: UtcTime | None = None
    """When they were handed over. A file that is dated later stays so, however much time passes."""
    for_today: bool = False
    """Whether it is asked for the time of day. Another day's question does not rest on how the calendar is kept now."""

    @classmethod
    def of_channel(cls, state: ChannelState | None, product: str, channel: str) -> Self:
        """What the state of a bucket tells of one channel; nothing where no bucket was looked at."""
        if state is None:
            return cls()
        live = state.of(product, channel)
        withdrawn = tuple(entry for entry in state.withdrawn if entry.product == product)
        holds = tuple(hold for hold in state.holds if hold.product == product)
        return cls(live=live.version if live else None, withdrawn=withdrawn, holds=holds)

    def with_facts(self, facts: Iterable[Facts], given_at: datetime) -> Self:
        """The same with what files of evidence say that were handed over at `given_at`."""
        return self.model_copy(update={"facts": tuple(facts), "given_at": given_at})

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """The facts of one kind, one for each of its files; empty where no such file was handed over."""
        return tuple(facts for facts in self.facts if isinstance(facts, kind))

    def withdrawn_from(self, channel: str) -> frozenset[Version]:
        """The versions that nobody should run in a channel, on whatever platform, as far as was looked."""
        withdrawn = (entry for entry in self.withdrawn or () if entry.channel == channel and not entry.platforms)
        return frozenset(entry.version for entry in withdrawn)
