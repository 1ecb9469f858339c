"""What events require, when, and which release is the one that is required (R18, R28, R55).

moment      when the version must be running: `by`, or the earliest moment of the event
runway      how long before that it must be out, by the policy
last safe ship = moment - runway
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event, Trigger
from publisher.model.content.policy import Policy, Runway
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.content.requirement import RequiredVersion
from publisher.model.visibility import Visibility
from publisher.rules import english
from publisher.rules.freeze.drift import reached
from publisher.wire.feed_words import Action
from publisher.wire.version import Version


@dataclass(frozen=True, eq=False)
class EventRequirement:
    """One version that one event requires."""

    event: Event
    required: RequiredVersion

    @property
    def moment(self) -> datetime:
        """When it must be running; with an estimate the earliest moment as known when that was made."""
        return self.required.by or self.event.earliest

    @property
    def estimate(self) -> Trigger | None:
        """The block or epoch that the moment follows from; None where it is a date."""
        return self.event.estimate if self.required.by is None else None

    def due(self, policy: Policy) -> datetime:
        """When it must be running, an estimate that nobody renews widening until then."""
        return self._reached(self.moment, policy)

    def last_safe_ship(self, policy: Policy, product: Product) -> datetime:
        """The last moment at which it may come out so that the runway is kept; the ramp of a rollout counts nothing."""
        return self._reached(self.moment - self.runway(policy, product).length, policy)

    def runway(self, policy: Policy, product: Product) -> Runway:
        """The longest runway that the policy gives it; one of no length where none applies."""
        return max(
            (runway for runway in policy.requirements.runways if self._applies(runway, product)),
            key=lambda runway: runway.length,
            default=NO_RUNWAY,
        )

    def is_met_by(self, version: Version) -> bool:
        """Whether a version may be recommended for it: high enough, and finished."""
        return version >= self.required.at_least and not version.prerelease

    @cached_property
    def who(self) -> str:
        """Whom it is about: hosts and exchanges; empty where it is everybody."""
        return english.audiences(self.required.audiences)

    def _reached(self, moment: datetime, policy: Policy) -> datetime:
        if self.estimate is None:
            return moment
        return reached(moment, self.estimate.as_of, policy.freeze.uncertainty.drift_per_day, before=True)

    def _applies(self, runway: Runway, product: Product) -> bool:
        return (
            (not runway.client_types or product.client_type in runway.client_types)
            and (not runway.events or self.event.type in runway.events)
            and (not runway.audiences or not set(runway.audiences).isdisjoint(self.required.audiences))
        )


NO_RUNWAY = Runway(because="no runway in the policy", length=timedelta())


def requirements_of(catalog: Catalog, product: str, channel: str) -> tuple[EventRequirement, ...]:
    """What events require of a release line, by moment; nothing for events that were cancelled."""
    return catalog.remember(_by_channel).get((product, channel), ())


def every_requirement(catalog: Catalog) -> tuple[EventRequirement, ...]:
    """All of them, by moment."""
    lines = catalog.remember(_by_channel).values()
    return tuple(sorted((each for line in lines for each in line), key=_by_moment))


def _by_channel(catalog: Catalog) -> dict[tuple[str, str], tuple[EventRequirement, ...]]:
    grouped: dict[tuple[str, str], list[EventRequirement]] = {}
    for event in catalog.events:
        for required in event.requires if event.status != "cancelled" else ():
            line = grouped.setdefault((required.product, required.channel), [])
            line.append(EventRequirement(event, required))
    return {channel: tuple(sorted(line, key=_by_moment)) for channel, line in grouped.items()}


def _by_moment(requirement: EventRequirement) -> tuple[datetime, str, str]:
    return requirement.moment, requirement.event.id, str(requirement.required.at_least)


def required_release(
    catalog: Catalog, requirement: EventRequirement, withdrawn: Collection[Version] = ()
) -> Release | None:
    """The release that the requirement is for: the lowest one of its channel that meets it, published or not.

    `withdrawn` are versions that the channel has taken back.
    """
    required = requirement.required
    meeting = (
        release
        for release in catalog.releases_of(required.product)
        if required.channel in release.channels
        and requirement.is_met_by(release.version)
        and release.version not in withdrawn
    )
    return next(meeting, None)


def requiring(
    catalog: Catalog, release: Release, channel: str, withdrawn: Collection[Version] = ()
) -> tuple[EventRequirement, ...]:
    """The requirements whose release this is, by moment; also of one that says that it is for the event."""
    required = required_in(catalog, release, channel, withdrawn)
    if release.for_event is None:
        return required
    return tuple(
        requirement
        for requirement in requirements_of(catalog, release.product, channel)
        if requirement in required
        or (requirement.event.id == release.for_event and requirement.is_met_by(release.version))
    )


def required_in(
    catalog: Catalog, release: Release, channel: str, withdrawn: Collection[Version] = ()
) -> tuple[EventRequirement, ...]:
    """The requirements of a channel for which this is the required release, by moment."""
    return catalog.remember(_by_release, release.product, channel, frozenset(withdrawn)).get(release.version, ())


def _by_release(
    catalog: Catalog, product: str, channel: str, withdrawn: frozenset[Version]
) -> dict[Version, tuple[EventRequirement, ...]]:
    grouped: dict[Version, tuple[EventRequirement, ...]] = {}
    for requirement in requirements_of(catalog, product, channel):
        if (release := required_release(catalog, requirement, withdrawn)) is not None:
            grouped[release.version] = (*grouped.get(release.version, ()), requirement)
    return grouped


def required_by(catalog: Catalog, release: Release) -> datetime | None:
    """By when events require users to run it, in whichever channel comes first; None where none does."""
    requirements = (each for channel in release.channels for each in requiring(catalog, release, channel))
    return min((each.moment for each in requirements), default=None)


def with_deadlines(catalog: Catalog) -> Catalog:
    """The catalog in which each release that an event requires says by when users must run it.

    What not everybody may know of says nothing in notes that everybody reads, so its date stays out of them.
    """
    public = tuple(event for event in catalog.events if event.visibility is Visibility.PUBLIC)
    if not any(event.requires for event in public):
        return catalog
    known = replace(catalog, events=public)
    return replace(catalog, releases=tuple(_with_deadline(known, release) for release in catalog.releases))


def _with_deadline(public: Catalog, release: Release) -> Release:
    if release.notes.action is not Action.REQUIRED or release.notes.required_by is not None:
        return release
    if (moment := required_by(public, release)) is None:
        return release
    return release.model_copy(update={"notes": release.notes.model_copy(update={"required_by": moment})})
