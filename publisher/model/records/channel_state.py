"""What is published: the manifest of a release, and the state of a whole channel bucket."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from publisher.model.published_file import PublishedFile
from publisher.model.values import Digest, Model, ReleaseVersion, Slug, UtcTime
from publisher.wire.version import Version


class Companion(Model):
    """A file that describes a binary and is published beside it, such as a bill of materials."""

    file: str
    """Its plain name, beside the binary."""
    kind: Literal["cyclonedx", "spdx"]
    """Its format."""
    size: int
    """Bytes."""
    sha256: Digest
    """SHA-256 of its bytes."""


class PublishedArtifact(PublishedFile):
    """One binary as it was published."""

    companions: tuple[Companion, ...] = ()
    """Files that describe it."""


class Manifest(Model):
    """releases/PRODUCT/VERSION/release.json: facts about bytes only, so that it never has to change."""

    format: Literal["tidegate-release/1"] = "tidegate-release/1"
    """Name and version of this format."""
    product: Slug
    """The product, by id."""
    version: ReleaseVersion
    """The version, as it was written."""
    artifacts: Annotated[tuple[PublishedArtifact, ...], Field(min_length=1)]
    """Every binary of the release."""


class LiveRelease(Model):
    """What one channel offers now."""

    product: Slug
    channel: Slug
    version: ReleaseVersion
    artifacts: tuple[PublishedFile, ...]
    approved_by: tuple[str, ...] = ()
    """Persons with their duties who signed it, as the signed keys name them (R38)."""


class Withdrawal(Model):
    """A version that a channel has taken back: it is not offered, and nobody should run it any more."""

    product: Slug
    channel: Slug
    version: ReleaseVersion
    at: UtcTime | None = None
    """When it was taken back, as the ledger tells; None where only the channel's metadata was read."""


class ChannelState(Model):
    """What a bucket offered when it was read; every statement in it was verified from the trusted root."""

    read_at: UtcTime
    live: tuple[LiveRelease, ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()
    """The versions that channels have taken back, by product, channel and version."""
    minisign_public_key: str | None = None
    """The pinned key for checks by hand, as the second line of a minisign public key file."""

    def of(self, product: str, channel: str) -> LiveRelease | None:
        """The newest version that a channel of a product offers, if any; platforms may lag behind one another."""
        offered = (release for release in self.live if (release.product, release.channel) == (product, channel))
        return max(offered, key=lambda release: release.version, default=None)

    def withdrawals(self, product: str, version: Version) -> tuple[Withdrawal, ...]:
        """The channels of a product that have taken a version back, each with when."""
        return tuple(entry for entry in self.withdrawn if (entry.product, entry.version) == (product, version))
