"""Who may know of an item, and what the public reads while it may not (R96)."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from publisher.model.values import Model, Text, UtcTime


class Visibility(StrEnum):
    """Who may know: everybody, the team, or everybody from a moment on (R96)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    EMBARGOED = "embargoed"


class Restricted(Model):
    """What not everybody may know; the public does not learn that it exists."""

    visibility: Visibility = Visibility.PUBLIC
    """Who may know of it."""
    embargoed_until: UtcTime | None = None
    """When it becomes public; only with `visibility: embargoed`."""

    @model_validator(mode="after")
    def _embargo(self) -> Self:
        if self.visibility is Visibility.EMBARGOED and self.embargoed_until is None:
            raise ValueError("`visibility` is embargoed without an end; add `embargoed_until`")
        if self.visibility is not Visibility.EMBARGOED and self.embargoed_until is not None:
            raise ValueError("`embargoed_until` works only with `visibility: embargoed`; add that, or remove it")
        return self

    def is_public(self, now: UtcTime) -> bool:
        """Whether title and text may be shown to everybody at `now`."""
        if self.visibility is Visibility.EMBARGOED and self.embargoed_until is not None:
            return now >= self.embargoed_until
        return self.visibility is Visibility.PUBLIC


class Visible(Restricted):
    """What not everybody may know, and what the public reads instead."""

    public_title: Text = "Reserved period"
    """Neutral title that the public sees while the item is not public."""
