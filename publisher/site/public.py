"""The public projection: what of the catalog the world may see at a moment (R96).

Pages are made from these views and never from the events themselves, so that a template has nothing to leak.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.model.content.event import Event
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.visibility import Visibility, Visible

Item = TypeVar("Item", bound=Visible)


@dataclass(frozen=True)
class EventView:
    """An event as the public reads it; `event` is None where it is not public."""

    title: str
    event: Event | None

    @property
    def page(self) -> str | None:
        """Its page's source path, if it has one."""
        return None if self.event is None else f"events/{self.event.id}.md"


def public_catalog(catalog: Catalog, now: datetime) -> Catalog:
    """The catalog without internal releases and advisories. Events stay, because their freezes do; see `view_of`.

    What is under embargo at `now` stays so in it: an answer about a later moment must not tell it earlier.
    """
    return replace(
        catalog,
        releases=tuple(release for release in catalog.releases if release.visibility == "public"),
        advisories=public_advisories(catalog, now),
        events=tuple(_sealed(event, now) for event in catalog.events),
        sprints=tuple(_sealed(sprint, now) for sprint in catalog.sprints),
        maintenance=tuple(_sealed(maintenance, now) for maintenance in catalog.maintenance),
    )


def public_advisories(catalog: Catalog, now: datetime) -> tuple[Advisory, ...]:
    """The advisories that the public may know of, newest first, without details that are promised for later."""
    return tuple(public for advisory in catalog.advisories if (public := advisory.public(now)) is not None)


def _sealed(item: Item, now: datetime) -> Item:
    if item.is_public(now):
        return item
    return item.model_copy(update={"visibility": Visibility.INTERNAL, "embargoed_until": None})


def view_of(cause: Event | SprintFreeze, now: datetime) -> EventView:
    """The cause of a freeze, or its neutral words."""
    if not cause.is_public(now):
        return EventView(cause.public_title, None)
    return EventView(cause.title, cause if isinstance(cause, Event) else None)


def public_events(catalog: Catalog, now: datetime) -> tuple[Event, ...]:
    """The events that may be named, by start."""
    return tuple(event for event in catalog.events if event.is_public(now))
