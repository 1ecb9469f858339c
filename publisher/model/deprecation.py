"""Deprecations: mark, then warn, then remove, each in its own release (content/deprecations/, R90)."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Literal, Self

from pydantic import model_validator

from publisher.model.base import HttpsUrl, Markdown, Model, ReleaseVersion, Slug, Text, UtcTime


class DeprecationState(StrEnum):
    """How far a deprecation has come; it follows from what has shipped."""

    ANNOUNCED = "announced"
    MARKED = "marked"
    WARNED = "warned"
    REMOVED = "removed"


class Deprecation(Model):
    """Something that users rely on and that will go away."""

    id: Slug
    product: Slug
    subject: Text
    """What goes away."""
    area: Literal["protocol", "storage", "rpc", "config", "cli", "ui", "platform"]
    announced: UtcTime
    marked_in: ReleaseVersion
    """The release that first says so in its notes."""
    warned_in: ReleaseVersion | None = None
    """The release that warns whoever still uses it."""
    remove_in: ReleaseVersion | None = None
    """The release that removes it."""
    earliest_removal: UtcTime
    """Not removed before this moment, whatever the versions say."""
    replacement: Text | None = None
    migration: Markdown
    """What users do, step by step."""
    source: HttpsUrl | None = None
    sample: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        stages = [stage for stage in (self.marked_in, self.warned_in, self.remove_in) if stage is not None]
        if any(later <= earlier for earlier, later in pairwise(stages)):
            raise ValueError("mark, warn and remove must be three different releases, in this order")
        if self.remove_in is not None and self.warned_in is None:
            raise ValueError("nothing is removed without a warning first: name the release in `warned_in`")
        if self.earliest_removal <= self.announced:
            raise ValueError("`earliest_removal` must lie after `announced`")
        return self
