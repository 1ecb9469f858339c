"""`publish verify --until EVENT`: will everything be there that the event requires, when it requires it? (R55)

What is looked at is the bucket as it is now; what is asked is about the moment of each requirement. An estimate that
nobody renews counts by its earliest end. Roles that a timer signs count as refreshed until then, and those of people do
not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from publisher.channel.findings import AuditSource
from publisher.channel.layout import MINISIGN_TARGET, artifact_target, channel_role, release_key, target_key
from publisher.channel.metadata_history import read_history
from publisher.channel.repository import (
    Repository,
    follow_roots,
    read_repository,
    silent_channels,
    withdrawn_by,
)
from publisher.channel.roles import ONLINE_ROLES, is_due, lifetime_of, renewed_after
from publisher.channel.signed_checksums import vouched_release
from publisher.channel.state import feeds, read_target
from publisher.errors import InputError, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.rules import english
from publisher.rules.requirements.required import EventRequirement, requirements_of
from publisher.text.suggest import did_you_mean
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.version import Version


@dataclass(frozen=True)
class Gap:
    """Something that will not be there, or will not count, when it is required."""

    what: str
    """As a clause."""
    fix: str


@dataclass(frozen=True)
class RequirementCheck:
    """One requirement, and what was found of it."""

    product: str
    channel: str
    at_least: Version
    by: datetime
    """When it must be running: the earliest moment, with an estimate aged until then."""
    platforms: Mapping[str, Version]
    """Platform -> a version that is published for it and meets the requirement."""
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class EventCheck:
    """What an event requires; nothing for one that requires no version."""

    event: Event
    requirements: tuple[RequirementCheck, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(gap for requirement in self.requirements for gap in requirement.gaps))


def check_until(event: Event, source: AuditSource, trusted_root: bytes, catalog: Catalog, now: datetime) -> EventCheck:
    """Look at what is published, as far as the event requires it; objects are verified by the audit.

    Raises VerificationError when what is live does not verify.
    """
    demands = [
        requirement
        for product, channel in dict.fromkeys((each.product, each.channel) for each in event.requires)
        for requirement in requirements_of(catalog, product, channel)
        if requirement.event.id == event.id
    ]
    live = read_repository(source.read, trusted_root) if demands else None
    look = _Look(source, trusted_root, catalog, live, now)
    return EventCheck(event, tuple(look.requirement(demand) for demand in demands))


@dataclass(frozen=True)
class _Look:
    source: AuditSource
    trusted_root: bytes
    catalog: Catalog
    live: Repository | None
    now: datetime

    def requirement(self, requirement: EventRequirement) -> RequirementCheck:
        required = requirement.required
        by = requirement.due(self.catalog.policy_at(self.now))
        role = channel_role(required.product, required.channel)
        platforms: dict[str, Version] = {}
        gaps: list[Gap] = []
        if self.live is None or role not in self.live.roles:
            gaps.append(Gap(f"nothing is published in {role}", self._what_to_publish(requirement, by)))
        else:
            offered = feeds(self.source.read, self.live, required.product, required.channel)
            withdrawn = withdrawn_by(self.live.roles[role].signed)
            for platform, feed in offered.items():
                version = self._published(requirement, platform, feed, withdrawn)
                if version is not None:
                    platforms[platform] = version
                else:
                    gaps.append(self._gap(requirement, platform, feed, withdrawn, by))
            gaps += self._expiring(self.live, role, max(by, self.now))
        return RequirementCheck(required.product, required.channel, required.at_least, by, platforms, tuple(gaps))

    def _published(
        self, requirement: EventRequirement, platform: str, feed: ParsedFeed, withdrawn: tuple[Version, ...]
    ) -> Version | None:
        """The version that the feed offers, or one that the channel shipped before, if it meets the requirement."""

        def counts(version: Version) -> bool:
            return requirement.is_met_by(version) and version not in withdrawn

        if feed.release is not None and counts(feed.release.version):
            return feed.release.version
        required = requirement.required
        for release in self.catalog.releases_of(required.product):
            version = release.version
            if counts(version) and self._was_shipped(required.product, required.channel, version, platform):
                return version
        return None

    def _was_shipped(self, product: str, channel: str, version: Version, platform: str) -> bool:
        """Whether the channel's people have signed a file of it for the platform, and it is there for people."""
        assert self.live is not None
        pinned = self.live.targets.signed.targets.get(MINISIGN_TARGET)
        if pinned is None:
            return False
        try:
            public = read_target(self.source.read, MINISIGN_TARGET, pinned.length, pinned.hashes["sha256"])
            vouched = vouched_release(
                product, str(version), lambda name: self.source.read(release_key(product, str(version), name)), public
            )
        except VerificationError:
            return False
        for file in vouched.files:
            if file.platform != platform:
                continue
            key = release_key(product, str(version), file.file)
            digests = self.source.digest(key, file.size)
            target = target_key(artifact_target(product, channel, str(version), file.file), file.sha256)
            signed = target in self._ever_shipped
            return signed and digests is not None and (digests.size, digests.sha256) == (file.size, file.sha256)
        return False

    @cached_property
    def _ever_shipped(self) -> frozenset[str]:
        """Targets that channels have ever listed; none where the place cannot be listed, such as the web."""
        assert self.live is not None
        roots = tuple(follow_roots(self.source.read, self.trusted_root))
        keys = self.source.keys()
        return read_history(self.source.read, self.live, keys, roots).keys if keys is not None else frozenset()

    def _gap(
        self,
        requirement: EventRequirement,
        platform: str,
        feed: ParsedFeed,
        withdrawn: tuple[Version, ...],
        by: datetime,
    ) -> Gap:
        required = requirement.required
        line = f"{required.product} {required.channel} for {platform}"
        version = feed.release.version if feed.release is not None else None
        taken_back = [each for each in withdrawn if requirement.is_met_by(each)]
        if version is not None and version >= required.at_least and version.prerelease:
            what = f"{line} offers {version}, a pre-release, which does not count for {required.at_least}"
        elif taken_back:
            names = english.listed([str(each) for each in taken_back])
            offers = f"{line} offers {version or 'nothing'}, since {names} was taken back"
            what = f"{offers}; {required.at_least} is required"
        else:
            what = f"{line} offers {version or 'nothing'}, and {required.at_least} is required"
        return Gap(what, self._what_to_publish(requirement, by))

    def _what_to_publish(self, requirement: EventRequirement, by: datetime) -> str:
        required = requirement.required
        policy, product = self.catalog.policy_at(self.now), self.catalog.products[required.product]
        safe = requirement.last_safe_ship(policy, product)
        if by <= self.now:
            until = f"at once: it was required by {english.moment(by)}"
        elif safe <= self.now:
            until = f"at once: the last safe date, {english.day(safe)}, is past"
        else:
            until = f"by {english.moment(safe)}"
        return f"publish {required.product} {required.at_least} or later, no pre-release, to {required.channel} {until}"

    def _expiring(self, live: Repository, role: str, at: datetime) -> Iterator[Gap]:
        """Roles of people for which clients of the channel will offer nothing then."""
        signers = self.catalog.signers
        for name, (signed, _) in live.signed.items():
            if name in ONLINE_ROLES or signed.expires > at or role not in silent_channels(live, name):
                continue
            what = f"{name} expires on {english.moment(signed.expires)}, and clients of {role} then offer nothing"
            if is_due(signers, name, signed, self.now):
                yield Gap(what, f"run `publish refresh`, and have {name} signed with `publish approve {name}`")
                continue
            lifetime = lifetime_of(signers, name, signed)
            due = signed.expires - (lifetime - renewed_after(name, lifetime))
            yield Gap(
                what,
                f"have its renewal signed before: `publish refresh` stages it from {english.day(due)} on",
            )


def find_event(catalog: Catalog, name: str) -> Event:
    """The event with this id. Raises InputError with the nearest one."""
    event = catalog.event(name)
    if event is None:
        raise InputError(f"there is no event {name}", fix=did_you_mean(name, [event.id for event in catalog.events]))
    return event
