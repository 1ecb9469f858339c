"""What every page is made from: the public catalog, what is live, the moment, and what was worked out from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import Release
from publisher.model.records.channel_state import ChannelState, LiveMitigation, LiveRelease, Withdrawal
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.rules.calendar.lanes import Quarter, quarter
from publisher.rules.evaluate import evaluate
from publisher.site.earliest import Earliest, earliest
from publisher.site.freezes import EventFreeze, ProductOutlook, freezes, product_outlook
from publisher.site.matrix import Bands
from publisher.site.public import EventView, view_of
from publisher.wire.version import Version
from publisher.wire.web_path import address_of


@dataclass(frozen=True)
class Page:
    """A page before it is rendered."""

    path: str
    """Source path below the root of the site, ending in .md."""
    title: str
    template: str
    """Name of the template in templates/pages/."""
    description: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    contents: bool = True
    """Whether a table of contents stands beside it."""


def page_of(release: Release) -> str:
    """Source path of a release's page."""
    return f"releases/{release.product}/{release.version}.md"


HORIZON = timedelta(days=90)
"""So far ahead the calendar looks."""


@dataclass(frozen=True)
class Scene:
    """One moment of one catalog, as the public sees it. Make it from `public_catalog`."""

    catalog: Catalog
    state: ChannelState | None
    now: datetime

    @cached_property
    def policy(self) -> Policy:
        return self.catalog.policy_at(self.now)

    @cached_property
    def bands(self) -> Bands:
        return Bands(self.policy.freeze)

    @cached_property
    def freezes(self) -> tuple[EventFreeze, ...]:
        """What each event or sprint freeze stops, by the beginning of its freeze."""
        return freezes(self.catalog, self.now)

    @cached_property
    def freeze_of(self) -> dict[str, EventFreeze]:
        """Freezes of the events that may be named, by event id."""
        return {freeze.view.event.id: freeze for freeze in self.freezes if freeze.view.event is not None}

    @cached_property
    def quarter(self) -> Quarter:
        """The lanes of the coming ninety days, as the public sees them."""
        gone = {release.id for release in self.catalog.releases if not self.is_coming(release)}
        return quarter(self.catalog, self.now, HORIZON, self.now, public=True, gone=gone)

    @cached_property
    def outlooks(self) -> tuple[ProductOutlook, ...]:
        """What may ship now, product by product."""
        return tuple(product_outlook(self.catalog, product, self.now) for product in self.catalog.products.values())

    @cached_property
    def views(self) -> dict[str, EventView]:
        """Every event by id, as the public reads it."""
        return {event.id: view_of(event, self.now) for event in self.catalog.events}

    def main_channel(self, product: Product) -> Channel:
        """The channel that most users follow: the first that takes no pre-releases, else the first."""
        channels = [self.catalog.channels[channel] for channel in product.channels]
        return next((channel for channel in channels if not channel.prereleases), channels[0])

    def page_of(self, product: str, version: Version) -> str | None:
        """Source path of the page of a version, if it has one."""
        release = self.catalog.find(product, str(version))
        return page_of(release) if release is not None else None

    def address_of_event(self, event: Event) -> str:
        """Where the page of an event is read by people and programs elsewhere."""
        return address_of(self.catalog.endpoints.site, f"events/{event.id}/")

    @cached_property
    def offers(self) -> tuple[LiveRelease, ...]:
        """What the bucket verifiably offers to new installs, with the files that are neither on hold nor withdrawn."""
        return tuple(self.state.offers()) if self.state else ()

    @cached_property
    def new_installs(self) -> Mapping[tuple[str, str], Mapping[str, Version | None]]:
        """Product and channel -> platform -> what new installs get."""
        lines = {(live.product, live.channel) for live in (self.state.live if self.state else ())}
        return {line: self.state.new_installs(*line) for line in lines} if self.state else {}

    def offers_of(self, product: str, channel: str) -> tuple[LiveRelease, ...]:
        """What a channel offers, the newest version first; several where platforms differ."""
        offers = (offer for offer in self.offers if (offer.product, offer.channel) == (product, channel))
        return tuple(sorted(offers, key=lambda offer: offer.version, reverse=True))

    def live(self, product: str, channel: str) -> LiveRelease | None:
        """The newest release that a channel offers, if a bucket was read."""
        return next(iter(self.offers_of(product, channel)), None)

    def is_all_stopped(self, product: str, channel: str) -> bool:
        """Whether everything that a channel has is on hold or withdrawn."""
        published = self.state.of(product, channel) if self.state else None
        return published is not None and self.live(product, channel) is None

    def live_of(self, release: Release) -> tuple[LiveRelease, ...]:
        """The channels that offer exactly this release."""
        return tuple(offer for offer in self.offers if _is_of(offer, release))

    def stopped_files(self, product: str, channel: str) -> tuple[LiveRelease, ...]:
        """What a channel would offer if it were neither on hold nor withdrawn."""
        offered = {(offer.channel, offer.version, file) for offer in self.offers for file in offer.artifacts}
        stopped = []
        for live in self.state.live if self.state else ():
            files = tuple(file for file in live.artifacts if (live.channel, live.version, file) not in offered)
            if files and (live.product, live.channel) == (product, channel):
                stopped.append(live.model_copy(update={"artifacts": files}))
        return tuple(stopped)

    def withdrawals(self, release: Release) -> tuple[Withdrawal, ...]:
        """Where nobody should run this release any more, if a bucket was read."""
        return self.state.withdrawals(release.product, release.version) if self.state else ()

    def mitigations(self, product: str, version: Version) -> tuple[LiveMitigation, ...]:
        """What helps whoever runs a version until a fix is out."""
        live = self.state.mitigations if self.state else ()
        return tuple(item for item in live if item.concerns(product, version) and self.now < item.until)

    def is_taken_back(self, release: Release) -> bool:
        """Whether a channel has taken it back or withdrawn it on all platforms, and none offers it."""
        withdrawals = self.withdrawals(release)
        platforms = {platform for entry in withdrawals for platform in entry.platforms}
        all_of_them = platforms >= set(self.catalog.products[release.product].platforms)
        everywhere = all_of_them or any(not entry.platforms for entry in withdrawals)
        return everywhere and not self.live_of(release)

    def withdrawn_from(self, product: str, channel: str) -> frozenset[Version]:
        """The versions that nobody should run in a channel on any platform, if a bucket was read."""
        return self._evidence_of(product, channel).withdrawn_from(channel)

    def current(self, product: str, channel: str) -> Release | None:
        """The newest release that the content records as shipped to the channel, and that was not taken back."""
        return self.catalog.current(product, channel, self.now, self.withdrawn_from(product, channel))

    def is_out(self, release: Release) -> bool:
        """Whether it has been published, by the bucket or else by the content; and be it taken back since."""
        shipped = release.shipped_at is not None and release.shipped_at <= self.now
        live = any(_is_of(live, release) for live in self.state.live) if self.state else False
        return shipped or live or bool(self.live_of(release)) or bool(self.withdrawals(release))

    def offered(self, product: str, channel: str) -> Version | None:
        """The version that new installs get, by the bucket or else by the content."""
        if (live := self.live(product, channel)) is not None:
            return live.version
        if self.is_all_stopped(product, channel):
            return None
        current = self.current(product, channel)
        return current.version if current is not None else None

    def newer(self, release: Release) -> Version | None:
        """The version that replaces this one; None while one of its channels offers it still, or nothing newer."""
        offered = [self.offered(release.product, channel) for channel in release.channels]
        if self.live_of(release) or any(version is None or version <= release.version for version in offered):
            return None
        return offered[0]

    def is_passed(self, release: Release) -> bool:
        """Whether all of its channels offer something newer, while nothing records that it ever shipped."""
        if self.is_out(release):
            return False
        if self.state is None:
            return False
        live = [self.state.of(release.product, channel) for channel in release.channels]
        return all(offered is not None and offered.version > release.version for offered in live)

    def is_coming(self, release: Release) -> bool:
        return not self.is_out(release) and not self.is_passed(release)

    @cached_property
    def decisions(self) -> dict[str, tuple[Decision, ...]]:
        """Public decisions of every release that is still to come, one a channel, by release id."""
        return {
            release.id: tuple(self.decide(release, channel, self.now) for channel in release.channels)
            for release in self.catalog.releases
            if self.is_coming(release)
        }

    @cached_property
    def earliest(self) -> dict[str, Earliest]:
        """When each release that is still to come can ship at the earliest, by release id."""
        return {release.id: self._earliest(release) for release in self.catalog.releases if self.is_coming(release)}

    def _earliest(self, release: Release) -> Earliest:
        return earliest(self.catalog, release, self.now, lambda channel: self._evidence_of(release.product, channel))

    def decide(self, release: Release, channel: str, at: datetime) -> Decision:
        """The public projection of the very decision that `publish` would take."""
        known = self._evidence_of(release.product, channel)
        evidence = known.model_copy(update={"for_today": at == self.now})
        return evaluate(self.catalog, release, channel, at, evidence).public()

    def _evidence_of(self, product: str, channel: str) -> Evidence:
        return Evidence.of_channel(self.state, product, channel)


def _is_of(live: LiveRelease, release: Release) -> bool:
    return (live.product, live.version) == (release.product, release.version) and live.channel in release.channels
