"""Versions parse once, compare by value and keep their text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.wire.version import Version

NUMBERS = st.lists(st.integers(0, 2000), min_size=1, max_size=5).map(lambda parts: ".".join(map(str, parts)))
PRERELEASES = st.sampled_from(["", "-alpha", "-alpha.1", "-rc.1", "-rc.10", "-rc-2", "-0"])
VERSIONS = st.builds(lambda numbers, tail: Version.parse(numbers + tail), NUMBERS, PRERELEASES)


def test_order_is_that_of_semver_section_11() -> None:
    written = [
        "0.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.0.1",
        "1.2",
        "1.10",
    ]
    for older, newer in pairwise(Version.parse(text) for text in written):
        assert older < newer
        assert not newer <= older


def test_trailing_zeros_do_not_count_but_the_text_stays() -> None:
    assert Version.parse("3") == Version.parse("3.0") == Version.parse("3.00")
    assert len({Version.parse("3"), Version.parse("3.00")}) == 1
    assert str(Version.parse("3.00")) == "3.00"
    assert Version.parse("0") == Version.parse("0.0")


@given(VERSIONS)
def test_text_round_trips(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert Version.parse(str(version)).text == version.text


@given(VERSIONS, VERSIONS)
def test_exactly_one_of_less_equal_greater_holds(one: Version, other: Version) -> None:
    assert (one < other) + (one == other) + (one > other) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("v4.1.0", "leave out the leading letter"),
        ("4.1.0+linux", "build metadata"),
        ("4..1", "not a version like"),
        ("4.1.", "not a version like"),
        ("4.1-", "pre-release"),
        ("4.1-rc..1", "pre-release"),
        ("4.1-rc.01", "leading zero"),
        ("4.1 ", "not a version like"),
        ("٤.١", "not a version like"),
        ("4.1\n", "not a version like"),
        ("1." * 40 + "0", "longer than 64"),
    ],
)
def test_what_is_not_a_version_is_refused_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Version.parse(text)


@pytest.mark.parametrize(
    ("previous", "new", "bump"),
    [
        ("4.1.0", "5.0.0", "major"),
        ("4.1.0", "4.2", "minor"),
        ("4.1.0", "4.1.1", "patch"),
        ("4.4.3", "4.4.3.1", "patch"),
        ("4", "4.1", "minor"),
        ("4.1.0", "4.2.0-rc.1", "minor"),
        ("4.2.0-rc.1", "4.2.0", "prerelease"),
        ("3.0", "3.00", "none"),
    ],
)
def test_bump_names_the_most_significant_part_that_changed(previous: str, new: str, bump: str) -> None:
    assert Version.parse(new).bump_from(Version.parse(previous)) == bump


def test_a_version_is_not_comparable_with_text() -> None:
    assert Version.parse("1") != "1"
    with pytest.raises(TypeError):
        _ = Version.parse("1") < "2"
