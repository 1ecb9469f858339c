"""The update feed, one small JSON a product, channel and platform. `publish schema` writes its JSON Schema.

Clients read it through `publisher.wire.feed_parser`, which knows nothing of this module; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from publisher.model.content.deprecation import DeprecationState
from publisher.model.values import Digest, Model, PlatformId, ReleaseVersion, Sentence, Slug, Text, UtcTime
from publisher.wire.feed_parser import Action, Restart

FeedUrl = Annotated[
    str,
    StringConstraints(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s\x22<>\\?#]+$", max_length=1000),
]


class FeedArtifact(Model):
    """The file to download."""

    file: str
    """Name to save it under."""
    size: Annotated[int, Field(gt=0)]
    """Bytes."""
    sha256: Digest
    """SHA-256 of the file."""
    target: str
    """TUF target path; a client that speaks TUF asks for this."""
    urls: Annotated[tuple[FeedUrl, ...], Field(min_length=1)]
    """The same file at each pinned address, preferred one first."""


class FeedRelease(Model):
    """The release that the channel offers on this platform."""

    version: ReleaseVersion
    """The version that is offered."""
    sentence: Sentence
    """The release in one sentence."""
    action: Action
    """How urgent the update is."""
    required_by: UtcTime | None = None
    """When a required update must be in place."""
    restart: Restart
    """What must be restarted."""
    old_peers_ok_until: UtcTime | None = None
    """Until when older versions can still connect; absent: no end."""
    symptoms: tuple[Text, ...] = ()
    """What users may notice while it rolls out."""
    notes_url: str | None = None
    """The page of the release."""
    artifact: FeedArtifact
    """The file for this platform."""


class FeedDeprecation(Model):
    """Something that will be removed, and when."""

    id: Slug
    """Its id; the site has a page of this name."""
    subject: Text
    """What will be removed."""
    state: DeprecationState
    """The stage of the deprecation."""
    remove_in: ReleaseVersion | None = None
    """The release that removes it, once that is decided."""
    replacement: Text | None = None
    """What to use instead."""


class Feed(Model):
    """The whole feed file. Within format 1, fields may be added; clients ignore unknown ones."""

    format: Literal["tidegate-feed/1"] = "tidegate-feed/1"
    """Name and version of this format."""
    product: Slug
    """The product, by id."""
    channel: Slug
    """The channel, by id."""
    platform: PlatformId
    """The platform that the files are for."""
    release: FeedRelease | None
    """The offered release; null if there is none."""
    min_secure: ReleaseVersion | None = None
    """Versions below this have a publicly known security problem."""
    deprecations: tuple[FeedDeprecation, ...] = ()
    """What will be removed from this product."""
