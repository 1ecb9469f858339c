"""What a verified repository offers: its feeds, read back and checked, and the state that the site shows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from tuf.api.metadata import TargetFile

from publisher.channel.candidates.candidate import signed_by
from publisher.channel.layout import MINISIGN_TARGET, channel_role, feed_target, target_key
from publisher.channel.mitigations import live_mitigations
from publisher.channel.repository import Read, Repository
from publisher.channel.stopped import holds, withdrawals
from publisher.errors import VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, LiveRelease
from publisher.wire.advice.settings import SignedSetting
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import OfferedRelease, ParsedFeed, parse_feed


def read_target(read: Read, path: str, length: int, sha256: str) -> bytes:
    """The bytes of a small target. Raises VerificationError when they are missing or differ from the metadata."""
    data = read(target_key(path, sha256))
    if data is None:
        raise VerificationError(f"{path} is listed, but its object is missing")
    if len(data) != length or hashlib.sha256(data).hexdigest() != sha256:
        raise VerificationError(f"{path} is not the file that the metadata lists")
    return data


def read_feed(read: Read, path: str, target: TargetFile) -> ParsedFeed:
    """One listed feed, parsed by the client's own parser. Raises VerificationError."""
    sha256 = target.hashes.get("sha256")
    if sha256 is None:
        raise VerificationError(f"{path} is listed without a SHA-256 digest")
    try:
        feed = parse_feed(read_target(read, path, target.length, sha256))
    except ClientError as error:
        raise VerificationError(f"{path} is not a feed: {error.what}") from error
    if feed_target(feed.product, feed.channel, feed.platform) != path:
        raise VerificationError(f"{path} is the feed of {feed.product}, {feed.channel}, {feed.platform}")
    return feed


def feeds(read: Read, repository: Repository, product: str, channel: str) -> Mapping[str, ParsedFeed]:
    """Platform -> feed of one channel, parsed by the client's own parser; empty when nothing is published."""
    metadata = repository.roles.get(channel_role(product, channel))
    by_platform: dict[str, ParsedFeed] = {}
    prefix = feed_target(product, channel, "")[: -len(".json")]
    for path, target in sorted(metadata.signed.targets.items()) if metadata else ():
        if not path.startswith(prefix):
            continue
        feed = read_feed(read, path, target)
        by_platform[feed.platform] = feed
    return by_platform


def read_state(read: Read, repository: Repository, now: datetime) -> ChannelState:
    """Everything that the bucket offers, one entry a channel and version, and what is stopped there."""
    live: list[LiveRelease] = []
    settings: dict[str, list[tuple[str, SignedSetting]]] = defaultdict(list)
    previous: list[LiveRelease] = []
    for role in sorted(set(repository.roles) - set(SHARED_ROLES)):
        product, _, channel = role.partition(".")
        offered = feeds(read, repository, product, channel)
        live += _releases(repository, role, {platform: feed.release for platform, feed in offered.items()})
        settings[product].extend((platform, setting) for platform, feed in offered.items() for setting in feed.settings)
        previous += _releases(repository, role, {platform: feed.previous for platform, feed in offered.items()})
    return ChannelState(
        read_at=now,
        live=tuple(live),
        previous=tuple(previous),
        withdrawn=withdrawals(repository, read=read),
        holds=holds(repository, read),
        mitigations=live_mitigations(read, repository, settings, now),
        minisign_public_key=minisign_public_key(read, repository),
    )


def _releases(
    repository: Repository, role: str, by_platform: Mapping[str, OfferedRelease | None]
) -> Iterator[LiveRelease]:
    """What the feeds of a channel name, platform by platform, as one entry a version."""
    product, _, channel = role.partition(".")
    by_version: dict[str, list[PublishedFile]] = {}
    for platform, release in by_platform.items():
        if release is not None:
            artifact = release.artifact
            by_version.setdefault(str(release.version), []).append(
                PublishedFile(file=artifact.file, platform=platform, size=artifact.size, sha256=artifact.sha256)
            )
    approved_by = tuple(signed_by(repository, role))
    for version, artifacts in sorted(by_version.items()):
        yield LiveRelease.model_validate(
            {
                "product": product,
                "channel": channel,
                "version": version,
                "artifacts": tuple(artifacts),
                "approved_by": approved_by,
            }
        )


def minisign_public_key(read: Read, repository: Repository) -> str | None:
    """The pinned key line, if `targets` pins one."""
    target = repository.targets.signed.targets.get(MINISIGN_TARGET)
    if target is None:
        return None
    data = read_target(read, MINISIGN_TARGET, target.length, target.hashes["sha256"])
    lines = data.decode("ascii", "replace").splitlines()
    return lines[1] if len(lines) > 1 else None
