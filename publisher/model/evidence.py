"""What is known of the real files of a release when it is decided on."""

from __future__ import annotations

from publisher.model.base import Digest, Model, PlatformId, ReleaseVersion


class ArtifactFact(Model):
    """A file as it lies in the artifacts directory."""

    file: str
    platform: PlatformId
    size: int
    """Bytes."""
    sha256: Digest


class OfferedFile(Model):
    """A file that the channel offers now."""

    version: ReleaseVersion
    """Of the release that it belongs to."""
    sha256: Digest
    """Of its bytes."""


class Evidence(Model):
    """Facts from outside the content. None means: not looked at, which is no proof of anything."""

    artifacts: tuple[ArtifactFact, ...] | None = None
    """The release's files, hashed."""
    live: ReleaseVersion | None = None
    """The version that the channel offers now."""
    offered: tuple[OfferedFile, ...] = ()
    """The files that the channel offers now."""
