"""How a schedule that others publish for programs becomes events (`publish import events --mapping FILE`).

Fields are named as they stand in the schedule; where rows nest, a dot leads inwards: activation.time. A template is a
text with fields in braces: "{network}-{fork}". Of each list with `when`, the first entry that fits counts.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from publisher.model.content.event import Confidence, ImpactTags, Scored
from publisher.model.history.mapping import Conditions, PlainValue
from publisher.model.values import Duration, Markdown, Model, Slug, Text
from publisher.wire.feed_words import Audience

FIELD = re.compile(r"\{([^{}]+)\}")
"""A field in a template."""
_HOST = re.compile(r"https://[^/{}]+/")


def _template(text: str) -> str:
    if "{" in (rest := FIELD.sub("", text)) or "}" in rest:
        raise ValueError('has a brace that encloses no field; write fields like "{network}"')
    return text


def _varying(text: str) -> str:
    if not FIELD.search(text):
        raise ValueError('names no field, so that all events would share it; write it like "{network}-{fork}"')
    return text


def _address(text: str) -> str:
    if FIELD.fullmatch(text) is None and _HOST.match(text) is None:
        raise ValueError(
            "must begin with https:// and a host name without fields, or be a single field; write it like"
            ' "https://example.org/{fork}"'
        )
    return text


def _some_time(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("must be longer than nothing; write it like 6 h")
    return length


Template = Annotated[Text, AfterValidator(_template)]
"""One line with fields in braces."""
VaryingTemplate = Annotated[Template, AfterValidator(_varying)]
"""The same with at least one field."""
AddressTemplate = Annotated[Template, AfterValidator(_address)]
"""An https address, with fields after its host name; or a field that holds one."""
MarkdownTemplate = Annotated[Markdown, AfterValidator(_template)]
"""Paragraphs with fields in braces; what the fields hold is never markup."""


class EstimateFields(Model):
    """Which fields estimate when a block or an epoch comes; a row that lacks one of them has no estimate (R18)."""

    seen: Text
    """The block or epoch that the chain had reached."""
    as_of: Text
    """When it had reached it."""
    spacing_seconds: Text
    """Average time between two blocks or epochs, in seconds."""
    earliest: Text
    """Before this moment it cannot happen."""
    latest: Text
    """After this moment it must have happened."""


class Height(Model):
    """The block or epoch at which an event starts."""

    kind: Literal["block", "epoch"]
    """What is counted."""
    chain: Template
    """On which chain, such as "{network}"."""
    field: Text
    """The field that holds the number. Without an estimate, a sentence of the summary names it."""
    estimate: EstimateFields | None = None
    """Where an estimate of its moment stands, if the schedule gives one; the event then gets a `trigger`."""


class ScheduledType(Model):
    """What some rows are to the policy, and what their events begin with; people edit all of it afterwards."""

    when: Conditions
    """The rows that are meant."""
    type: Slug
    """The type in the policy's freeze matrix."""
    lasts: Annotated[Duration, AfterValidator(_some_time)]
    """How long the event lasts, where the row has no end."""
    severity: Scored | None = None
    """Technical blast radius with its reason; left out: nobody has scored it yet."""
    lead_time: Scored | None = None
    """Time to test and announce, with its reason; left out: nobody has scored it yet."""
    impact: ImpactTags
    """Expected effects on clients, nodes, support and compatibility."""
    confidence: Confidence = Confidence.CONFIRMED
    """How sure it is that the event takes place, and when."""


class RequiredLine(Model):
    """Which release line some versions are required of; all of its conditions must hold."""

    when: dict[Text, PlainValue] = Field(default_factory=dict)
    """The rows that are meant; left out: all."""
    products: tuple[Slug, ...] = ()
    """The products that are meant; none means all."""
    versions: Annotated[Text, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")] | None = None
    """Only versions that begin with these numbers, in quotes: "1" or "25.4"."""
    channel: Slug
    """The channel, by id."""
    audiences: tuple[Audience, ...] = ()
    """Whom it is about, where not everybody."""


class ScheduledRequirements(Model):
    """How a row says which versions survive the event."""

    field: Text
    """The field that maps each client to its lowest version."""
    products: dict[Text, Slug] = Field(default_factory=dict)
    """Client in the schedule -> product, by id; a client that is not listed is the product of the same id."""
    not_ours: tuple[Text, ...] = ()
    """Clients that are no products here, so that nothing is reported of them."""
    channels: Annotated[tuple[RequiredLine, ...], Field(min_length=1)]
    """The release line of each version."""


class ScheduleMapping(Model):
    """The whole of a mapping file."""

    schedule: Slug
    """Name of the schedule. Its events name it, and no others are changed."""
    rows: Text = "events"
    """The key that holds the list of rows, where the file has several lists."""
    id: VaryingTemplate
    """The event's id, as a template; capitals become small, and blanks and underscores hyphens."""
    title: VaryingTemplate
    """The event's title, as a template."""
    ecosystem: Slug
    """Which network or project the events belong to."""
    summary: MarkdownTemplate
    """What an event's summary begins with, as a template; people write the rest."""
    source: AddressTemplate | None = None
    """Where the fact can be checked, as a template."""
    starts: Text
    """The field with its start: a moment with a zone, a day, or seconds since 1970."""
    ends: Text | None = None
    """The field with its end, if there is one."""
    announced: Text | None = None
    """The field that says when the public could know."""
    height: Height | None = None
    """The block or epoch at which it starts, if the schedule gives one."""
    left_out: tuple[Conditions, ...] = ()
    """Rows that are no events here: those to which one of these fits."""
    cancelled: tuple[Conditions, ...] = ()
    """Rows whose event was cancelled: those to which one of these fits."""
    types: Annotated[tuple[ScheduledType, ...], Field(min_length=1)]
    """What each row is to the policy."""
    requirements: ScheduledRequirements | None = None
    """Which versions the events require; left out: none."""
