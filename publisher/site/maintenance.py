"""Planned maintenance as the public reads it: when, by whose clock, and what goes on meanwhile (R60, R63, R65)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.content.maintenance import Maintenance
from publisher.model.timespan import Span
from publisher.rules.maintenance.judge import may_take_place
from publisher.rules.staffing.local_time import local
from publisher.rules.staffing.occurrences import Occurrence, occurrences
from publisher.site import labels
from publisher.site.page_model import Scene

_EVERY = {1: "Every", 2: "Every second", 4: "Every fourth"}


@dataclass(frozen=True)
class MaintenanceView:
    """What may be told of one maintenance. It holds words only, so that a template has nothing to leak."""

    title: str
    product: str | None
    """Name of the product; None where the maintenance is not public."""
    impact: str
    """What users lose meanwhile, and what goes on; empty where the maintenance is not public."""
    slot: str | None
    """Its hours by the clocks of its zone, if it repeats; None where the maintenance is not public."""
    window: Span | None
    """The first window that may take place and is not over; None if no date is settled."""
    holds: bool
    """Whether that window has begun."""
    sample: bool


def maintenance_views(scene: Scene, end: datetime) -> Iterator[MaintenanceView]:
    """The maintenance with windows from now to `end`, in the order of the catalog."""
    for maintenance in scene.catalog.maintenance:
        if windows := occurrences(maintenance, scene.now, end):
            yield _view(scene, maintenance, windows)


def _view(scene: Scene, maintenance: Maintenance, windows: tuple[Occurrence, ...]) -> MaintenanceView:
    first = next((window for window in windows if may_take_place(scene.catalog, window)), None)
    shown, slot = first or windows[0], maintenance.repeats
    public = maintenance.is_public(scene.now)
    return MaintenanceView(
        title=maintenance.title if public else maintenance.public_title,
        product=scene.catalog.products[maintenance.product].name if public else None,
        impact=labels.impact(maintenance.impact) if public else "",
        slot=f"{_EVERY[slot.every_weeks]} {local(shown.span, slot.zone)}" if slot and public else None,
        window=first.span if first else None,
        holds=first is not None and first.start <= scene.now,
        sample=maintenance.sample,
    )
