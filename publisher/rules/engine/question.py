"""What every gate is asked, and what several of them need to know."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from heapq import merge
from typing import Literal

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Pattern, Policy
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.records.evidence import Evidence
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import Part, Timeline, timeline, timeline_without
from publisher.rules.requirements.required import EventRequirement, required_in, requirements_of
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

    @cached_property
    def lifts(self) -> EventRequirement | None:
        """The requirement for whose event the release ships now: the event's own freeze does not stop it.

        Only until the moment of the requirement, only for the release that is required, and only while nothing that is
        published meets it; so no other change rides along.
        """
        release = self.release
        if release.for_event is None:
            return None
        for requirement in required_in(self.catalog, release, self.channel, self.withdrawn):
            if requirement.event.id == release.for_event and self.is_awaited(requirement):
                return requirement
        return None

    def is_awaited(self, requirement: EventRequirement) -> bool:
        """Whether its moment is still to come, and nothing that is published meets it."""
        return self.now < requirement.due(self.policy) and not self.is_met(requirement)

    def is_met(self, requirement: EventRequirement) -> bool:
        """Whether something that is published, and was not taken back, meets the requirement."""
        published = {self.current, self.evidence.live} - self.withdrawn
        return any(version is not None and requirement.is_met_by(version) for version in published)

    @property
    def freezes(self) -> Timeline:
        """The freeze windows that count now: all, but those of the event that the release is for."""
        if self.lifts is None:
            return self.timeline
        return timeline_without(self.catalog, self.subject, self.lifts.event.id)

    def freeze_boundaries(self, part: Callable[[Timeline], Part]) -> Iterable[datetime]:
        """The moments after now at which a part of `freezes` may begin or cease to hold, in order."""
        edges = part(self.timeline).edges_after(self.now)
        if self.release.for_event is None:
            return edges
        others = timeline_without(self.catalog, self.subject, self.release.for_event)
        return merge(edges, part(others).edges_after(self.now), self.lift_boundaries())

    def lift_boundaries(self) -> Iterable[datetime]:
        """The moments after now at which `lifts` may change, in order."""
        if self.release.for_event is None:
            return ()
        requirements = requirements_of(self.catalog, self.release.product, self.channel)
        ends = sorted(due for each in requirements if (due := each.due(self.policy)) > self.now)
        return merge(ends, self.shipping_boundaries())

    @property
    def withdrawn(self) -> frozenset[Version]:
        """The versions that the channel has taken back, as far as was looked."""
        return self.evidence.withdrawn_from(self.channel)

    @property
    def current(self) -> Version | None:
        """The newest version that shipped to the channel, by the content, and that the channel has not taken back."""
        release = self.catalog.current(self.release.product, self.channel, self.now, self.withdrawn)
        return release.version if release else None

    def shipping_boundaries(self) -> Iterable[datetime]:
        """When `current` changes: a release ships; when asked about the past, such moments are still to come."""
        moments = self.catalog.shipping_moments(self.release.product, self.channel)
        return moments[bisect_right(moments, self.now) :]

    @property
    def pattern(self) -> Pattern | None:
        """The rollout pattern that the release names, or the policy's for its class; None where there is no such."""
        release, patterns = self.release, self.policy.patterns
        if release.pattern is not None:
            return next((pattern for pattern in patterns if pattern.id == release.pattern), None)
        return next((pattern for pattern in patterns if release.change_class in pattern.default_for), None)

    @property
    def coordination(self) -> Literal["routine", "event-coordinated"]:
        """Whether the release is a deploy like any other, or an operation that is coordinated around an event (R3)."""
        return "event-coordinated" if self.near else "routine"

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
        named = (self.catalog.event(name) for name in self.release.named_events)
        return tuple(event for event in named if event is not None)

    def at(self, now: datetime) -> Question:
        """The same question at another moment."""
        later = Question(self.catalog, self.release, self.channel, self.evidence, now)
        for name in ("product", "subject", "timeline"):  # which no moment changes
            if name in self.__dict__:
                later.__dict__[name] = self.__dict__[name]
        return later
