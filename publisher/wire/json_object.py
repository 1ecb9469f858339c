"""JSON of a feed, read strictly: every complaint names the path of the field ("release.artifact.size must be ...")."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from publisher.wire import strict_json
from publisher.wire.device_names import is_device_name
from publisher.wire.errors import FeedError
from publisher.wire.plain_text import find_hidden, name_of
from publisher.wire.version import Version

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
At = tuple[Any, str]
"""A JSON value and the path to it."""

LARGEST_COUNT = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly (RFC 8259, section 6)."""


class JsonObject:
    """A JSON object and its path, so that every complaint names the field."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise FeedError(f"{path or 'the feed'} must be an object")
        self.fields = cast("dict[str, Any]", value)
        self.path = path

    def at(self, name: str) -> At:
        path = f"{self.path}.{name}" if self.path else name
        if name not in self.fields:
            raise FeedError(f"{path} is missing")
        return self.fields[name], path

    def required(self, name: str, read: Callable[[At], T]) -> T:
        return read(self.at(name))

    def optional(self, name: str, read: Callable[[At], T]) -> T | None:
        return None if self.fields.get(name) is None else read(self.at(name))

    def text(self, name: str) -> str:
        return text_at(self.at(name))

    def slug(self, name: str) -> str:
        return slug_at(self.at(name))

    def count(self, name: str) -> int:
        return count_at(self.at(name))

    def items(self, name: str) -> list[At]:
        """The items of an array, each with its path; an absent array is empty."""
        if name not in self.fields:
            return []
        value, path = self.at(name)
        if not isinstance(value, list):
            raise FeedError(f"{path} must be an array")
        return [(item, f"{path}[{index}]") for index, item in enumerate(value)]


def load(data: bytes, limit: int) -> Any:
    """The JSON in `data`, of at most `limit` bytes. Raises FeedError."""
    if len(data) > limit:
        raise FeedError(f"the feed has {len(data)} bytes; at most {limit} are read")
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


def is_plain_name(name: str) -> bool:
    """True for a name that is safe on every file system and in every URL: it names one file, here."""
    return len(name) <= 200 and _PLAIN_NAME.fullmatch(name) is not None and not is_device_name(name)


def text_at(at: At) -> str:
    value, path = at
    if not isinstance(value, str) or not value.strip():
        raise FeedError(f"{path} must be a text")
    # What nobody sees could change what a terminal shows; tabs and line ends have no place here either.
    if (place := find_hidden(value)) is not None or (place := _line_end(value)) is not None:
        raise FeedError(f"{path} must not hold {name_of(value[place])}")
    return value


def _line_end(text: str) -> int | None:
    return next((place for place, char in enumerate(text) if char in "\t\r\n"), None)


def slug_at(at: At) -> str:
    text = text_at(at)
    if len(text) > 64 or not _SLUG.fullmatch(text):
        raise FeedError(f"{at[1]} must be small letters, digits and single hyphens")
    return text


def version_at(at: At) -> Version:
    try:
        return Version.parse(text_at(at))
    except ValueError as error:
        raise FeedError(f"{at[1]} {error}") from None


def time_at(at: At) -> datetime:
    text = text_at(at)
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise FeedError(f"{at[1]} must be a time in UTC like 2026-03-01T12:00:00Z") from None


def count_at(at: At) -> int:
    value, path = at
    if not isinstance(value, int) or isinstance(value, bool):
        raise FeedError(f"{path} must be an integer")
    if not 0 <= value <= LARGEST_COUNT:
        raise FeedError(f"{path} must be from 0 to {LARGEST_COUNT}")
    return value


def digest_at(at: At) -> str:
    text = text_at(at)
    if not _DIGEST.fullmatch(text):
        raise FeedError(f"{at[1]} must be 64 small hexadecimal digits")
    return text


def https_at(at: At) -> str:
    text = text_at(at)
    if not _HTTPS.fullmatch(text):
        raise FeedError(f"{at[1]} must be an https address")
    return text


def choice_of(kind: type[Choice]) -> Callable[[At], Choice]:
    def read(at: At) -> Choice:
        try:
            return kind(text_at(at))
        except ValueError:
            raise FeedError(f"{at[1]} must be one of: {', '.join(kind)}") from None

    return read
