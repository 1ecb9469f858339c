"""The public projection: what of the catalog the world may see at a moment (R96).

Pages are made from these views and never from the events themselves, so that a template has nothing to leak.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.risk_register import SprintFreeze


@dataclass(frozen=True)
class EventView:
    """An event as the public reads it; `event` is None where it is not public."""

    title: str
    event: Event | None

    @property
    def page(self) -> str | None:
        """Its page's source path, if it has one."""
        return None if self.event is None else f"events/{self.event.id}.md"


def public_catalog(catalog: Catalog) -> Catalog:
    """The catalog without internal releases. Events stay, because their freezes do; see `view_of`."""
    return replace(catalog, releases=tuple(r for r in catalog.releases if r.visibility == "public"))


def view_of(cause: Event | SprintFreeze, now: datetime) -> EventView:
    """The cause of a freeze, or its neutral words."""
    if not cause.is_public(now):
        return EventView(cause.public_title, None)
    return EventView(cause.title, cause if isinstance(cause, Event) else None)


def public_events(catalog: Catalog, now: datetime) -> tuple[Event, ...]:
    """The events that may be named, by start."""
    return tuple(event for event in catalog.events if event.is_public(now))
