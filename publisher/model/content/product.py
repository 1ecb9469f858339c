"""Products and their release channels (site_config/products.yaml, site_config/channels.yaml)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES
from publisher.model.content.event import Assumption
from publisher.model.content.release import ChangeClass
from publisher.model.content.setting import Setting
from publisher.model.values import HttpsUrl, Model, PlatformId, ReleaseVersion, Score, Slug, Text, Zone
from publisher.wire.advice.settings import MOST as MOST_SETTINGS

RESERVED_CHANNELS = (*TOP_LEVEL_ROLES, *SHARED_ROLES, "channels", "minisign")
"""What no channel may be called. `1.node.snapshot.json` would end like `1.snapshot.json`, and rights in a bucket go by
that ending. A product may be: nothing ends in its name."""


def _not_reserved(text: str) -> str:
    if text in RESERVED_CHANNELS:
        raise ValueError(
            f"cannot be {text}, the name of a signing role, which would get rights over it; choose another"
        )
    return text


ChannelId = Annotated[
    Slug, AfterValidator(_not_reserved), Field(json_schema_extra={"not": {"enum": [*RESERVED_CHANNELS]}})
]
"""The id of a channel: as of any other thing, and not the name of a role."""


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


class Area(Model):
    """Where in the source a kind of change shows (R26)."""

    paths: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Shell patterns of paths in the repository, such as src/dht/**; ** also crosses folders."""
    change_class: ChangeClass
    """What a change there is, whatever the release calls itself."""


class Usage(Model):
    """How many users of a region are there, hour by hour (R60)."""

    region: Text
    """Whom it is about: Europe, East Asia."""
    zone: Zone
    """The time zone of the hours."""
    share: Annotated[int, Field(ge=1, le=100)]
    """The region's share of all users, in percent."""
    weights: Annotated[tuple[Annotated[int, Field(ge=0, le=100)], ...], Field(min_length=24, max_length=24)]
    """24 numbers from 0 to 100: how busy each hour of the day is, midnight first."""


def _distinct(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    ids = [setting.id for setting in settings]
    if twice := next((setting for setting in ids if ids.count(setting) > 1), None):
        raise ValueError(f"the setting {twice} is there twice; remove one of the two")
    return settings


class Product(Model):
    """Something that has its own releases."""

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
    """All platforms that a release may have files for."""
    channels: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Release channels that the product uses, by id."""
    blast_radius: Score
    """How much breaks when a release of it breaks: 1 one person's evening, 5 data of many (R95)."""
    event_sensitivity: Score
    """How much ecosystem events change its load and its risk (R95)."""
    shows: tuple[Assumption, ...] = ()
    """What it shows or relies on that an event may end: balances, units, metadata, upgrade-path (R6)."""
    areas: tuple[Area, ...] = ()
    """Where in its source which kind of change shows; the declared class is checked against it (R26)."""
    usage: tuple[Usage, ...] = ()
    """When its users are there, by region (R60)."""
    min_secure: ReleaseVersion | None = None
    """The oldest version without a publicly known security problem; older clients are told to update."""
    min_supported: ReleaseVersion | None = None
    """The oldest version that is supported, after a deprecation with `versions_below`; left out: all are (R86)."""
    settings: Annotated[tuple[Setting, ...], AfterValidator(_distinct), Field(max_length=MOST_SETTINGS)] = ()
    """What a mitigation may ask users to set until a fix is out; each release signs them (R86)."""
    homepage: HttpsUrl | None = None
    """Where people read more about it."""
    sample: bool = False
    """An invented example."""


class Channel(Model):
    """A stream of releases that a client follows."""

    id: ChannelId
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
    """Everything that has its own releases."""


class Channels(Model):
    """The whole of channels.yaml."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    """Streams of releases that clients follow."""
