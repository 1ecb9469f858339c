"""The update feed: one small JSON a product, channel and platform, parsed once into frozen values.

The parser is strict about what it knows and indifferent to what it does not: within one format number, keys
may be added without breaking old clients. It fails closed: a feed that contradicts itself is refused as a
whole. Errors carry the path of the field ("release.artifact.size must be an integer").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from publisher.wire import strict_json
from publisher.wire.device_names import is_device_name
from publisher.wire.errors import FeedError
from publisher.wire.plain_text import find_hidden, name_of
from publisher.wire.version import Version

__all__ = [
    "FORMAT",
    "MAX_ARTIFACT_BYTES",
    "MAX_BYTES",
    "Action",
    "Artifact",
    "DeprecationNotice",
    "OfferedRelease",
    "ParsedFeed",
    "Restart",
    "State",
    "parse_feed",
]

FORMAT = "tidegate-feed/1"
"""The only format that this client understands."""

MAX_BYTES = 64 * 1024
"""The largest feed that is read, in bytes."""

MAX_ARTIFACT_BYTES = 4 * 1024**3
"""The largest file of a release that is fetched, in bytes."""


class Action(StrEnum):
    """What the publisher asks of the person who runs the program."""

    OPTIONAL = "optional"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


class Restart(StrEnum):
    """What must be restarted after the update."""

    NONE = "none"
    APPLICATION = "application"
    SERVICE = "service"
    SYSTEM = "system"


class State(StrEnum):
    """The stage of a deprecation."""

    ANNOUNCED = "announced"
    MARKED = "marked"
    WARNED = "warned"
    REMOVED = "removed"


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
    """Further https addresses of the same bytes; the client itself fetches the target."""


@dataclass(frozen=True)
class OfferedRelease:
    """The release that is published now."""

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
    min_secure: Version | None = None
    """The security floor: whoever runs less must update."""
    deprecations: tuple[DeprecationNotice, ...] = ()


def parse_feed(data: bytes) -> ParsedFeed:
    """The feed in `data`. Raises FeedError with the path of the field that is wrong."""
    root = _JsonObject(_load(data), "")
    if (written := root.text("format")) != FORMAT:
        raise FeedError(
            f"this client is too old for the feed; the feed has format {written!a}, the client knows {FORMAT}",
            fix="get the newest client from the product's download page",
        )
    product, channel = root.slug("product"), root.slug("channel")
    feed = ParsedFeed(
        product=product,
        channel=channel,
        platform=root.slug("platform"),
        release=root.optional("release", lambda at: _release(_JsonObject(*at), f"artifacts/{product}/{channel}/")),
        min_secure=root.optional("min_secure", _version),
        deprecations=tuple(_deprecation(_JsonObject(*at)) for at in root.items("deprecations")),
    )
    if "release" not in root.fields:
        raise FeedError("release is missing; it must be an object, or null when nothing is published")
    if feed.release and feed.min_secure and feed.release.version < feed.min_secure:
        raise FeedError(
            f"release.version {feed.release.version} is less than min_secure {feed.min_secure}: "
            "the feed contradicts itself"
        )
    return feed


def _release(release: _JsonObject, prefix: str) -> OfferedRelease:
    return OfferedRelease(
        version=release.required("version", _version),
        sentence=release.text("sentence"),
        action=release.required("action", _choice(Action)),
        restart=release.required("restart", _choice(Restart)),
        artifact=_artifact(_JsonObject(*release.at("artifact")), prefix),
        symptoms=tuple(_text(at) for at in release.items("symptoms")),
        required_by=release.optional("required_by", _time),
        old_peers_ok_until=release.optional("old_peers_ok_until", _time),
        notes_url=release.optional("notes_url", _https),
    )


def _artifact(artifact: _JsonObject, prefix: str) -> Artifact:
    file, target = artifact.text("file"), artifact.text("target")
    if not _is_plain_name(file):
        raise FeedError(f"{artifact.path}.file {file!a} is not a plain file name")
    if not target.startswith(prefix):
        raise FeedError(f"{artifact.path}.target {target!a} must lie under {prefix}")
    if not all(_is_plain_name(part) for part in target.split("/")) or target.rpartition("/")[2] != file:
        raise FeedError(f"{artifact.path}.target {target!a} must be a plain path that ends in {file}")
    return Artifact(
        file=file,
        size=artifact.required("size", _size),
        sha256=artifact.required("sha256", _digest),
        target=target,
        urls=tuple(_https(at) for at in artifact.items("urls")),
    )


def _deprecation(deprecation: _JsonObject) -> DeprecationNotice:
    return DeprecationNotice(
        id=deprecation.slug("id"),
        subject=deprecation.text("subject"),
        state=deprecation.required("state", _choice(State)),
        remove_in=deprecation.optional("remove_in", _version),
        replacement=deprecation.optional("replacement", _text),
    )


# JSON, read strictly.

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
_At = tuple[Any, str]
"""A JSON value and the path to it."""


class _JsonObject:
    """A JSON object and its path, so that every complaint names the field."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise FeedError(f"{path or 'the feed'} must be an object")
        self.fields = cast("dict[str, Any]", value)
        self.path = path

    def at(self, name: str) -> _At:
        path = f"{self.path}.{name}" if self.path else name
        if name not in self.fields:
            raise FeedError(f"{path} is missing")
        return self.fields[name], path

    def required(self, name: str, read: Callable[[_At], T]) -> T:
        return read(self.at(name))

    def optional(self, name: str, read: Callable[[_At], T]) -> T | None:
        return None if self.fields.get(name) is None else read(self.at(name))

    def text(self, name: str) -> str:
        return _text(self.at(name))

    def slug(self, name: str) -> str:
        return _slug(self.at(name))

    def items(self, name: str) -> list[_At]:
        """The items of an array, each with its path; an absent array is empty."""
        if name not in self.fields:
            return []
        value, path = self.at(name)
        if not isinstance(value, list):
            raise FeedError(f"{path} must be an array")
        return [(item, f"{path}[{index}]") for index, item in enumerate(value)]


def _load(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise FeedError(f"the feed has {len(data)} bytes; at most {MAX_BYTES} are read")
    try:
        return strict_json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise FeedError(f"the feed is not JSON: {error}") from None


_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9 ._~()@,=+-]*[A-Za-z0-9_~()@=+-])?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Plain http is for rehearsals on the same machine; nobody else can be in between there.
_HTTPS = re.compile(
    r"(?:https://[A-Za-z0-9][A-Za-z0-9.:-]*|http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?)(?:/[!-~]*)?"
)


def _is_plain_name(name: str) -> bool:
    """True for a name that is safe on every file system and in every URL: it names one file, here."""
    return len(name) <= 200 and _PLAIN_NAME.fullmatch(name) is not None and not is_device_name(name)


def _text(at: _At) -> str:
    value, path = at
    if not isinstance(value, str) or not value.strip():
        raise FeedError(f"{path} must be a text")
    # What nobody sees could change what a terminal shows; tabs and line ends have no place here either.
    if (place := find_hidden(value)) is not None or (place := _line_end(value)) is not None:
        raise FeedError(f"{path} must not hold {name_of(value[place])}")
    return value


def _line_end(text: str) -> int | None:
    return next((place for place, char in enumerate(text) if char in "\t\r\n"), None)


def _slug(at: _At) -> str:
    text = _text(at)
    if len(text) > 64 or not _SLUG.fullmatch(text):
        raise FeedError(f"{at[1]} must be small letters, digits and single hyphens")
    return text


def _version(at: _At) -> Version:
    try:
        return Version.parse(_text(at))
    except ValueError as error:
        raise FeedError(f"{at[1]} {error}") from None


def _time(at: _At) -> datetime:
    text = _text(at)
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise FeedError(f"{at[1]} must be a time in UTC like 2026-03-01T12:00:00Z") from None


def _size(at: _At) -> int:
    value, path = at
    if not isinstance(value, int) or isinstance(value, bool):
        raise FeedError(f"{path} must be an integer")
    if not 1 <= value <= MAX_ARTIFACT_BYTES:
        raise FeedError(f"{path} must be from 1 to {MAX_ARTIFACT_BYTES}")
    return value


def _digest(at: _At) -> str:
    text = _text(at)
    if not _DIGEST.fullmatch(text):
        raise FeedError(f"{at[1]} must be 64 small hexadecimal digits")
    return text


def _https(at: _At) -> str:
    text = _text(at)
    if not _HTTPS.fullmatch(text):
        raise FeedError(f"{at[1]} must be an https address")
    return text


def _choice(kind: type[Choice]) -> Callable[[_At], Choice]:
    def read(at: _At) -> Choice:
        try:
            return kind(_text(at))
        except ValueError:
            raise FeedError(f"{at[1]} must be one of: {', '.join(kind)}") from None

    return read
