"""What came of a history file: releases and events of the past in the project's own words, and what was odd in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from publisher.model.content.event import Event
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.wire.version import Version

FileKind = Literal["events", "releases"]


@dataclass(frozen=True)
class PastEvent:
    """An event of the past."""

    event: Event
    own_of: tuple[str, ...] = ()
    """Products of which it is a release, and to which it is no event."""


@dataclass(frozen=True)
class PastRelease:
    """A release of the past."""

    id: str
    """The row's own name."""
    version: str
    """Its version as the file writes it; the rules' own spelling is that of `release`."""
    release: Release
    """As the rules see it. What history does not tell stands as nothing, and no rule that is asked reads it."""
    start: datetime
    end: datetime
    """It came out at some moment of [start, end): a whole day where no time of day is known."""
    previous: Version | None = None
    """The version before it."""


@dataclass(frozen=True)
class Remark:
    """Something about one row that whoever reads the answer should know."""

    file: FileKind
    row: int
    """Counted from 1."""
    id: str
    """The row's own name, as far as it has one."""
    reason: str
    """The same words for all rows of the same kind, as the end of a sentence that begins with the row."""
    detail: str = ""
    """What is special about this row."""
    left_out: bool = False
    """Whether the row counts for nothing."""


@dataclass(frozen=True)
class History:
    """Everything that can be used of two history files, and what was said about the rest."""

    products: Mapping[str, Product]
    releases: tuple[PastRelease, ...]
    """By date."""
    events: tuple[PastEvent, ...]
    """By start."""
    unmapped: Mapping[str, int]
    """Foreign event types that the mapping does not name, with the number of their rows."""
    remarks: tuple[Remark, ...]
    event_rows: int
    """How many rows the file of events has, used or not."""
    release_rows: int
    """How many rows the file of releases has."""

    @property
    def first_event(self) -> datetime:
        """When the first event began."""
        return self.events[0].event.starts

    @property
    def last_event(self) -> datetime:
        """When the last event began."""
        return self.events[-1].event.starts
