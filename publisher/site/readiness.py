"""What users must run by when, as the public may know it: by product and event, with what is out and what is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.model.content.event import Event
from publisher.model.content.policy import Runway
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.content.requirement import RequiredVersion
from publisher.model.records.feed_format import FeedRequirement
from publisher.model.records.required_versions import ReadyState
from publisher.rules.requirements.published import as_written, public_requirements
from publisher.rules.requirements.required import EventRequirement, required_release
from publisher.site.earliest import Earliest
from publisher.site.page_model import Scene
from publisher.wire.version import Version


@dataclass(frozen=True)
class RequirementView:
    """One version that an event requires of one release line."""

    requirement: EventRequirement
    product: Product
    channel: Channel
    written: FeedRequirement
    """As the channel's feed has it."""
    due: datetime
    """Be ready by then; an estimate that nobody renews is as uncertain as it will be at that moment."""
    runway: Runway
    now: datetime
    offered: Version | None
    """What the channel offers."""
    release: Release | None
    """The release to install where it is out, or else the one that is announced; None where the public knows none."""
    opens: Earliest | None
    """When an announced release can come out; None if it is out, or the public knows of none."""

    @property
    def last_safe(self) -> datetime:
        """The last moment at which it may come out so that users have the runway of the policy."""
        return self.written.runway_begins

    @property
    def believed(self) -> bool:
        """Whether its moment is known well enough."""
        return self.written.estimate is None or self.now < self.written.estimate.trusted_until

    @property
    def over(self) -> bool:
        """Whether it is too late."""
        return self.due <= self.now

    @property
    def left(self) -> timedelta:
        """How much time is left."""
        return self.due - self.now

    @property
    def state(self) -> ReadyState:
        """Whether there is something to install."""
        met = self.offered is not None and self.requirement.is_met_by(self.offered)
        return ReadyState.OUT if met else ReadyState.ANNOUNCED

    @property
    def out(self) -> bool:
        """Whether there is something to install."""
        return self.state is ReadyState.OUT

    @property
    def expected(self) -> datetime | None:
        """When an announced release can come out at the earliest; None where that is not known."""
        return self.opens.moment if self.opens is not None else None

    @property
    def missed(self) -> bool:
        """Whether its last safe date has passed, and it is not out."""
        return not self.out and self.last_safe <= self.now

    @property
    def late(self) -> bool:
        """Whether it is not out, and is or will be later than its last safe date."""
        too_late = self.expected is not None and self.expected > self.last_safe
        return self.missed or (not self.out and (too_late or self.no_date_in_time))

    @property
    def no_date_in_time(self) -> bool:
        """Whether every date that is open for an announced release comes after users must run it."""
        return self.opens is not None and self.opens.moment is None and self.opens.required is not None

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return name_of(self.requirement.event, self.requirement.required)


def name_of(event: Event, required: RequiredVersion) -> str:
    """A name for one demand of an event that stays when its version, date or audience changes."""
    line = (required.product, required.channel)
    alike = [other for other in event.requires if (other.product, other.channel) == line]
    number = alike.index(required) + 1
    return f"{event.id}-{required.product}-{required.channel}{f'-{number}' if number > 1 else ''}"


def requirement_views(scene: Scene) -> tuple[RequirementView, ...]:
    """What public events require, by the moment until which one can get ready.

    Of what is over, only what no other requirement covers.
    """
    views = [
        _view(scene, requirement, product, scene.catalog.channels[channel])
        for product in scene.catalog.products.values()
        for channel in product.channels
        for requirement in public_requirements(scene.catalog, product.id, channel, scene.now)
    ]
    return tuple(sorted(views, key=lambda view: (view.due, view.product.id, view.channel.id)))


def _view(scene: Scene, requirement: EventRequirement, product: Product, channel: Channel) -> RequirementView:
    offered = scene.offered(product.id, channel.id)
    if offered is not None and requirement.is_met_by(offered):
        release = scene.catalog.find(product.id, str(offered))
    else:
        release = required_release(scene.catalog, requirement, scene.withdrawn_from(product.id, channel.id))
    return RequirementView(
        requirement=requirement,
        product=product,
        channel=channel,
        written=as_written(scene.catalog, scene.policy, requirement, scene.address_of_event(requirement.event)),
        due=requirement.due(scene.policy),
        runway=requirement.runway(scene.policy, product),
        now=scene.now,
        offered=offered,
        release=release,
        opens=scene.earliest.get(release.id) if release is not None else None,
    )


def cancelled_events(scene: Scene) -> tuple[Event, ...]:
    """Public events to come that had required versions and were cancelled, by start."""
    return tuple(
        event
        for event in scene.catalog.events
        if event.requires and event.status == "cancelled" and event.over > scene.now and event.is_public(scene.now)
    )
