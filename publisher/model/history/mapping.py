"""How foreign records of releases and events are read (site_config/history.yaml), for a backtest.

Fields are named as they stand in the foreign file; where rows nest, a dot leads inwards: touches.storage. Lists of
conditions are read from the top, and the first entry that fits counts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from publisher.model.content.event import Impact
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.values import Duration, Model, Score, Slug, Text


def _plain(value: Any) -> Any:
    if not isinstance(value, bool | int | str) or value == "":
        raise ValueError("must be a text, a whole number, true or false; write the value from the file")
    return value


PlainValue = Annotated[
    Any, BeforeValidator(_plain), WithJsonSchema({"type": ["string", "integer", "boolean"], "minLength": 1})
]
"""What a foreign field may be compared with."""

Conditions = Annotated[dict[Text, PlainValue], Field(min_length=1)]
"""Foreign fields and the values that they must have, all of them: {type: conference}."""


class ConflictFields(Model):
    """Where a row keeps what other sources say of it."""

    rows: Text
    """The field that holds the list of differing values."""
    field: Text
    """In each of them, what names the foreign field that differs."""
    value: Text
    """In each of them, what holds the other value."""


class EventFields(Model):
    """Which foreign field is what, in events."""

    id: Text
    """A unique name."""
    title: Text
    """What happened."""
    type: Text
    """What kind of event it is, in the words of the file."""
    starts: Text
    """Its first day, or the moment of its start. A day is a whole day in UTC."""
    ends: Text | None = None
    """Its last day, or the moment of its end; a row without one lasts for its first day."""
    time: Text | None = None
    """The time of day of its start in UTC, written 14:30."""
    precision: Text | None = None
    """How exactly its time is known; `precisions` maps its words."""
    status: Text | None = None
    """Whether it took place; `statuses` says what its words mean."""
    announced: Text | None = None
    """When the public could know. Before that day it opens no freeze."""
    severity: Text | None = None
    """Its severity, a whole number from 1 to 5."""
    lead_time: Text | None = None
    """Its lead time, a whole number from 1 to 5."""
    conflicts: ConflictFields | None = None
    """Its dates in other sources."""


class EventKind(Model):
    """What some foreign events are to the policy."""

    when: Conditions
    """The rows that are meant."""
    type: Slug
    """The type in the policy's freeze matrix."""
    compatibility_risk: Impact = 0
    """How much old and new versions may fail to understand one another: 0, unless told, to 3 extreme."""


class OwnRelease(Model):
    """Rows that stand among the events and are releases of a project: a release is not held by itself."""

    when: Conditions
    """The rows that are meant."""
    of: tuple[Slug, ...] = ()
    """The products for which it is no event; none means all."""


class EventMapping(Model):
    """How events are read."""

    fields: EventFields
    """Which foreign field is what."""
    precisions: dict[Text, Literal["minute", "day", "month"]] = Field(default_factory=dict)
    """What the words for precision mean: the start is known to the minute, to the day, or to the month only."""
    statuses: dict[Text, Literal["confirmed", "likely", "rumoured", "left-out"]] = Field(default_factory=dict)
    """How sure an event of each status is taken to be; what is less sure freezes longer."""
    believe_within: Duration = timedelta(days=10)
    """Other sources' dates count when they are this near: the event then covers all of them."""
    own_releases: tuple[OwnRelease, ...] = ()
    """Rows that are releases, and so no events."""
    types: Annotated[tuple[EventKind, ...], Field(min_length=1)]
    """What each event is to the policy. What no entry fits is counted as unmapped, and opens no freeze."""


class ReleaseFields(Model):
    """Which foreign field is what, in releases."""

    project: Text
    """What was released."""
    version: Text
    """Its version."""
    date: Text
    """The day on which it came out, or the moment. A day is a whole day in UTC."""
    id: Text | None = None
    """A name for messages; left out: project and version."""
    also_dated: tuple[Text, ...] = ()
    """Other dates of the same release; one that differs by more than a day is reported, and `date` counts."""
    previous: Text | None = None
    """The version before it; a patch must be a small step from it (R28)."""


class ProductKind(Model):
    """What some foreign projects are to the policy."""

    when: Conditions
    """The rows that are meant."""
    client_type: ClientType
    """What kind of program it is."""
    blast_radius: Score
    """How much breaks if a release of it is bad (R95)."""
    event_sensitivity: Score
    """How much events change its load and its risk (R95)."""


class ClassKind(Model):
    """What some foreign releases change."""

    when: Conditions
    """The rows that are meant."""
    change_class: ChangeClass
    """The riskiest thing that they change."""


class Assumptions(Model):
    """Values for facts that history does not record; each use is reported."""

    change_class: ChangeClass | None = None
    """The class of a release that no entry of `classes` fits; left out: it cannot be used."""
    fix_confidence: Literal["high", "medium", "low"] | None = None
    """Confidence in fixes; a soft freeze requires high (R28)."""
    tested: Duration | None = None
    """How long its releases were tested; left out: untested (R24)."""


class ReleaseMapping(Model):
    """How releases are read."""

    fields: ReleaseFields
    """Which foreign field is what."""
    products: Annotated[tuple[ProductKind, ...], Field(min_length=1)]
    """What each project is. A row that no entry fits cannot be used."""
    classes: tuple[ClassKind, ...] = ()
    """What each release changes, the riskiest first."""
    essential: tuple[Conditions, ...] = ()
    """Releases that had to ship: those to which one of these fits (R28)."""
    assume: Assumptions = Assumptions()
    """Defaults for facts that history does not record."""


class Mapping(Model):
    """The whole of history.yaml."""

    events: EventMapping
    """How events are read."""
    releases: ReleaseMapping
    """How releases are read."""
