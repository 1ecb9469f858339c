"""Planned maintenance (content/maintenance/): short, repeatable, away from the hours that users need (R60-R65)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from publisher.model.config.staffing import Weekday
from publisher.model.values import Duration, LocalTime, Model, Slug, Text, UtcTime, Zone
from publisher.model.visibility import Visible


class Degree(StrEnum):
    """How much of a plane is missing while it lasts (R65)."""

    NONE = "none"
    DEGRADED = "degraded"
    DOWN = "down"


class PlaneImpact(Model):
    """What users lose during it, by plane."""

    control: Degree
    """Dashboards, APIs, release metadata, status pages."""
    data: Degree
    """Sync, seeding, peer connections, storage."""


class Slot(Model):
    """A time of the week at which maintenance repeats."""

    zone: Zone
    """The time zone of day and hour."""
    day: Weekday
    """The day of the week."""
    start: LocalTime
    """When it begins, by the clock of its zone."""
    every_weeks: Literal[1, 2, 4] = 1
    """Every week, every second, or every fourth, counted from `starts`."""


class Approval(Model):
    """A person's word that a window may take place although it is long, or at night (R63)."""

    by: Text
    """Who; internal, never published."""
    at: UtcTime
    """When."""
    because: Text
    """Why, in one sentence that may be published."""


class Maintenance(Visible):
    """Announced time in which a product may be down or slow; migrations ship only here."""

    id: Slug
    """Name in files and commands, the same as the file's; never reused."""
    title: Text
    """What is done, as a headline."""
    product: Slug
    """The product, by id."""
    starts: UtcTime
    """The first moment of the only window; with `repeats` the first moment from which slots count."""
    length: Duration
    """How long one window lasts."""
    repeats: Slot | None = None
    """The weekly slot; left out: it happens once."""
    until: UtcTime | None = None
    """With `repeats`: the first moment from which slots no longer count."""
    impact: PlaneImpact
    """What users lose during it."""
    peak_because: Text | None = None
    """Why it must be at an hour when many users are there, if it must."""
    approval: Approval | None = None
    """Who approved what the rules leave to a person: length, and nights. It never helps against an event."""
    crew: tuple[Text, ...] = ()
    """Who does the work, besides those on shift; internal, never published."""
    sample: bool = False
    """An invented example."""
