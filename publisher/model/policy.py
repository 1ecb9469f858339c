"""The release policy as data (content/policy.yaml): what freezes, for how long, and what may still ship."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from publisher.model.base import Duration, Model, Score, Slug, Text, UtcTime
from publisher.model.product import ClientType
from publisher.model.release import ChangeClass


class Band(Model):
    """How long releases stop around an event: hard, then soft, before it and after it (R19, R20)."""

    hard_before: Duration = timedelta()
    """Nothing but exempt classes ships for this long before the event, and through it."""
    hard_after: Duration = timedelta()
    """Nothing but exempt classes ships for this long after the event."""
    soft_before: Duration = timedelta()
    """Runs before the hard freeze begins."""
    soft_after: Duration = timedelta()
    """Runs after the hard freeze ends."""


class PartialBand(Model):
    """Some of a band's lengths; the others stay as they are."""

    hard_before: Duration | None = None
    """Hard freeze before the event."""
    hard_after: Duration | None = None
    """Hard freeze after the event."""
    soft_before: Duration | None = None
    """Soft freeze before the hard one."""
    soft_after: Duration | None = None
    """Soft freeze after the hard one."""


class BaseBand(Model):
    """The band of some types of event, before adjustments."""

    events: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Event types. Every event's type must stand in one base band."""
    band: Band
    """How long releases stop around these events."""
    because: Text
    """A short noun phrase for the arithmetic: "exchange listing"."""


class Adjustment(Model):
    """A change to the band where all of its conditions hold (R26). Adjustments apply in the order of the file."""

    because: Text
    """A short noun phrase for the arithmetic: "persistence format"."""
    events: tuple[Slug, ...] = ()
    """Event types; none means all."""
    client_types: tuple[ClientType, ...] = ()
    """Client types; none means all."""
    classes: tuple[ChangeClass, ...] = ()
    """Change classes; none means all."""
    severity_at_least: Score = 1
    """Only events of at least this severity."""
    severity_at_most: Score = 5
    """Only events of at most this severity."""
    add: PartialBand | None = None
    """Lengths to add."""
    set: PartialBand | None = None
    """Lengths to use instead."""
    exempt: bool = False
    """No freeze at all, not even during the event."""


class FreezePolicy(Model):
    """The freeze matrix: event type and severity by client type and change class (R19-R26)."""

    soft_allows: tuple[ChangeClass, ...]
    """Change classes that may ship in a soft freeze (R20)."""
    base: Annotated[tuple[BaseBand, ...], Field(min_length=1)]
    """The bands by event type."""
    adjust: tuple[Adjustment, ...] = ()
    """What makes them longer or shorter."""


class Policy(Model):
    """The whole of policy.yaml."""

    version: Annotated[int, Field(ge=1)]
    """Counts up with every change, so that a decision can name the policy it followed."""
    effective: UtcTime
    """Since when it holds."""
    profile: Literal["solo", "team"]
    """How much proof a release needs: of one person, or of a team."""
    summary: Text
    """The policy in one sentence."""
    freeze: FreezePolicy
    """When releases stop, and which."""
    sample: bool = False
    """Invented, to show how it looks."""

    @property
    def event_types(self) -> frozenset[str]:
        """Every event type that the freeze matrix knows."""
        return frozenset(name for base in self.freeze.base for name in base.events)
