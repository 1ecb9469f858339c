"""Times, lengths of time and texts: what is meant is accepted, what can be misread is refused in plain words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from publisher.model.values import (
    Digest,
    Duration,
    FilePattern,
    HttpsUrl,
    Origin,
    ReleaseVersion,
    Sentence,
    Slug,
    Text,
    UtcTime,
    duration_text,
    format_time,
)

TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)
LENGTH: TypeAdapter[timedelta] = TypeAdapter(Duration)


def refused(kind: Any, value: object) -> str:
    """The words with which a value is refused."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return str(caught.value.errors()[0]["msg"])


@given(st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_round_trip(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert TIME.validate_python(format_time(moment)) == moment
    assert TIME.dump_python(moment) == format_time(moment)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    with suppress(ValidationError):
        assert format_time(TIME.validate_python(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-01", "has no time of day and no zone; write 2026-03-01T00:00:00Z"),
        ("2026-03-01T12:00:00", "has no zone; if it is UTC, write 2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00", "has no zone; if it is UTC, write 2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00+02:00", "in UTC and to the second: 2026-03-01T10:00:00Z"),
        ("2026-03-01T12:00:00+00:00", "in UTC and to the second: 2026-03-01T12:00:00Z"),
        ("2026-03-01t12:00:00z", "in UTC and to the second: 2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00.25Z", "in UTC and to the second: 2026-03-01T12:00:00Z"),
        (" 2026-03-01T12:00:00Z", "in UTC and to the second: 2026-03-01T12:00:00Z"),
        ("2026-02-29T12:00:00Z", "not a day and hour that exist"),
        ("2026-03-01T24:00:00Z", "not a day and hour that exist|in UTC and to the second"),
        ("2026-03-01T12:00:60Z", "not a day and hour that exist"),
        ("0001-01-01T00:00:00+01:00", "not a day and hour that exist"),
        ("1999-12-31T23:59:59Z", "the year 1999"),
        ("2200-01-01T00:00:00Z", "the year 2200"),
        ("٢٠٢٦-03-01T12:00:00Z", "is not a time"),
        ("tomorrow", "is not a time: tomorrow"),
        (2026, "is not a time: 2026"),
        (True, "is not a time"),
    ],
)
def test_times_that_can_be_misread_are_refused(text: object, words: str) -> None:
    assert any(part in refused(UtcTime, text) for part in words.split("|"))


def test_a_time_with_another_zone_is_written_in_utc() -> None:
    there = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(there) == "2026-03-01T10:00:00Z"


@given(st.integers(0, 9999), st.sampled_from(["d", "h", "min"]))
def test_lengths_of_time_round_trip(count: int, unit: str) -> None:
    length = LENGTH.validate_python(f"{count} {unit}")
    assert LENGTH.validate_python(f"{count}{unit}") == length
    assert LENGTH.validate_python(duration_text(length)) == length or length > timedelta(minutes=9999)


@pytest.mark.parametrize(("length", "text"), [("72 h", "3 d"), ("90 min", "90 min"), ("36 h", "36 h"), ("0 d", "0 d")])
def test_lengths_of_time_read_well(length: str, text: str) -> None:
    assert duration_text(LENGTH.validate_python(length)) == text


@pytest.mark.parametrize("value", ["-1 d", "7  d", "٧ d", "99999 d", None, "", "01:00", "7_0"])
def test_lengths_of_time_that_are_none(value: object) -> None:
    assert "write it like 7 d, 72 h or 90 min" in refused(Duration, value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [(7, "7 d, 7 h or 7 min"), ("7", "7 d, 7 h or 7 min"), ("7 days", "7 d"), ("2 weeks", "14 d"), ("1.5 d", "36 h"),
     ("1h 30min", "90 min"), ("1 hour and 30 minutes", "90 min"), ("48 hrs", "2 d")],
)  # fmt: skip
def test_a_length_of_time_in_other_words_is_offered_as_it_is_written(value: object, meant: str) -> None:
    assert refused(Duration, value).endswith(f"write {meant}")


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Text, "", "is empty"),
        (Text, " \n ", "is empty"),
        (Text, "a\nb", "single line"),
        (Text, "a\tb", "contains a tab"),
        (Text, "a\u202eb", "U+202E"),
        (Text, "a\x9bb", "U+009B"),
        (Sentence, "word " * 31, "has 31 words"),
        (Slug, "Node", "small letters"),
        (Slug, "a--b", "small letters"),
        (Slug, "a" * 65, "longer than 64"),
        (Slug, "a\n", "small letters"),
        (Digest, "A" * 64, "SHA-256"),
        (Digest, "a" * 63, "SHA-256"),
        (HttpsUrl, "http://example.org/", "https address"),
        (HttpsUrl, "https://me@example.org/", "https address"),
        (HttpsUrl, "https://EXAMPLE.org/", "https address"),
        (HttpsUrl, "https://exаmple.org/", "https address"),
        (HttpsUrl, "https://example.org/a b", "https address"),
        (HttpsUrl, "https://example.org/\x1b", "https address"),
        (Origin, "https://example.org/?q", "https address"),
        (Origin, "http://example.org", "https address"),
        (FilePattern, "../a", "plain file name"),
        (FilePattern, ".hidden", "plain file name"),
        (FilePattern, "a/b", "plain file name"),
        (FilePattern, "a\nb", "plain file name"),
        (ReleaseVersion, 1.1, "in quotes"),
        (ReleaseVersion, "v1", 'write "1"'),
    ],
)
def test_texts_that_are_refused(kind: Any, value: object, words: str) -> None:
    assert words in refused(kind, value)


def test_a_sentence_of_thirty_words_is_accepted() -> None:
    assert TypeAdapter(Sentence).validate_python(" ".join(["word"] * 30)).count("word") == 30


def test_plain_http_is_for_loopback_only() -> None:
    assert TypeAdapter(Origin).validate_python("http://127.0.0.1:8000/bucket")
    assert refused(Origin, "http://127.0.0.2:8000")
