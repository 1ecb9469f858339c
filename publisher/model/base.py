"""What every model shares: strict, frozen, closed against unknown keys; and the few value types of the field."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic.json_schema import WithJsonSchema

from publisher.client.version import Version

__all__ = [
    "Digest",
    "Duration",
    "FilePattern",
    "HttpsUrl",
    "Markdown",
    "Model",
    "Origin",
    "PlatformId",
    "ReleaseVersion",
    "Score",
    "Sentence",
    "Slug",
    "Text",
    "UtcTime",
    "duration_text",
    "format_time",
]


class Model(BaseModel):
    """A frozen value that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?")


def _parse_time(value: Any) -> datetime:
    """RFC 3339 in UTC and nothing else, so that nobody has to guess which midnight was meant."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not (match := _TIME.fullmatch(value.strip())):
        raise ValueError("is not a time; write it like 2026-03-01T12:00:00Z")
    day, minutes, seconds, zone = match.groups()
    if minutes is None:
        raise ValueError(f"has no time of day and no zone; write {day}T00:00:00Z, or the hour that is meant")
    if zone is None:
        raise ValueError(f"has no zone; if it is UTC, write {day}T{minutes}{seconds or ':00'}Z")
    try:
        moment = datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}{zone.upper()}").astimezone(UTC)
    except ValueError as error:
        raise ValueError(f"is not a real date: {error}") from None
    if zone not in ("Z", "+00:00") or seconds is None or value[10] != "T":
        raise ValueError(f"must be written in UTC as {format_time(moment)}")
    return moment


def format_time(moment: datetime) -> str:
    """RFC 3339 with Z, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


UtcTime = Annotated[
    datetime,
    BeforeValidator(_parse_time),
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$", "format": "date-time"}),
]
"""A moment in UTC, written as RFC 3339 with Z."""


_DURATION = re.compile(r"(\d{1,4}) ?(d|h|min)")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}


def _parse_duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not (match := _DURATION.fullmatch(value)):
        raise ValueError('is not a length of time; write it like "7 d", "72 h" or "90 min"')
    return int(match[1]) * _UNITS[match[2]]


def duration_text(length: timedelta) -> str:
    """The length in its largest whole unit: 7 d, 72 h stays 3 d, 90 min."""
    minutes = int(length.total_seconds()) // 60
    for name, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size} {name}"
    return f"{minutes} min"


Duration = Annotated[
    timedelta,
    BeforeValidator(_parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,4} ?(d|h|min)$", "examples": ["7 d", "72 h"]}),
]
"""A length of time: "7 d", "72 h", "90 min"."""


def _no_control_characters(text: str) -> str:
    if any(ord(char) < 32 and char != "\n" for char in text) or "\x7f" in text:
        raise ValueError("holds an invisible control character; retype the text")
    return text


def _one_line(text: str) -> str:
    if "\n" in text.strip():
        raise ValueError("must be a single line")
    return text.strip()


def _thirty_words(text: str) -> str:
    if (count := len(text.split())) > 30:
        raise ValueError(f"has {count} words; say it in 30 or fewer, or the release is too complex for its window")
    return text


Text = Annotated[
    str,
    AfterValidator(_no_control_characters),
    AfterValidator(_one_line),
    StringConstraints(min_length=1, max_length=500),
]
"""One line of plain text; nothing in it is markup."""

Sentence = Annotated[Text, AfterValidator(_thirty_words)]
"""One sentence of at most 30 words that explains a release to anybody (R99)."""

Markdown = Annotated[str, AfterValidator(_no_control_characters), StringConstraints(min_length=1, max_length=20_000)]
"""Paragraphs in the Markdown subset: emphasis, code, lists and https links; no HTML, no images."""


def _worded_pattern(pattern: str, words: str, max_length: int = 500) -> Any:
    """Metadata for a str that must match, with a message that people understand instead of the pattern."""
    compiled = re.compile(pattern)

    def check(text: Any) -> str:
        if not isinstance(text, str) or len(text) > max_length or not compiled.fullmatch(text):
            raise ValueError(words)
        return text

    schema = {"type": "string", "pattern": f"^({pattern})$", "maxLength": max_length}
    return BeforeValidator(check), WithJsonSchema(schema)


_SLUG_CHECK, _SLUG_SCHEMA = _worded_pattern(
    r"[a-z0-9]+(-[a-z0-9]+)*", "must be small letters, digits and single hyphens, like btfs-node", 64
)
Slug = Annotated[str, _SLUG_CHECK, _SLUG_SCHEMA]
"""An id: small letters, digits and single hyphens. Ids are never reused."""

PlatformId = Slug
"""A platform, written system-architecture: linux-amd64, macos-arm64, windows-amd64, any."""

_DIGEST_CHECK, _DIGEST_SCHEMA = _worded_pattern(
    r"[0-9a-f]{64}", "must be a SHA-256 digest, 64 small hexadecimal digits"
)
Digest = Annotated[str, _DIGEST_CHECK, _DIGEST_SCHEMA]
"""A SHA-256 digest as 64 small hexadecimal digits."""

_HTTPS_CHECK, _HTTPS_SCHEMA = _worded_pattern(
    r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[^\s\"<>\\]*)?",
    "must be an https address with a plain host name, like https://example.org/page",
)
HttpsUrl = Annotated[str, _HTTPS_CHECK, _HTTPS_SCHEMA]
"""An https URL with a plain host name: no user name, no look-alike letters."""

_FILE_CHECK, _FILE_SCHEMA = _worded_pattern(
    r"[A-Za-z0-9_][A-Za-z0-9_.+*?~\[\]!-]*",
    "must be a plain file name or pattern without folders or spaces, like btfs-*-linux-amd64.tar.gz",
    200,
)
FilePattern = Annotated[str, _FILE_CHECK, _FILE_SCHEMA]
"""A file name or shell pattern, without folders."""

_ORIGIN_CHECK, _ORIGIN_SCHEMA = _worded_pattern(
    r"(https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?|http://(127\.0\.0\.1|localhost))(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?",
    "must be an https address without user name or query, like https://dl.example.org",
)
Origin = Annotated[str, _ORIGIN_CHECK, _ORIGIN_SCHEMA]
"""An https address without user name or query; plain http only for loopback, in a demo configuration."""


def _parse_version(value: Any) -> Version:
    if isinstance(value, Version):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a version in quotes")
    return Version.parse(value)


ReleaseVersion = Annotated[
    Version,
    BeforeValidator(_parse_version),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["4.1.0", "4.1.0-rc.1"]}),
]
"""A version of a product, always in quotes: "4.1.0"."""

Score = Annotated[int, Field(ge=1, le=5)]
"""A score from 1 to 5."""
