"""Events of the ecosystem around which releases are planned (content/events/, R13-R16)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.model.base import HttpsUrl, Markdown, Model, Score, Slug, Text, UtcTime

Impact = Annotated[int, Field(ge=0, le=3)]
"""0 none, 1 some, 2 much, 3 extreme."""


class Visibility(StrEnum):
    """Who may know: everybody, the team, or everybody from a moment on (R96)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    EMBARGOED = "embargoed"


class Scored(Model):
    """A score with the reason that makes it repeatable (R15, R17)."""

    score: Score
    """From 1 to 5."""
    because: Text
    """Why this score and no other, in one sentence."""


class ImpactTags(Model):
    """Expected impact, each from 0 (none) to 3 (extreme) (R14)."""

    client_load: Impact
    """More logins, downloads and restarts of clients: 0 none to 3 extreme."""
    node_churn: Impact
    """Nodes that come and go: 0 none to 3 extreme."""
    support_traffic: Impact
    """Questions to the support team: 0 none to 3 extreme."""
    compatibility_risk: Impact
    """Old and new versions that may not understand one another: 0 none to 3 extreme."""


class Event(Model):
    """Something outside that makes a release riskier: an upgrade, a listing, a migration, a conference."""

    id: Slug
    """Name in files and commands, the same as the file's; never reused."""
    title: Text
    """What happens, as a headline."""
    type: Slug
    """One of the types that the policy's freeze table knows."""
    ecosystem: Slug
    """Which network or project it belongs to: tron, bttc, btfs, bitcoin, industry."""
    starts: UtcTime
    """The first moment of the event."""
    ends: UtcTime
    """The first moment after the event."""
    announced: UtcTime | None = None
    """When the public could know."""
    severity: Scored
    """Technical blast radius, 1 to 5."""
    lead_time: Scored
    """Time available to test and to tell, 1 (none) to 5 (plenty)."""
    impact: ImpactTags
    """What it is expected to do to clients, nodes, support and compatibility."""
    summary: Markdown
    """What happens and what users may notice."""
    visibility: Visibility = Visibility.PUBLIC
    """Who may know of it."""
    embargoed_until: UtcTime | None = None
    """From when on everybody may know; goes with `visibility: embargoed`."""
    public_title: Text = "Reserved period"
    """The neutral words that the public reads while the event itself is not public."""
    status: Literal["planned", "happened", "cancelled"] = "planned"
    """A cancelled event opens no freeze."""
    source: HttpsUrl | None = None
    """Where the fact can be checked."""
    sample: bool = False
    """Invented, to show how it looks."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ends <= self.starts:
            raise ValueError("`ends` is not after `starts`; it is the first moment after the event")
        if self.visibility is Visibility.EMBARGOED and self.embargoed_until is None:
            raise ValueError("`visibility` is embargoed, but nothing says until when; add `embargoed_until`")
        if self.visibility is not Visibility.EMBARGOED and self.embargoed_until is not None:
            raise ValueError("`embargoed_until` goes with `visibility: embargoed` only; add that, or remove it")
        return self

    def is_public(self, now: UtcTime) -> bool:
        """Whether title and text may be shown to everybody at `now`."""
        if self.visibility is Visibility.EMBARGOED and self.embargoed_until is not None:
            return now >= self.embargoed_until
        return self.visibility is Visibility.PUBLIC
