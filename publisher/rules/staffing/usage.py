"""When users are there: the usage profile of a product, summed over its regions (R60)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.model.content.product import Usage

_QUARTER = timedelta(minutes=15)
"""Offsets of time zones are whole quarters of an hour, so no hour of any region begins at another minute."""


def level(usage: Sequence[Usage], moment: datetime) -> int:
    """How busy a moment is: the weight of the hour in each region times the region's share; comparable, no unit."""
    return sum(region.share * region.weights[moment.astimezone(ZoneInfo(region.zone)).hour] for region in usage)


def busiest(usage: Sequence[Usage], start: datetime, end: datetime) -> tuple[datetime, int]:
    """The busiest moment in [start, end), the first of several, and what percentage of the day's busiest it reaches.

    The day is that of `start` in UTC. Rounded down, and 0 where a profile knows no users at all.
    """
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    most = max(level(usage, midnight + number * _QUARTER) for number in range(96))
    moments = [start]
    # A day holds every hour of the profile, so more than a day of a longer window tells nothing new.
    moment = start - (start - midnight) % _QUARTER + _QUARTER
    while moment < min(end, start + timedelta(days=1)):
        moments.append(moment)
        moment += _QUARTER
    peak = max(moments, key=lambda candidate: level(usage, candidate))
    return peak, 100 * level(usage, peak) // most if most else 0
