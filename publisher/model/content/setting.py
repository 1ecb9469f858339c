"""Settings of a product that a mitigation may name until a fix is out (products.yaml)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from publisher.model.values import Model, Slug, Text, worded_pattern
from publisher.wire.advice.settings import LARGEST, MOST_VALUES

_VALUE_CHECK, _VALUE_SCHEMA = worded_pattern(
    r"[A-Za-z0-9][A-Za-z0-9._-]*", "must be one word of letters, digits, dots, hyphens and underscores", "off", 40
)
SettingValue = Annotated[str, _VALUE_CHECK, _VALUE_SCHEMA]
"""What a setting can be set to."""

_Number = Annotated[int, Field(ge=0, le=LARGEST)]


class Setting(Model):
    """A setting that users can change, so that a problem does less harm until its fix is out."""

    id: Slug
    """Name in commands and notices; never reused."""
    name: Text
    """Name as users see it in the program."""
    how: Text
    """Where to find it, in one plain sentence."""
    values: Annotated[tuple[SettingValue, ...], Field(max_length=MOST_VALUES)] = ()
    """The values that it can have; instead of `lowest` and `highest`."""
    lowest: _Number | None = None
    """The smallest whole number that it can have."""
    highest: _Number | None = None
    """The largest whole number that it can have."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.lowest is None) != (self.highest is None):
            raise ValueError("only one of `lowest` and `highest` is given; write both")
        if bool(self.values) == (self.lowest is not None):
            raise ValueError("its values are missing or given twice; write `values`, or `lowest` and `highest`")
        if self.lowest is not None and self.highest is not None and self.highest <= self.lowest:
            raise ValueError(f"`highest` must be more than `lowest`, which is {self.lowest}")
        return self
