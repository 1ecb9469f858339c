"""What is measured while clients live through an event: errors and adoption (content/monitors/, R22)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from publisher.model.values import Duration, Model, Slug, Text, UtcTime


class Measure(StrEnum):
    """What a monitor measures."""

    ADOPTION = "adoption"
    ERRORS = "errors"


class Reading(Model):
    """One measurement."""

    at: UtcTime
    """When it was made."""
    value: float
    """What was measured."""


class Monitor(Model):
    """A measurement of whether clients are healthy; the soft freeze after an event waits for it (R22)."""

    id: Slug
    """Name in files and commands, the same as the file's."""
    measures: Measure
    """Errors, or how users take up what is new."""
    metric: Text
    """What is measured, in words, as the start of a sentence: Failed syncs in a thousand. It is published."""
    products: tuple[Slug, ...] = ()
    """Products that it speaks for, by id; none means all."""
    baseline: float
    """What is usual in a calm week; for people who read the value."""
    at_least: float | None = None
    """The lowest value that is healthy."""
    at_most: float | None = None
    """The highest value that is healthy."""
    every: Annotated[Duration, Field(gt=timedelta(), le=timedelta(days=7))] = timedelta(hours=24)
    """How often it is measured, once a week at least; from this age on the last reading tells nothing any more."""
    readings: tuple[Reading, ...] = ()
    """What was measured, oldest first; those that content/readings/ID.json holds count too."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("no healthy values are given; add `at_least`, `at_most`, or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("`at_least` is more than `at_most`, so no value is healthy; correct or swap them")
        if not self.healthy(self.baseline):
            raise ValueError("`baseline` is itself not healthy; correct it, or the limits")
        for earlier, later in pairwise(self.readings):
            if later.at <= earlier.at:
                raise ValueError(f"`readings` are out of order at {later.at:%Y-%m-%dT%H:%M:%SZ}; put the oldest first")
        return self

    def healthy(self, value: float) -> bool:
        """Whether a value lies within the limits, which are healthy themselves."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
