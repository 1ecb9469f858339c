"""What monitors say of clients: which speak for a product, their last reading, and whether it is healthy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from enum import Enum

from publisher.model.catalog import Catalog
from publisher.model.content.monitor import Monitor, Reading


class Health(Enum):
    """What a monitor says at a moment."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    MISSING = "missing"


def watching(catalog: Catalog, product: str) -> tuple[Monitor, ...]:
    """The monitors that speak for a product."""
    return tuple(monitor for monitor in catalog.monitors if not monitor.products or product in monitor.products)


def last_reading(monitor: Monitor, now: datetime) -> Reading | None:
    """What was measured last by `now`, however old."""
    index = bisect_right(monitor.readings, now, key=lambda reading: reading.at)
    return monitor.readings[index - 1] if index else None


def limits(monitor: Monitor) -> str:
    """What is healthy, in words: at least 50 and at most 90."""
    least = f"at least {monitor.at_least:g}" if monitor.at_least is not None else ""
    most = f"at most {monitor.at_most:g}" if monitor.at_most is not None else ""
    return " and ".join(part for part in (least, most) if part)


def state(monitor: Monitor, now: datetime) -> Health:
    """What the last reading says; one as old as `every` says nothing any more."""
    last = last_reading(monitor, now)
    if last is None or now - last.at >= monitor.every:
        return Health.MISSING
    return Health.HEALTHY if monitor.healthy(last.value) else Health.UNHEALTHY


def changes(monitor: Monitor) -> Iterator[datetime]:
    """Every moment at which what the monitor says may change; a program may measure all day and find the same."""
    before = None
    for reading in monitor.readings:
        if before is None or before.at + monitor.every <= reading.at:
            if before is not None:
                yield before.at + monitor.every
            yield reading.at
        elif monitor.healthy(before.value) != monitor.healthy(reading.value):
            yield reading.at
        before = reading
    if before is not None:
        yield before.at + monitor.every
