"""What every rule is asked, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.records.decision import Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import Timeline, timeline
from publisher.wire.version import Version


@dataclass(frozen=True)
class Question:
    """May this release ship to this channel now?"""

    catalog: Catalog
    release: Release
    channel: str
    evidence: Evidence
    now: datetime

    @cached_property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.catalog.policy_at(self.now)

    @cached_property
    def product(self) -> Product:
        """The release's product."""
        return self.catalog.products[self.release.product]

    @cached_property
    def subject(self) -> Subject:
        """The release as the freeze matrix sees it."""
        return Subject.of_release(self.product, self.release)

    @cached_property
    def timeline(self) -> Timeline:
        """All freeze windows that exist for this kind of change."""
        return timeline(self.catalog, self.subject)

    @property
    def withdrawn(self) -> frozenset[Version]:
        """The versions that the channel has taken back, as far as was looked."""
        return self.evidence.withdrawn_from(self.channel)

    @property
    def current(self) -> Version | None:
        """The newest version that shipped to the channel, by the content, and that the channel has not taken back."""
        release = self.catalog.current(self.release.product, self.channel, self.now, self.withdrawn)
        return release.version if release else None

    @cached_property
    def near(self) -> tuple[Event, ...]:
        """The events that make this release an operation instead of a routine (R3), by start.

        Those whose freeze for this kind of change holds now, and those that the release names and that are not over.
        """
        holding = {w.cause.id: w.cause for w in self.timeline.holding(self.now) if isinstance(w.cause, Event)}
        coming = {e.id: e for e in self._named if e.status != "cancelled" and self.now < e.ends}
        return tuple(sorted({**holding, **coming}.values(), key=lambda event: (event.starts, event.id)))

    def near_boundaries(self) -> Iterable[datetime]:
        """The moments after now at which `near` may change, in order."""
        ends = (event.ends for event in self._named if event.ends > self.now)
        return merge(self.timeline.every_edge_after(self.now), sorted(ends))

    @property
    def _named(self) -> tuple[Event, ...]:
        named = (self.catalog.event(name) for name in self.release.events)
        return tuple(event for event in named if event is not None)

    def at(self, now: datetime) -> Question:
        """The same question at another moment."""
        later = Question(self.catalog, self.release, self.channel, self.evidence, now)
        for name in ("product", "subject", "timeline"):  # which no moment changes
            if name in self.__dict__:
                later.__dict__[name] = self.__dict__[name]
        return later


Rule = Callable[[Question], Verdict]
"""Judges one thing. Pure; under one policy its verdict may only change at one of its boundaries."""

Boundaries = Callable[[Question], Iterable[datetime]]
"""The moments after `now` at which a rule's outcome may change, in order, and rather too many than too few.

They are read no further than is needed, so they may be worked out one by one."""
