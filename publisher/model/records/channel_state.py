"""What is published: the manifest of a release, and the state of a whole channel bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from publisher.model.published_file import PublishedFile
from publisher.model.records.notice import NoticeFile
from publisher.model.values import Digest, Model, PlatformId, ReleaseVersion, Slug, UtcTime
from publisher.wire.advice.version_range import VersionRange
from publisher.wire.feed_words import BrakeKind
from publisher.wire.version import Version


class Companion(Model):
    """A file that describes a binary and is published beside it, such as a bill of materials."""

    file: str
    """Its plain name, beside the binary."""
    kind: Literal["cyclonedx", "spdx"]
    """Its format."""
    size: int
    """Bytes."""
    sha256: Digest
    """SHA-256 of its bytes."""


class PublishedArtifact(PublishedFile):
    """One binary as it was published."""

    companions: tuple[Companion, ...] = ()
    """Files that describe it."""


class Manifest(Model):
    """releases/PRODUCT/VERSION/release.json: facts about bytes only, so that it never has to change."""

    format: Literal["tidegate-release/1"] = "tidegate-release/1"
    """Name and version of this format."""
    product: Slug
    """The product, by id."""
    version: ReleaseVersion
    """The version, as it was written."""
    artifacts: Annotated[tuple[PublishedArtifact, ...], Field(min_length=1)]
    """Every binary of the release."""


class LiveRelease(Model):
    """What one channel offers now."""

    product: Slug
    channel: Slug
    version: ReleaseVersion
    artifacts: tuple[PublishedFile, ...]
    approved_by: tuple[str, ...] = ()
    """Persons with their duties who signed it, as the signed keys name them (R38)."""


class Hold(Model):
    """A version that a channel does not offer for a while; whoever runs it may go on (R82)."""

    product: Slug
    channel: Slug
    version: ReleaseVersion
    platforms: tuple[PlatformId, ...] = ()
    """Where; empty: on all platforms."""
    id: Digest
    """SHA-256 of its notice, by which the channel's people lift it."""
    notice: NoticeFile | None = None
    """Why, and when people hear more; None where the notice cannot be read."""

    def overdue(self, now: datetime) -> bool:
        """Whether the promised next update has not come in time."""
        return self.notice is not None and self.notice.next_update is not None and self.notice.next_update <= now


class Withdrawal(Model):
    """A version that nobody should run any more: the channel has taken it back, or brakes have withdrawn it (R81)."""

    product: Slug
    channel: Slug
    version: ReleaseVersion
    at: UtcTime | None = None
    """When, as the notice or the ledger tells; None where only the channel's metadata was read."""
    taken_back: bool = True
    """Whether the channel's own role has taken it back, so that clients may go back from it."""
    id: Digest | None = None
    """SHA-256 of the notice, by which the channel's people lift it; None where brakes do not name the version."""
    platforms: tuple[PlatformId, ...] = ()
    """Where; empty: on all platforms."""
    notice: NoticeFile | None = None
    """Why, and what whoever runs it should do; None where there is none, or none that was read."""
    backup: str | None = None
    """How users restore their backup before they go back; None where the older version can use the data."""


class PastBrake(Model):
    """A hold or a withdrawal as the ledger tells of it, in force or over."""

    kind: BrakeKind
    """What it was."""
    product: Slug
    """The product, by id."""
    channel: Slug
    """The channel, by id."""
    version: ReleaseVersion
    """The version that it stopped."""
    platforms: tuple[PlatformId, ...] = ()
    """Where; absent: on all platforms."""
    id: Digest
    """SHA-256 of its notice."""
    at: UtcTime
    """When it began."""
    taken_back: bool = False
    """Whether the channel went back to an earlier version by the same command."""
    notice: NoticeFile | None = None
    """Its reason and what it promised; absent where the notice cannot be read."""
    lifted_at: UtcTime | None = None
    """When the channel's people lifted it; absent while it is in force."""


class LiveMitigation(Model):
    """A setting that helps users of some versions until a fix is out."""

    id: Digest
    """SHA-256 of its notice."""
    product: Slug
    """The product, by id."""
    from_: Annotated[ReleaseVersion | None, Field(alias="from")] = None
    """The first version that it is about; absent: all before `before`."""
    before: ReleaseVersion | None = None
    """The first version after those that it is about; absent: all from `from` on."""
    platforms: tuple[PlatformId, ...] = ()
    """The platforms that it is about; empty: all."""
    setting: Slug
    """The setting, by id."""
    name: str
    """Its name, as the channel's people have signed it."""
    how: str
    """Where to find it, as they have signed it."""
    value: str
    """What to set it to; they have signed that it can be."""
    because: str
    """One person's words, for a quotation."""
    at: UtcTime
    """When it was decided."""
    until: UtcTime
    """When it ends."""
    fixed_in: ReleaseVersion | None = None
    """The version that needs it no more; absent where it is not known."""

    @property
    def versions(self) -> VersionRange:
        """Those that it is about."""
        return VersionRange(self.from_, self.before)

    def concerns(self, product: str, version: Version) -> bool:
        """Whether it is about a version of a product."""
        fixed = self.fixed_in is not None and version >= self.fixed_in
        return product == self.product and version in self.versions and not fixed


class MitigationList(Model):
    """The whole of data/mitigations.json of the site."""

    format: Literal["tidegate-mitigations/1"] = "tidegate-mitigations/1"
    """Name and version of this format."""
    at: UtcTime
    """The moment that it is for."""
    mitigations: tuple[LiveMitigation, ...] | None
    """What helps until a fix is out, by product; null where the site was built without reading the channel."""


class ChannelState(Model):
    """What a bucket offered when it was read; every statement in it was verified from the trusted root."""

    read_at: UtcTime
    live: tuple[LiveRelease, ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()
    """The versions that nobody should run, by product, channel and version."""
    holds: tuple[Hold, ...] = ()
    """The versions that are not offered for a while, by product and channel, the latest of a version last."""
    previous: tuple[LiveRelease, ...] = ()
    """The release before it that a channel still offers where the newest one is stopped."""
    brake_history: tuple[PastBrake, ...] = ()
    """Holds and withdrawals of the past and in force, the latest first; read for the site only."""
    mitigations: tuple[LiveMitigation, ...] = ()
    """What helps until a fix is out, by product; only what clients show (R86)."""
    minisign_public_key: str | None = None
    """The pinned key for checks by hand, as the second line of a minisign public key file."""

    def of(self, product: str, channel: str) -> LiveRelease | None:
        """The newest version that a channel of a product offers, if any; platforms may lag behind one another."""
        offered = (release for release in self.live if (release.product, release.channel) == (product, channel))
        return max(offered, key=lambda release: release.version, default=None)

    def new_installs(self, product: str, channel: str) -> Mapping[str, Version | None]:
        """Platform -> what new installs get, by platform; None where everything that the channel has is stopped."""
        line = (product, channel)
        published = [release for release in (*self.live, *self.previous) if (release.product, release.channel) == line]
        platforms = {file.platform for release in published for file in release.artifacts}
        offers = {file.platform: offer.version for offer in self._offers(published) for file in offer.artifacts}
        return {platform: offers.get(platform) for platform in sorted(platforms)}

    def offers(self) -> Iterator[LiveRelease]:
        """What new installs get: each release that is live, or the one before it, with the files that nothing stops."""
        return self._offers((*self.live, *self.previous))

    def _offers(self, published: Iterable[LiveRelease]) -> Iterator[LiveRelease]:
        brakes: tuple[Hold | Withdrawal, ...] = (*self.holds, *self.withdrawn)
        served: set[tuple[str, str, str]] = set()
        for release in published:
            line = (release.product, release.channel)
            stopped = [
                brake.platforms
                for brake in brakes
                if brake.version == release.version and (brake.product, brake.channel) == line
            ]
            files = tuple(
                file
                for file in release.artifacts
                if not any(not platforms or file.platform in platforms for platforms in stopped)
                and not (release in self.previous and (*line, file.platform) in served)
            )
            served |= {(*line, file.platform) for file in files}
            if files:
                yield release.model_copy(update={"artifacts": files})

    def withdrawals(self, product: str, version: Version) -> tuple[Withdrawal, ...]:
        """The channels of a product in which nobody should run a version, each with when."""
        return tuple(entry for entry in self.withdrawn if (entry.product, entry.version) == (product, version))

    def holds_on(self, product: str, version: Version, channel: str | None = None) -> tuple[Hold, ...]:
        """The latest hold of a version in each channel and on each set of platforms."""
        return tuple(
            hold
            for hold in self.latest_holds
            if (hold.product, hold.version) == (product, version) and channel in (None, hold.channel)
        )

    @property
    def latest_holds(self) -> tuple[Hold, ...]:
        """What counts of the holds: the latest of each version in a channel and on a set of platforms.

        A later one renews the promise of those before it, which stay in force until people lift them as well.
        """
        latest = {(hold.product, hold.channel, hold.version, hold.platforms): hold for hold in self.holds}
        return tuple(latest.values())

    def overdue(self, now: datetime) -> tuple[Hold, ...]:
        """The holds whose promised next update has passed, and that no later hold of the version has renewed."""
        return tuple(hold for hold in self.latest_holds if hold.overdue(now))
