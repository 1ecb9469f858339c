"""When an edge that moves away from an estimate, the older that grows, is reached; worked out once, without a clock.

An estimate widens by k a day on both sides. What lies before its earliest moment S by B begins at the first t with
t >= S - B - k * (t - as_of); what lies after its latest moment ends at the first t that no longer lies within (R18).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil, floor

DAY = timedelta(days=1)

FAR = datetime(2300, 1, 1, tzinfo=UTC)
"""Later than anything that content can name; what an estimate that ages fast would move beyond it stops here."""


def reached(moment: datetime, as_of: datetime, per_day: timedelta, *, before: bool) -> datetime:
    """When `moment` is reached; `before`: whether it moves towards the estimate, as all that lies before its start."""
    if moment <= as_of:
        return moment
    away, drift = (moment - as_of).total_seconds(), per_day / DAY
    seconds = floor(away / (1 + drift)) if before else ceil(away / (1 - drift))
    return as_of + min(timedelta(seconds=seconds), FAR - as_of)
