"""What every rule is asked, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.model.decision import Verdict
from publisher.model.event import Event
from publisher.model.evidence import Evidence
from publisher.model.product import Product
from publisher.model.release import Release
from publisher.rules.windows import Timeline, timeline


@dataclass(frozen=True)
class Question:
    """May this release ship to this channel now?"""

    catalog: Catalog
    release: Release
    channel: str
    evidence: Evidence
    now: datetime

    @cached_property
    def product(self) -> Product:
        """The release's product."""
        return self.catalog.products[self.release.product]

    @cached_property
    def timeline(self) -> Timeline:
        """All freeze windows that exist for this kind of change."""
        return timeline(self.catalog, self.product.client_type, self.release.change_class)

    @cached_property
    def near(self) -> tuple[Event, ...]:
        """The events that make this release an operation instead of a routine (R3), by start.

        Those whose freeze for this kind of change holds now, and those that the release names and that are not over.
        """
        holding = {window.event.id: window.event for window in self.timeline.holding(self.now)}
        named = (self.catalog.event(name) for name in self.release.events)
        coming = {e.id: e for e in named if e is not None and e.status != "cancelled" and self.now < e.ends}
        return tuple(sorted({**holding, **coming}.values(), key=lambda event: (event.starts, event.id)))

    def near_boundaries(self) -> Iterable[datetime]:
        """The moments after now at which `near` may change, in order."""
        named = (self.catalog.event(name) for name in self.release.events)
        ends = (event.ends for event in named if event is not None and event.ends > self.now)
        return merge(self.timeline.edges_after(self.now), sorted(ends))

    def at(self, now: datetime) -> Question:
        """The same question at another moment."""
        return Question(self.catalog, self.release, self.channel, self.evidence, now)


Rule = Callable[[Question], Verdict]
"""Judges one thing. Pure; its verdict may only change at one of its boundaries."""

Boundaries = Callable[[Question], Iterable[datetime]]
"""The moments after `now` at which a rule's verdict may change; in any order, and rather too many than too few."""
