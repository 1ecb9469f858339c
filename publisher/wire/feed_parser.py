"""The update feed: one small JSON a product, channel and platform, parsed once into frozen values.

The parser is strict about what it knows and indifferent to what it does not: within one format number, keys
may be added without breaking old clients. It fails closed: a feed that contradicts itself is refused as a
whole. Errors carry the path of the field ("release.artifact.size must be an integer").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.wire.advice.settings import MOST as MOST_SETTINGS
from publisher.wire.advice.settings import SignedSetting, parse_setting
from publisher.wire.errors import FeedError
from publisher.wire.feed_words import Action, Restart, State
from publisher.wire.json_object import (
    At,
    JsonObject,
    choice_of,
    count_at,
    digest_at,
    https_at,
    is_plain_name,
    load,
    text_at,
    time_at,
    version_at,
)
from publisher.wire.requirement import MOST as MOST_REQUIREMENTS
from publisher.wire.requirement import Requirement, parse_requirement
from publisher.wire.version import Version

__all__ = [
    "FORMAT",
    "MAX_ARTIFACT_BYTES",
    "MAX_BYTES",
    "Artifact",
    "DeprecationNotice",
    "OfferedRelease",
    "ParsedFeed",
    "parse_feed",
]

FORMAT = "tidegate-feed/1"
"""The only format that this client understands."""

MAX_BYTES = 64 * 1024
"""The largest feed that is read, in bytes."""

MAX_ARTIFACT_BYTES = 4 * 1024**3
"""The largest file of a release that is fetched, in bytes."""


@dataclass(frozen=True)
class Artifact:
    """The one file of a release for this platform."""

    file: str
    """Its plain file name: what it is called after the download."""
    size: int
    """Its size in bytes, at most `MAX_ARTIFACT_BYTES`."""
    sha256: str
    """Its SHA-256 digest, 64 small hexadecimal digits."""
    target: str
    """Its TUF target path, under artifacts/<product>/<channel>/."""
    urls: tuple[str, ...]
    """Https addresses of the same bytes; they stand in where that of the target fails."""


@dataclass(frozen=True)
class OfferedRelease:
    """A published release: the newest one, or the one before it."""

    version: Version
    sentence: str
    """What it brings, in one sentence for anybody."""
    action: Action
    restart: Restart
    artifact: Artifact
    symptoms: tuple[str, ...] = ()
    """What people may see while the update rolls out."""
    required_by: datetime | None = None
    """Until when to update, UTC."""
    old_peers_ok_until: datetime | None = None
    """Until when older versions can still talk to this one, UTC."""
    notes_url: str | None = None
    """The release notes, https."""


@dataclass(frozen=True)
class DeprecationNotice:
    """Something that goes away."""

    id: str
    subject: str
    state: State
    remove_in: Version | None = None
    replacement: str | None = None


@dataclass(frozen=True)
class ParsedFeed:
    """What one product publishes on one channel for one platform."""

    product: str
    channel: str
    platform: str
    release: OfferedRelease | None
    """None until something has been published, or when everything was withdrawn."""
    previous: OfferedRelease | None = None
    """The release before it: for new installations and older versions while `release` is held or withdrawn."""
    min_secure: Version | None = None
    """The security floor: whoever runs less must update."""
    deprecations: tuple[DeprecationNotice, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    """Versions that events require on this channel, by when; also before such a version is out."""
    settings: tuple[SignedSetting, ...] = ()
    """What a mitigation may name."""


def parse_feed(data: bytes) -> ParsedFeed:
    """The feed in `data`. Raises FeedError with the path of the field that is wrong."""
    root = JsonObject(load(data, MAX_BYTES), "")
    if (written := root.text("format")) != FORMAT:
        raise FeedError(
            f"this client is too old for the feed; the feed has format {written!a}, the client knows {FORMAT}",
            fix="get the newest client from the product's download page",
        )
    product, channel = root.slug("product"), root.slug("channel")
    prefix = f"artifacts/{product}/{channel}/"
    feed = ParsedFeed(
        product=product,
        channel=channel,
        platform=root.slug("platform"),
        release=root.optional("release", lambda at: _release(JsonObject(*at), prefix)),
        previous=root.optional("previous", lambda at: _release(JsonObject(*at), prefix)),
        min_secure=root.optional("min_secure", version_at),
        deprecations=tuple(_deprecation(JsonObject(*at)) for at in root.items("deprecations")),
        requirements=tuple(parse_requirement(at) for at in root.items("requirements")),
        settings=tuple(parse_setting(at) for at in root.items("settings")),
    )
    if len(feed.requirements) > MOST_REQUIREMENTS:
        raise FeedError(f"requirements has {len(feed.requirements)} items; at most {MOST_REQUIREMENTS} are read")
    if len(feed.settings) > MOST_SETTINGS:
        raise FeedError(f"settings has {len(feed.settings)} items; at most {MOST_SETTINGS} are read")
    if "release" not in root.fields:
        raise FeedError("release is missing; it must be an object, or null when nothing is published")
    _refuse_contradictions(feed)
    return feed


def _refuse_contradictions(feed: ParsedFeed) -> None:
    for name, release in (("release", feed.release), ("previous", feed.previous)):
        if release and feed.min_secure and release.version < feed.min_secure:
            raise FeedError(
                f"{name}.version {release.version} is less than min_secure {feed.min_secure}: "
                "the feed contradicts itself"
            )
    if feed.previous and (feed.release is None or feed.previous.version >= feed.release.version):
        offered = f"release.version {feed.release.version}" if feed.release else "a release, and there is none"
        raise FeedError(
            f"previous.version {feed.previous.version} must come before {offered}: the feed contradicts itself"
        )


def _release(release: JsonObject, prefix: str) -> OfferedRelease:
    return OfferedRelease(
        version=release.required("version", version_at),
        sentence=release.text("sentence"),
        action=release.required("action", choice_of(Action)),
        restart=release.required("restart", choice_of(Restart)),
        artifact=_artifact(JsonObject(*release.at("artifact")), prefix),
        symptoms=tuple(text_at(at) for at in release.items("symptoms")),
        required_by=release.optional("required_by", time_at),
        old_peers_ok_until=release.optional("old_peers_ok_until", time_at),
        notes_url=release.optional("notes_url", https_at),
    )


def _artifact(artifact: JsonObject, prefix: str) -> Artifact:
    file, target = artifact.text("file"), artifact.text("target")
    if not is_plain_name(file):
        raise FeedError(f"{artifact.path}.file {file!a} is not a plain file name")
    if not target.startswith(prefix):
        raise FeedError(f"{artifact.path}.target {target!a} must lie under {prefix}")
    if not all(is_plain_name(part) for part in target.split("/")) or target.rpartition("/")[2] != file:
        raise FeedError(f"{artifact.path}.target {target!a} must be a plain path that ends in {file}")
    return Artifact(
        file=file,
        size=artifact.required("size", _size),
        sha256=artifact.required("sha256", digest_at),
        target=target,
        urls=tuple(https_at(at) for at in artifact.items("urls")),
    )


def _deprecation(deprecation: JsonObject) -> DeprecationNotice:
    return DeprecationNotice(
        id=deprecation.slug("id"),
        subject=deprecation.text("subject"),
        state=deprecation.required("state", choice_of(State)),
        remove_in=deprecation.optional("remove_in", version_at),
        replacement=deprecation.optional("replacement", text_at),
    )


def _size(at: At) -> int:
    size = count_at(at)
    if not 1 <= size <= MAX_ARTIFACT_BYTES:
        raise FeedError(f"{at[1]} must be from 1 to {MAX_ARTIFACT_BYTES}")
    return size
