"""The update feed, one small JSON a product, channel and platform. `publish schema` writes its JSON Schema.

Clients read it through `publisher.wire.feed_parser`, which knows nothing of this module; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from publisher.model.content.deprecation import DeprecationState
from publisher.model.content.setting import Setting
from publisher.model.values import Digest, Model, PlatformId, ReleaseVersion, Sentence, Slug, Text, UtcTime
from publisher.wire.advice.settings import MOST as MOST_SETTINGS
from publisher.wire.feed_words import Action, Audience, Restart
from publisher.wire.requirement import MOST as MOST_REQUIREMENTS

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
    """A release of the channel on this platform: the one that it offers, or the one before it."""

    version: ReleaseVersion
    """Its version."""
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


class FeedEstimate(Model):
    """When a block or an epoch is expected; it widens with its age (EIP-6953)."""

    kind: Literal["block", "epoch"]
    """What is counted."""
    chain: Text
    """On which chain."""
    height: int
    """The block or epoch that the event waits for."""
    seen: int
    """The one that the chain had reached at `as_of`."""
    spacing_ms: int
    """Average time between two of them, in milliseconds."""
    as_of: UtcTime
    """When it was estimated."""
    earliest: UtcTime
    """Before this moment it cannot happen, as far as was known at `as_of`."""
    latest: UtcTime
    """After this moment it must have happened, as far as was known at `as_of`."""
    drift_seconds_per_day: Annotated[int, Field(ge=0, lt=86400)]
    """By how many seconds it widens on both sides for each day since `as_of`."""
    trusted_until: UtcTime
    """From this moment on it is too old to be believed."""


class FeedRequirement(Model):
    """The lowest version that survives an event."""

    event: Slug
    """Id of the event; the site has a page of this name."""
    title: Text
    """What happens."""
    at_least: ReleaseVersion
    """Whoever runs this version or a later one on this channel is ready; it need not be out yet."""
    audiences: tuple[Audience, ...] = ()
    """Whom it is about; absent: everybody."""
    by: UtcTime
    """When it must be running; with an estimate the earliest moment as known at its `as_of`."""
    runway_begins: UtcTime
    """From this moment on there is less time to install it than the release policy asks for."""
    estimate: FeedEstimate | None = None
    """The block or epoch that `by` follows from; absent where it is a date."""
    url: str | None = None
    """The page of the event."""


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
    previous: FeedRelease | None = None
    """The release before it: for new installations and older versions while `release` is held or withdrawn."""
    min_secure: ReleaseVersion | None = None
    """Versions below this have a publicly known security problem."""
    deprecations: tuple[FeedDeprecation, ...] = ()
    """What will be removed from this product."""
    requirements: Annotated[tuple[FeedRequirement, ...], Field(max_length=MOST_REQUIREMENTS)] = ()
    """Versions that events require on this channel."""
    settings: Annotated[tuple[Setting, ...], Field(max_length=MOST_SETTINGS)] = ()
    """What a mitigation may ask users to set; one that names anything else is not shown."""
