"""That somebody has looked at the calendar this week (content/calendar.yaml, R92)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from publisher.model.values import Model, Text, UtcTime


class Review(Model):
    """The last weekly review of the calendar."""

    quarter: Annotated[str, Field(pattern=r"^20\d\d-Q[1-4]$")]
    """The quarter that was published last, such as 2026-Q4."""
    reviewed_at: UtcTime
    """When somebody last went through all events, releases and dates."""
    reviewed_by: Text
    """Who; internal, never published."""
    sample: bool = False
    """An invented example."""
