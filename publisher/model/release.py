"""Releases and what users are told about them (content/releases/PRODUCT/VERSION.yaml)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.client.feed import Action, Restart
from publisher.model.base import (
    Digest,
    FilePattern,
    HttpsUrl,
    Markdown,
    Model,
    PlatformId,
    ReleaseVersion,
    Sentence,
    Slug,
    Text,
    UtcTime,
)


class ChangeClass(StrEnum):
    """The riskiest thing that a release changes (R20, R26)."""

    DOCS = "docs"
    UI_POLISH = "ui-polish"
    PATCH = "patch"
    SECURITY = "security"
    HOTFIX = "hotfix"
    FEATURE = "feature"
    RPC = "rpc"
    DHT = "dht"
    TRACKER = "tracker"
    SEEDING = "seeding"
    PROTOCOL = "protocol"
    STORAGE = "storage"
    MIGRATION = "migration"


class Kind(StrEnum):
    """Routine can be taken back, a migration cannot, a hotfix could not wait (R29, R41)."""

    ROUTINE = "routine"
    MIGRATION = "migration"
    HOTFIX = "hotfix"


class Notes(Model):
    """What users need to know before they update (R55-R58)."""

    action: Action
    """Whether the user may wait."""
    required_by: UtcTime | None = None
    """When a required update must be in place."""
    restart: Restart
    """What has to be restarted for the update to take effect."""
    old_peers_ok_until: UtcTime | None = None
    """Until when peers may stay on old versions; left out when there is no end."""
    symptoms: tuple[Text, ...]
    """What users may see while it rolls out; an empty list says: nothing."""
    first_24h: Annotated[tuple[Text, ...], Field(min_length=1)]
    """How to stay safe in the first 24 hours."""
    body: Markdown | None = None
    """What changed, for people who want to read more."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.required_by is not None and self.action is not Action.REQUIRED:
            raise ValueError("`required_by` goes with `action: required` only; change one of them")
        return self


class ArtifactSpec(Model):
    """Which files of the release belong to which platform."""

    file: FilePattern
    """A file name or pattern without folders, such as btfs-{version}-linux-amd64.tar.gz, with the release's version."""
    platform: PlatformId
    """What these files run on; one of the product's platforms."""
    sha256: Digest | None = None
    """The digest that the build reported; other bytes are then refused."""


class Release(Model):
    """One version of one product."""

    product: Slug
    """The product, by id; the folder has the same name."""
    version: ReleaseVersion
    """The version in quotes; the file has the same name."""
    channels: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Where it may be published."""
    change_class: ChangeClass
    """The riskiest thing that it changes."""
    kind: Kind = Kind.ROUTINE
    """Whether it can be taken back."""
    sentence: Sentence
    """The release in one sentence that anybody understands, in 30 words or fewer (R99)."""
    planned_for: UtcTime | None = None
    """When the team wants to ship it."""
    shipped_at: UtcTime | None = None
    """When it was published, once it was."""
    notes: Notes
    """What users need to know before they update."""
    artifacts: tuple[ArtifactSpec, ...] = ()
    """Files and their platforms; needed before it can be published."""
    visibility: Literal["public", "internal"] = "public"
    """Who may know of it."""
    events: tuple[Slug, ...] = ()
    """Events that this release is for or that its users should know of (R56)."""
    source: HttpsUrl | None = None
    """Where the facts can be checked."""
    sample: bool = False
    """Invented, to show how it looks."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.visibility == "internal" and self.shipped_at is not None:
            raise ValueError("`shipped_at` is set, so it is out; `visibility: internal` can no longer hold")
        return self

    @property
    def id(self) -> str:
        """PRODUCT@VERSION, as commands name it."""
        return f"{self.product}@{self.version}"
