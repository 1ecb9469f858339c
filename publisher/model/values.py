"""What every model shares: strict, frozen, closed against unknown keys; and the few value types of the field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.json_schema import WithJsonSchema

from publisher.model.file_names import LARGEST_NUMBER, refuse_device_name
from publisher.wire.plain_text import find_hidden, name_of
from publisher.wire.version import MAX_LENGTH, Version


class Model(BaseModel):
    """A frozen value that refuses what it does not know.

    The docstring under each field is its description in the JSON Schemas; `publisher.content.schemas` reads it there,
    since reading it here would double the time that every command needs to start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    def digest(self) -> str:
        """SHA-256 of its canonical JSON, in hexadecimal; decisions and approvals name what they rest on by it (R98)."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()


_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?\s*([Zz]|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
YEARS = range(2000, 2200)
"""Years that a plan or a history of releases can mean; a date outside them is a slip of the finger."""


def _parse_time(value: Any) -> datetime:
    """RFC 3339 in UTC and nothing else, so that nobody has to guess which midnight was meant."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not (match := _TIME.fullmatch(value.strip())):
        raise ValueError(f"is not a time: {_quoted(value)}; write it like 2026-03-01T12:00:00Z")
    day, minutes, seconds, zone = match.groups()
    try:
        datetime.fromisoformat(f"{day}T{minutes or '00:00'}{seconds or ''}")
    except ValueError:
        raise ValueError(f"is not a day and hour that exist: {_quoted(value)}") from None
    if minutes is None:
        raise ValueError(f"has no time of day and no zone; write {day}T00:00:00Z, or the right time")
    if zone is None:
        raise ValueError(f"has no zone; if it is UTC, write {day}T{minutes}{seconds or ':00'}Z")
    try:
        moment = datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}{zone.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is not a day and hour that exist: {_quoted(value)}") from None
    if moment.year not in YEARS:
        raise ValueError(f"is in the year {moment.year}; choose one from {YEARS[0]} to {YEARS[-1]}")
    if value != format_time(moment):
        raise ValueError(f"must be written in UTC and to the second: {format_time(moment)}")
    return moment


def _quoted(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def format_time(moment: datetime) -> str:
    """RFC 3339 with Z, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


UtcTime = Annotated[
    datetime,
    BeforeValidator(_parse_time),
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            "format": "date-time",
            "examples": ["2026-03-01T12:00:00Z"],
        }
    ),
]
"""A moment in UTC, written as RFC 3339 with Z."""


_DURATION = re.compile(r"([0-9]{1,4}) ?(d|h|min)")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}


def _parse_duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not (match := _DURATION.fullmatch(value)):
        raise ValueError(f"is not a length of time: {_quoted(value)}; {_meant_length(str(value))}")
    return int(match[1]) * _UNITS[match[2]]


_PARTS = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?) ?(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m)")
_MINUTES = {"w": 7 * 1440, "d": 1440, "h": 60, "m": 1}


def _meant_length(text: str) -> str:
    """How to write the length that was probably meant: 2 weeks, 1h 30min, 1.5 hours, or a number without a unit."""
    if re.fullmatch("[1-9][0-9]{0,3}", text):
        return f"write {text} d, {text} h or {text} min"
    parts = _PARTS.findall(text)
    minutes = sum(float(number) * _MINUTES[unit[0]] for number, unit in parts)
    left = _PARTS.sub("", text).replace("and", "").strip(" ,")
    if parts and not left and minutes == int(minutes) and 0 < minutes < 9999 * 1440:
        return f"write {duration_text(timedelta(minutes=minutes))}"
    return "write it like 7 d, 72 h or 90 min"


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
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,4} ?(d|h|min)$", "examples": ["7 d", "72 h"]}),
]
"""A length of time: "7 d", "72 h", "90 min"."""


def _nothing_hidden(text: str) -> str:
    """Refuse what makes a text look like another one, and tabs."""
    at = find_hidden(text)
    if at is None and (match := re.search(r"[\t\r]", text)):
        at = match.start()
    if at is not None:
        raise ValueError(f"contains {name_of(text[at])}; retype the text")
    return text


def _one_line(text: str) -> str:
    if "\n" in text.strip():
        raise ValueError("must be a single line")
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _thirty_words(text: str) -> str:
    if (count := len(text.split())) > 30:
        raise ValueError(f"has {count} words; use 30 or fewer; a release that needs more is too complex for its window")
    return text


Text = Annotated[
    str,
    AfterValidator(_nothing_hidden),
    AfterValidator(_one_line),
    StringConstraints(min_length=1, max_length=500),
]
"""One line of plain text; nothing in it is markup."""

Sentence = Annotated[
    Text,
    AfterValidator(_thirty_words),
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": 500, "pattern": r"^\s*(\S+\s+){0,29}\S+\s*$"},
    ),
]
"""One sentence of at most 30 words that explains a release to anybody (R99)."""

Markdown = Annotated[
    str,
    AfterValidator(_nothing_hidden),
    AfterValidator(_not_blank),
    StringConstraints(min_length=1, max_length=20_000),
]
"""Paragraphs in the Markdown subset: emphasis, code, lists and https links; no HTML, no images."""


def worded_pattern(
    pattern: str, words: str, example: str, max_length: int = 500, meant: Callable[[str], str] | None = None
) -> tuple[Any, Any]:
    """Metadata for a str that must match, with a message that people understand instead of the pattern.

    `meant` makes of a wrong text the one that was probably meant; it is offered where it matches.
    """
    compiled = re.compile(pattern)

    def check(text: Any) -> str:
        if not isinstance(text, str) or not compiled.fullmatch(text):
            better = meant(text) if meant and isinstance(text, str) else ""
            quote = '"' if example.startswith('"') else ""
            hint = f"; write {quote}{better}{quote}" if better and compiled.fullmatch(better) else ""
            raise ValueError(f"{words}, like {example}{hint}")
        if len(text) > max_length:
            raise ValueError(f"is longer than {max_length} characters")
        return text

    schema = {"type": "string", "pattern": f"^({pattern})$", "maxLength": max_length, "examples": [example]}
    return BeforeValidator(check), WithJsonSchema(schema)


def _as_slug(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip()).lower()


def _as_clock(text: str) -> str:
    """8:00, 8 am and 8.30 pm as clocks show them."""
    if not (match := re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?", text.strip().lower())):
        return ""
    hour = int(match[1]) % 12 + 12 * (match[3] == "pm") if match[3] else int(match[1])
    return f"{hour:02}:{match[2] or '00'}"


_SLUG_CHECK, _SLUG_SCHEMA = worded_pattern(
    "[a-z0-9]+(-[a-z0-9]+)*", "must be small letters, digits and single hyphens", "btfs-node", 64, _as_slug
)
Slug = Annotated[str, _SLUG_CHECK, AfterValidator(refuse_device_name), _SLUG_SCHEMA]
"""An id: small letters, digits and single hyphens. Ids are never reused."""

_PLATFORM_CHECK, _PLATFORM_SCHEMA = worded_pattern(
    "[a-z0-9]+(-[a-z0-9]+)*", "must be small letters, digits and single hyphens", "linux-amd64", 64, _as_slug
)
PlatformId = Annotated[str, _PLATFORM_CHECK, AfterValidator(refuse_device_name), _PLATFORM_SCHEMA]
"""A platform, written system-architecture: linux-amd64, macos-arm64, windows-amd64, any."""

_DIGEST_CHECK, _DIGEST_SCHEMA = worded_pattern(
    "[0-9a-f]{64}",
    "must be a SHA-256 digest: 64 characters, each a digit or a letter from a to f",
    "c0de" * 16,
    64,
    str.lower,
)
Digest = Annotated[str, _DIGEST_CHECK, _DIGEST_SCHEMA]
"""A SHA-256 digest as 64 small hexadecimal digits."""

_HTTPS_CHECK, _HTTPS_SCHEMA = worded_pattern(
    r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[^\s\x00-\x1f\x7f\x22<>\\]*)?",
    "must be an https address with a plain host name",
    "https://example.org/page",
)
HttpsUrl = Annotated[str, _HTTPS_CHECK, _HTTPS_SCHEMA]
"""An https URL with a plain host name: no user name, no look-alike letters."""

_FILE_CHECK, _FILE_SCHEMA = worded_pattern(
    r"([A-Za-z0-9_]|\{version\})([A-Za-z0-9_.+*?~\[\]!-]|\{version\})*",
    "must be a plain file name or pattern without folders or spaces",
    "btfs-{version}-linux-amd64.tar.gz",
    200,
    lambda text: re.sub(r"\$?\{+[^{}]*\}+", "{version}", text.strip()),  # the only placeholder that there is
)
FilePattern = Annotated[str, _FILE_CHECK, AfterValidator(refuse_device_name), _FILE_SCHEMA]
"""A file name or shell pattern, without folders; {version} stands for the release's version."""

_ORIGIN_CHECK, _ORIGIN_SCHEMA = worded_pattern(
    r"(https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?",
    "must be an https address without user name or query",
    "https://dl.example.org",
)
Origin = Annotated[str, _ORIGIN_CHECK, _ORIGIN_SCHEMA]
"""An https address without user name or query; plain http only for loopback, in a demo configuration."""


def _parse_version(value: Any) -> Version:
    if isinstance(value, Version):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a version in quotes")
    try:
        version = Version.parse(value)
    except ValueError as error:
        # Without the letter 1.0 would be read as a number.
        raise ValueError(str(error).replace("leave out the leading letter", f'write "{value[1:]}"')) from None
    if max(*version.release, *(int(part) for part in version.prerelease if part.isdigit()), 0) > LARGEST_NUMBER:
        raise ValueError(f"has a number above {LARGEST_NUMBER}, which programs read differently; write a smaller one")
    return version


ReleaseVersion = Annotated[
    Version,
    BeforeValidator(_parse_version),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$",
            "maxLength": MAX_LENGTH,
            "examples": ["4.1.0", "4.1.0-rc.1"],
        }
    ),
]
"""A version of a product, always in quotes: "4.1.0"."""

Score = Annotated[int, Field(ge=1, le=5)]
"""A score from 1 to 5."""

_CLOCK_CHECK, _CLOCK_SCHEMA = worded_pattern(
    "([01][0-9]|2[0-3]):[0-5][0-9]|24:00",
    'must be a time of day in quotes, from "00:00" to "24:00"',
    '"09:00"',
    5,
    _as_clock,
)
LocalTime = Annotated[str, _CLOCK_CHECK, _CLOCK_SCHEMA]
"""A time of day by the clock on the wall, in quotes: "09:00"; "24:00" is the end of the day."""


def _known_zone(value: Any) -> str:
    try:
        if not isinstance(value, str) or value.startswith(("/", ".")):
            raise ValueError
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f"is not a time zone: {_quoted(value)}; write it like Europe/Lisbon or Asia/Singapore"
        ) from None
    return value


Zone = Annotated[
    str, BeforeValidator(_known_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Lisbon", "UTC"]})
]
"""A time zone of the IANA database, by its name, so that daylight saving time is right in every year."""
