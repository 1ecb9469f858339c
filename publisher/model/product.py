"""Products and their release channels (site_config/products.yaml, site_config/channels.yaml)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from publisher.model.base import HttpsUrl, Model, PlatformId, ReleaseVersion, Score, Slug, Text


class ClientType(StrEnum):
    """What kind of program it is; freezes differ by it (R1, R26)."""

    DESKTOP = "desktop"
    DAEMON = "daemon"
    DASHBOARD = "dashboard"
    SERVICE = "service"


class Plane(StrEnum):
    """Control plane (dashboards, APIs, metadata), data plane (sync, seeding, peers, storage), or both (R64)."""

    CONTROL = "control"
    DATA = "data"
    BOTH = "both"


class Product(Model):
    """Something that is released by itself."""

    id: Slug
    """Name in files, feeds and commands; never reused."""
    name: Text
    """Name that people read."""
    summary: Text
    """What it is, in one line."""
    client_type: ClientType
    """What kind of program it is."""
    plane: Plane
    """Whether it moves data, controls what does, or both."""
    platforms: Annotated[tuple[PlatformId, ...], Field(min_length=1)]
    """Every platform that a release may carry."""
    channels: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Release channels that the product uses, by id."""
    blast_radius: Score
    """How much breaks when a release of it breaks: 1 one person's evening, 5 data of many (R95)."""
    event_sensitivity: Score
    """How much ecosystem events change its load and its risk (R95)."""
    min_secure: ReleaseVersion | None = None
    """The oldest version without a publicly known security problem; older clients are told to update."""
    homepage: HttpsUrl | None = None
    """Where people read more about it."""
    sample: bool = False
    """Invented, to show how it looks."""


class Channel(Model):
    """A stream of releases that a client follows."""

    id: Slug
    """Name in files, feeds and commands; never reused."""
    name: Text
    """Name that people read."""
    summary: Text
    """Whom the channel is for."""
    prereleases: bool = False
    """Whether versions like 4.1.0-rc.1 may ship here."""


class Products(Model):
    """The whole of products.yaml."""

    products: Annotated[tuple[Product, ...], Field(min_length=1)]
    """Everything that is released by itself."""


class Channels(Model):
    """The whole of channels.yaml."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    """Streams of releases that clients follow."""
