"""Deprecations: mark, then warn, then remove, each in its own release (content/deprecations/, R90)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import model_validator

from publisher.model.values import HttpsUrl, Markdown, Model, ReleaseVersion, Slug, Text, UtcTime
from publisher.wire.feed_words import State

DeprecationState = State
"""How far a deprecation has come; it follows from what has shipped."""


class Deprecation(Model):
    """Something that users rely on and that will be removed."""

    id: Slug
    """Name in files and feeds, the same as the file's; never reused."""
    product: Slug
    """The product it will be removed from, by id."""
    subject: Text
    """What will be removed."""
    area: Literal["protocol", "storage", "rpc", "config", "cli", "ui", "platform"]
    """What part of the product it belongs to."""
    versions_below: ReleaseVersion | None = None
    """Where what is removed is the support of old versions: all versions before this one, in quotes (R86)."""
    announced: UtcTime
    """When the public could first know."""
    marked_in: ReleaseVersion
    """The release that first says so in its notes."""
    warned_in: ReleaseVersion | None = None
    """The release that warns its users."""
    remove_in: ReleaseVersion | None = None
    """The release that removes it."""
    earliest_removal: UtcTime
    """Not removed before this time, whatever the versions say."""
    replacement: Text | None = None
    """What to use instead."""
    migration: Markdown
    """What users do, step by step."""
    source: HttpsUrl | None = None
    """Where the facts can be checked."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        named = (("marked_in", self.marked_in), ("warned_in", self.warned_in), ("remove_in", self.remove_in))
        stages = [(name, version) for name, version in named if version is not None]
        for (before, earlier), (name, later) in pairwise(stages):
            if later <= earlier:
                raise ValueError(f"`{name}` must be a later release than `{before}`: mark, then warn, then remove")
        if self.remove_in is not None and self.warned_in is None:
            raise ValueError("`remove_in` needs an earlier warning; name the release that warns in `warned_in`")
        if self.earliest_removal <= self.announced:
            raise ValueError("`earliest_removal` must be after `announced`")
        return self
