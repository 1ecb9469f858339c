"""A file as clients get it, from the directory that it was built in to the feed that offers it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from publisher.model.values import Digest, Model, PlatformId


class PublishedFile(Model):
    """One binary of a release."""

    file: str
    """Its plain name."""
    platform: PlatformId
    """What it runs on."""
    size: Annotated[int, Field(gt=0)]
    """Bytes."""
    sha256: Digest
    """SHA-256 of its bytes."""
