"""Foreign releases: versions, dates and classes as history has them, and nothing guessed in silence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.foreign.releases import ImportedReleases, import_releases
from publisher.model.history.mapping import Assumptions
from publisher.model.history.past import PastRelease, Remark
from publisher.wire.version import Version
from tests.support.build import at
from tests.support.examples import examples
from tests.support.history import ANYTHING, mapping, release

MAPPING = mapping().releases


def read(*rows: Any) -> ImportedReleases:
    return import_releases(rows, MAPPING)


def one(row: dict[str, Any]) -> tuple[PastRelease, list[str]]:
    """The release of a row, and what was said about it."""
    found = read(row)
    assert len(found.releases) == 1, found.remarks
    return found.releases[0], [remark.reason for remark in found.remarks]


def left_out(*rows: Any) -> list[Remark]:
    """The rows that count for nothing, and why."""
    return [remark for remark in read(*rows).remarks if remark.left_out]


def test_a_day_is_the_whole_day_in_utc() -> None:
    past, said = one(release("2021-06-12", "1.1.0"))
    assert (past.start, past.end) == (at("2021-06-12"), at("2021-06-13"))
    assert (past.id, past.version, past.release.id) == ("client-1.1.0", "1.1.0", "client@1.1.0")
    assert past.release.shipped_at == at("2021-06-13")
    assert said == []


def test_a_moment_in_another_zone_is_that_moment() -> None:
    past, _ = one(release("2021-01-10T18:39:00-08:00"))
    assert (past.start, past.end) == (at("2021-01-11 02:39"), at("2021-01-11 02:39:01"))


def test_of_a_month_the_whole_month_counts() -> None:
    past, said = one(release("2021-02"))
    assert (past.start, past.end) == (at("2021-02-01"), at("2021-03-01"))
    assert said == ["is dated by month only; the whole month counts"]


@pytest.mark.parametrize(
    ("fields", "change_class"),
    [
        ({"touches": {"storage": True, "protocol": True, "rpc": True}}, "storage"),
        ({"touches": {"rpc": True, "dht": True, "tracker": True}, "security_fix": True}, "rpc"),
        ({"touches": {"security": True}, "bump": "minor", "security_fix": True}, "feature"),
        ({"touches": {"ui": True}, "bump": "patch", "security_fix": True}, "security"),
        ({"bump": "major"}, "feature"),
        ({"bump": "patch"}, "patch"),
        ({"bump": "hotfix"}, "hotfix"),
        ({"touches": None, "bump": "patch"}, "patch"),
        ({"touches": {"storage": "true"}, "bump": "patch"}, "patch"),
        ({"touches": {"storage": 1}, "bump": "patch"}, "patch"),
        ({"touches.storage": True, "bump": "patch"}, "storage"),
    ],
)
def test_the_riskiest_that_it_touches_is_its_class(fields: dict[str, Any], change_class: str) -> None:
    past, said = one(release("2021-06-12") | fields)
    assert past.release.change_class == change_class
    assert said == []


def test_a_class_that_nothing_tells_is_assumed_aloud_or_not_at_all() -> None:
    row = release("2021-06-12", bump=None)
    past, said = one(row)
    assert past.release.change_class == "feature"
    assert said == ["does not say what it changes; it counts as a new feature"]
    strict = import_releases([row], MAPPING.model_copy(update={"assume": Assumptions()}))
    assert strict.releases == ()
    assert [remark.reason for remark in strict.remarks] == ["does not say what it changes"]


def test_a_security_fix_is_essential() -> None:
    fix, other = one(release("2021-06-12", security_fix=True))[0], one(release("2021-06-12"))[0]
    assert (fix.release.necessity, other.release.necessity) == ("essential", "opportunistic")


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("4.4.0rc1", "4.4.0-rc.1"),
        ("1.80b5", "1.80-b.5"),
        ("0.9-rc2", "0.9-rc2"),
        ("v2.0", "2.0"),
        ("2.0.0-Beta_03", "2.0.0-Beta.3"),
        ("3.00", "3.00"),
        ("5.0alpha", "5.0-alpha"),
    ],
)
def test_versions_are_read_in_their_usual_spellings_and_shown_as_written(written: str, version: str) -> None:
    past, _ = one(release("2021-06-12", written))
    assert (past.version, str(past.release.version)) == (written, version)


@pytest.mark.parametrize("written", ["latest", "1.0 final build", "1." + "0" * 70, "1.0+deb", "1.0rc" + "9" * 60, "-"])
def test_a_version_that_is_none_is_left_out(written: str) -> None:
    assert [remark.reason for remark in left_out(release("2021-06-12", written))] == [
        "has a version that cannot be read"
    ]


def test_a_version_that_was_written_as_a_number_has_lost_its_end() -> None:
    (remark,) = left_out(release("2021-06-12", id="x") | {"version": 1.1})
    assert (remark.reason, remark.detail) == ("has no text as `version`", "1.1; put it in quotes")


def test_a_version_that_stands_twice_counts_once_at_its_earlier_date() -> None:
    rows = [
        release("2021-06-14", "3.0", id="late"),
        release("2021-06-12", "3.00", id="early"),
        release("2021-06-12", "3.0", id="other", project="other"),
    ]
    found = read(*rows)
    assert [past.id for past in found.releases] == ["early", "other"]
    (remark,) = left_out(*rows)
    assert (remark.row, remark.id, remark.detail) == (1, "late", "3.00 came out on 12 June 2021")
    assert remark.reason == "has a version that appears twice; the earlier date counts"


def test_versions_out_of_date_order_are_told_and_count() -> None:
    found = read(release("2021-06-14", "1.2.19"), release("2021-06-12", "2.0.9"), release("2021-06-15", "2.0.10"))
    assert [past.version for past in found.releases] == ["2.0.9", "1.2.19", "2.0.10"]
    (remark,) = found.remarks
    assert (remark.row, remark.left_out, remark.detail) == (1, False, "1.2.19 after 2.0.9")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("2011-06-11", None),
        ("2011-06-13", None),
        ("2011-06-14", "has dates that disagree by more than a day; `date` counts"),
        ("2010-06-12", "has dates that disagree by more than a day; `date` counts"),
        ("June", "has no date in `changelog_date`"),
    ],
)
def test_dates_that_disagree_are_told_and_one_of_them_counts(other: str, reason: str | None) -> None:
    past, said = one(release("2011-06-12", changelog_date=other))
    assert past.start == at("2011-06-12")
    assert said == ([reason] if reason else [])


def test_a_project_is_of_one_kind() -> None:
    found = read(release("2021-06-12", "1.0"), release("2021-06-13", "1.1", product_class="node daemon"))
    assert found.products["client"].client_type == "desktop"
    assert [remark.reason for remark in found.remarks] == [
        "has a different kind of product from an earlier row; the first counts"
    ]


@pytest.mark.parametrize(
    ("written", "version"), [("1.0.9", Version.parse("1.0.9")), (None, None), ("?", None), (1.0, None)]
)
def test_the_version_before_is_taken_where_it_can_be_read(written: Any, version: Version | None) -> None:
    assert one(release("2021-06-12", previous_stable=written))[0].previous == version


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (7, "is not an object with fields"),
        ({}, "has no `project`"),
        (release("2021-06-12", project="!"), "has a project without a letter or digit"),
        (release("2021-06-12", product_class="toaster"), "has a kind of product that the mapping does not list"),
        (release("2021-06-12", product_class=None), "has a kind of product that the mapping does not list"),
        (release(None), "has no `date`"),
        (release("yesterday"), "has no date in `date`"),
        (release("2021-06-12", ""), "has no `version`"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_the_others_count(row: Any, reason: str) -> None:
    assert [remark.reason for remark in left_out(row)] == [reason]
    assert len(read(row, release("2021-06-12", "9.9.9")).releases) == 1


@examples(400)
@given(st.dictionaries(st.sampled_from([*release("2021-06-12"), "previous_stable", "changelog_date"]), ANYTHING))
def test_whatever_stands_in_a_row_it_is_used_or_told(fields: dict[str, Any]) -> None:
    found = read(release("2021-06-12") | fields)
    assert len(found.releases) + sum(remark.left_out for remark in found.remarks) == 1
    for remark in found.remarks:
        assert (remark.id + remark.reason + remark.detail).isprintable()
