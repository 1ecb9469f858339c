"""Pre-releases counted in words: advice comes while there is still time to write a dot."""

from __future__ import annotations

import pytest

from publisher.rules.lint.prereleases import counted_in_words
from tests.support import build


def advice(*versions: tuple[str, bool]) -> list[str]:
    """What is advised on releases, each given as its version and whether it is out."""
    out = {"shipped_at": "2026-02-01T00:00:00Z"}
    releases = [build.release(version=version, **(out if shipped else {})) for version, shipped in versions]
    return [f"{one.about}: {one.what} -> {one.fix}" for one in counted_in_words(build.catalog(releases=releases))]


def test_rc9_that_is_not_out_is_advised_to_have_a_dot() -> None:
    (said,) = advice(("1.1.0-rc9", False))
    assert "rc9 is compared as text, so rc10 would count as older than rc9" in said
    assert "-> write 1.1.0-rc.9; numbers after a dot are compared as numbers" in said


def test_rc10_after_rc9_is_told_to_be_older_with_a_version_that_is_newer() -> None:
    (said,) = advice(("1.1.0-rc9", True), ("1.1.0-rc10", False))
    assert "1.1.0-rc10: it counts as older than 1.1.0-rc9, which has shipped" in said
    assert said.endswith("such as 1.1.0-rc9.1")
    assert build.release(version="1.1.0-rc9.1").version > build.release(version="1.1.0-rc9").version


@pytest.mark.parametrize(
    "versions",
    [
        (("1.1.0-rc.9", False), ("1.1.0-rc.10", False)),
        (("1.1.0-rc9", True),),
        (("1.1.0-rc8", True), ("1.1.0-rc9", False)),  # a dot now would make it older than rc8
        (("1.1.0-rc9", True), ("1.1.0-beta.1", False)),
        (("1.1.0", False), ("1.1.0-rc", False)),
        (("1.0.0-rc9", True), ("1.1.0-rc.1", False)),
    ],
)
def test_what_counts_as_it_is_meant_needs_no_advice(versions: tuple[tuple[str, bool], ...]) -> None:
    assert advice(*versions) == []
