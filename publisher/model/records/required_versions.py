"""ready.json of the site: what to run by when, for programs of people who run nodes. `publish schema` describes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from publisher.model.records.feed_format import FeedRequirement
from publisher.model.values import Model, ReleaseVersion, Slug, Text, UtcTime


class ReadyState(StrEnum):
    """Whether there is something to install."""

    OUT = "out"
    """The channel offers a version that is ready."""
    ANNOUNCED = "announced"
    """It is required and not out yet."""


class ReadyRequirement(FeedRequirement):
    """A requirement as in the channel's feed, and how far its version has come."""

    product: Slug
    """The product, by id."""
    channel: Slug
    """The channel, by id."""
    due: UtcTime
    """Be ready by then: `by`, and earlier where an estimate would have grown less certain by then."""
    over: bool
    """Whether `due` has passed."""
    state: ReadyState
    """Whether the channel offers a version that is ready."""
    offered: ReleaseVersion | None = None
    """The version that the channel offers; absent where there is none."""
    expected: UtcTime | None = None
    """When an announced version that is ready may come out at the earliest; absent where no date is known."""
    late: bool = False
    """Whether it is not out, and `runway_begins` has passed or lies before `expected`, or no date is open in time."""
    otherwise: Text | None = None
    """What happens to whoever runs an older version then."""


class ReadyCancelled(Model):
    """An event that had required versions and does not take place; nobody needs to update for it."""

    event: Slug
    """Id of the event; the site has a page of this name."""
    title: Text
    """What was planned."""


class RequiredVersions(Model):
    """The whole file. Within format 1, fields may be added; programs ignore unknown ones."""

    format: Literal["tidegate-required-versions/1"] = "tidegate-required-versions/1"
    """Name and version of this format."""
    at: UtcTime
    """The moment that it is told for."""
    requirements: tuple[ReadyRequirement, ...]
    """By `due`. Of what is over, only what no other requirement covers."""
    cancelled: tuple[ReadyCancelled, ...] = ()
    """Events to come that were cancelled."""
