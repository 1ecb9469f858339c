"""Who is there when (site_config/staffing.yaml): shifts in their own time zones (R61, R62)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.model.values import LocalTime, Model, Text, UtcTime, Zone

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


ShiftDuty = Literal["on-call", "support", "comms"]
"""What somebody on a shift answers for."""


class Shift(Model):
    """Hours of the week in which somebody is on duty."""

    duty: ShiftDuty
    """The duty of the shift."""
    people: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Who; internal, never published."""
    zone: Zone
    """The time zone of these hours."""
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    """Days on which the shift begins."""
    start: LocalTime
    """When it begins, by the clock of its zone."""
    end: LocalTime
    """When it ends; at or before `start` it ends on the next day."""
    since: UtcTime | None = None
    """The first moment it is valid; left out: always."""
    until: UtcTime | None = None
    """The first moment it is no longer valid; left out: without end."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start == "24:00":
            raise ValueError('`start` must be before "24:00"; a shift that begins at midnight begins at "00:00"')
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError("`until` is not after `since`; set it to the first moment after the shift's last day")
        return self


class Staffing(Model):
    """The whole of staffing.yaml."""

    shifts: tuple[Shift, ...]
    """All shifts of all duties."""
