"""The Catalog: all content and configuration of one moment, checked and linked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, TypeVarTuple

from publisher.model.config.staffing import Staffing
from publisher.model.configuration import Configuration
from publisher.model.content.advisory import Advisory
from publisher.model.content.calendar_review import Review
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import Policy
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Override, Scenario, Signal, SprintFreeze
from publisher.model.values import Model, Text, UtcTime
from publisher.wire.version import Version

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Sample(Model):
    """Marks the whole content as a sample with a time of its own (content/sample.yaml)."""

    reference_time: UtcTime
    """The moment at which the sample lives; questions without --at are answered for it."""
    notice: Text
    """What every page says about it."""


@dataclass(frozen=True)
class Catalog(Configuration):
    """Everything that `evaluate` may know. Tuples are sorted: events by start, releases by product and version."""

    policy: Policy
    """The newest, in force or not yet; `policy_at` says which one holds at a moment."""
    events: tuple[Event, ...]
    releases: tuple[Release, ...]
    deprecations: tuple[Deprecation, ...]
    sample: Sample | None
    earlier_policies: tuple[Policy, ...] = ()
    """Those that held before `policy`, oldest first."""
    sprints: tuple[SprintFreeze, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    signals: tuple[Signal, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    overrides: tuple[Override, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    """Newest first."""
    review: Review | None = None
    """The last weekly review of the calendar; None: there was none."""
    staffing: Staffing | None = None
    """None: nothing is known of who is there when."""
    _remembered: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def remember(self, work_out: Callable[[Catalog, *Arguments], Result], *arguments: *Arguments) -> Result:
        """`work_out(self, *arguments)`, such as freeze windows, worked out once; it must depend on nothing else."""
        key = (work_out, arguments)
        try:
            result: Result = self._remembered[key]
        except KeyError:
            result = self._remembered[key] = work_out(self, *arguments)
        return result

    @cached_property
    def _by_product(self) -> dict[str, tuple[Release, ...]]:
        grouped: dict[str, list[Release]] = {}
        for release in self.releases:
            grouped.setdefault(release.product, []).append(release)
        return {product: tuple(releases) for product, releases in grouped.items()}

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Every policy that is known, the earliest first."""
        return (*self.earlier_policies, self.policy)

    def policy_at(self, now: datetime) -> Policy:
        """The policy that held at `now`; before the first took effect, the first."""
        return next((policy for policy in reversed(self.policies) if policy.effective <= now), self.policies[0])

    def next_policy_after(self, now: datetime) -> datetime | None:
        """When another policy than the one at `now` takes effect."""
        return min((policy.effective for policy in self.policies[1:] if policy.effective > now), default=None)

    @cached_property
    def _events_by_id(self) -> dict[str, Event]:
        return {event.id: event for event in self.events}

    def event(self, ident: str) -> Event | None:
        return self._events_by_id.get(ident)

    def releases_of(self, product: str) -> tuple[Release, ...]:
        """All releases of a product, oldest version first."""
        return self._by_product.get(product, ())

    def find(self, product: str, version: str) -> Release | None:
        """The release of exactly this spelling, if the content has it."""
        return next((r for r in self.releases_of(product) if str(r.version) == version), None)

    def affecting(self, product: str, version: Version) -> tuple[Advisory, ...]:
        """The advisories by which a version is unsafe, newest first."""
        return tuple(
            advisory for advisory in self.advisories if advisory.product == product and advisory.affects(version)
        )

    def current(self, product: str, channel: str, now: datetime, withdrawn: Collection[Version] = ()) -> Release | None:
        """The newest version that had shipped to the channel by `now`, as far as the content tells.

        `withdrawn` are versions that the channel has taken back: content does not say so, and they are not current.
        """
        if (progress := self._progress.get((product, channel))) is None:
            return None
        moments, newest = progress
        index = bisect_right(moments, now)
        current = newest[index - 1] if index else None
        if current is None or current.version not in withdrawn:
            return current
        kept = (
            release
            for release in self.shipped(product, now)
            if channel in release.channels and release.version not in withdrawn
        )
        return max(kept, key=lambda release: release.version, default=None)

    @cached_property
    def _progress(self) -> dict[tuple[str, str], tuple[list[datetime], list[Release]]]:
        """For each product and channel: the moments of its releases, and the newest version since each of them."""
        progress: dict[tuple[str, str], tuple[list[datetime], list[Release]]] = {}
        shipped = ((r.shipped_at, r) for r in self.releases if r.shipped_at is not None)
        for moment, release in sorted(shipped, key=lambda pair: pair[0]):
            for channel in release.channels:
                moments, newest = progress.setdefault((release.product, channel), ([], []))
                moments.append(moment)
                newest.append(max(newest[-1], release, key=lambda r: r.version) if newest else release)
        return progress

    def shipping_moments(self, product: str, channel: str) -> tuple[datetime, ...]:
        """When releases shipped to the channel, earliest first; what is current changes at no other moment."""
        progress = self._progress.get((product, channel))
        return tuple(progress[0]) if progress else ()

    def shipped(self, product: str, now: datetime) -> tuple[Release, ...]:
        """Releases that had shipped by `now`, oldest version first."""
        return tuple(r for r in self.releases_of(product) if r.shipped_at is not None and r.shipped_at <= now)
