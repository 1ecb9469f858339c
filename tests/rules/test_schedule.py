"""When a release may ship in the months to come: exactly where the rules let it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.rules.calendar.schedule import HORIZON, Opening, schedule
from publisher.rules.evaluate import evaluate
from tests.rules.test_properties import FIRST
from tests.rules.test_properties_whole import wholes
from tests.support import build
from tests.support.build import at
from tests.support.examples import examples

LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00", impact=build.CALM)
FEATURE = build.release("4.2.0", "feature", "desktop")


def test_spans_end_and_begin_with_the_freezes() -> None:
    found = schedule(build.catalog([LISTING], [FEATURE]), FEATURE, "stable", at("2026-02-01"))
    assert found.openings == (
        Opening(at("2026-02-01"), at("2026-03-03 10:00")),
        Opening(at("2026-03-13 22:00"), None),
    )
    assert found.mend == ()


def test_what_stops_on_every_date_is_to_be_mended_and_hides_no_date() -> None:
    hotfix = build.release("4.2.0", "hotfix", "desktop", risk_of_delay=None)
    found = schedule(build.catalog([LISTING], [hotfix]), hotfix, "stable", at("2026-02-01"))
    assert [one.rule for one in found.mend] == ["urgency.hotfix"]
    assert found.openings[0].start == at("2026-02-01")


def test_a_span_of_a_day_is_preferred_and_a_shorter_one_better_than_none() -> None:
    later = build.event("2026-03-21 10:00", "2026-03-21 22:00", id="later", impact=build.CALM)
    catalog = build.catalog([LISTING, later], [FEATURE])
    found = schedule(catalog, FEATURE, "stable", at("2026-02-01"))
    assert [one.start for one in found.openings] == [at("2026-02-01"), at("2026-03-13 22:00"), at("2026-03-24 22:00")]
    assert found.before(at("2026-03-20")) == Opening(at("2026-02-01"), at("2026-03-03 10:00"))
    assert found.after(at("2026-03-09")) == Opening(at("2026-03-24 22:00"), None)
    within = schedule(catalog, FEATURE, "stable", at("2026-03-12"))
    assert within.before(at("2026-03-20")) == Opening(at("2026-03-13 22:00"), at("2026-03-14 10:00"))


@examples(25)
@given(wholes(), st.lists(st.integers(0, 10**6), min_size=8, max_size=8))
def test_a_date_lies_in_a_span_exactly_where_nothing_but_what_is_to_be_mended_stops(
    whole: tuple[Catalog, Release], millionths: list[int]
) -> None:
    catalog, one = whole
    found = schedule(catalog, one, "stable", FIRST)
    mend = {verdict.rule for verdict in found.mend}
    edges = [moment for span in found.openings for moment in (span.start, span.end) if moment is not None]
    for moment in (*edges, *(FIRST + (HORIZON - timedelta(seconds=1)) * part / 10**6 for part in millionths)):
        now = moment.replace(microsecond=0)
        stopping = {verdict.rule for verdict in evaluate(catalog, one, "stable", now).verdicts if verdict.outcome.stops}
        assert (found.at(now) is not None) == (stopping <= mend), now


def test_a_wait_that_is_longer_than_anybody_looks_ahead_is_no_defect_to_mend() -> None:
    far = build.event("2026-09-01 10:00", "2026-09-01 22:00", impact=build.CALM)
    whole = build.policy(base=[{"events": [far.type], "band": {"hard_before": "300 d"}, "because": "far"}])
    catalog = build.catalog([far], [FEATURE], the_policy=whole)
    found = schedule(catalog, FEATURE, "stable", at("2026-02-01"))
    assert (found.openings, found.mend) == ((), ())


def test_dates_are_looked_for_around_a_wanted_date_that_is_far_away() -> None:
    far = build.event("2026-12-10 10:00", "2026-12-10 22:00", impact=build.CALM)
    catalog = build.catalog([far], [FEATURE])
    found = schedule(catalog, FEATURE, "stable", at("2026-02-01"), planned=at("2026-12-09"))
    assert found.at(at("2026-12-09")) is None
    assert found.at(at("2026-02-01")) == Opening(at("2026-02-01"), at("2026-12-03 10:00"))
