"""How far deprecations have come (R90), and times and lists in sentences."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.rules import english
from publisher.rules.calendar.lifecycle import deprecation_state
from tests.support import build
from tests.support.build import at


@pytest.mark.parametrize(
    ("moment", "shift", "state"),
    [
        ("2026-01-01", -1, "announced"),
        ("2026-01-01", 0, "marked"),
        ("2026-02-01", -1, "marked"),
        ("2026-02-01", 0, "warned"),
        ("2026-02-15", 0, "warned"),  # a beta of the removing version does not remove it for everybody
        ("2026-03-01", -1, "warned"),
        ("2026-03-01", 0, "removed"),
    ],
)
def test_r90_the_state_follows_from_what_has_shipped(moment: str, shift: int, state: str) -> None:
    shipped = {"1.0": "2026-01-01", "1.1": "2026-02-01", "2.0-beta.1": "2026-02-15", "2.0": "2026-03-01"}
    catalog = build.catalog(
        releases=[build.release(version, shipped_at=f"{day}T00:00:00Z") for version, day in shipped.items()]
    )
    one = build.deprecation(marked_in="1.0", warned_in="1.1", remove_in="2.0")
    assert deprecation_state(catalog, one, at(moment) + timedelta(seconds=shift)) == state


def test_r90_a_skipped_release_counts_as_passed() -> None:
    catalog = build.catalog(releases=[build.release("3.0", shipped_at="2026-01-01T00:00:00Z")])
    assert deprecation_state(catalog, build.deprecation(marked_in="1.0"), at("2026-02-01")) == "marked"
    assert deprecation_state(build.catalog(), build.deprecation(marked_in="1.0"), at("2026-02-01")) == "announced"


def test_times_in_sentences() -> None:
    assert english.day(at("2026-11-24 10:00")) == "24 November 2026"
    assert english.moment(at("2026-11-24 10:00")) == "Tuesday 24 November 2026, 10:00 UTC"
    assert english.moment(at("2026-03-01")) == "Sunday 1 March 2026, 00:00 UTC"


@pytest.mark.parametrize(
    ("names", "text"), [([], "nothing"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_sentences(names: list[str], text: str) -> None:
    assert english.listed(names) == text
    assert english.listed(names, "or") == text.replace(" and ", " or ")


def test_articles() -> None:
    assert [english.with_article(noun) for noun in ("daemon", "update")] == ["a daemon", "an update"]
