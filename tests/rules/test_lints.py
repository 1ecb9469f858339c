"""Advice on valid content: freezes without end, a matrix that contradicts itself, events without scores (R2, R26)."""

from __future__ import annotations

from functools import partial
from typing import Any

from publisher.model.content.calendar_review import Review
from publisher.rules.lint.lint import Lint
from publisher.rules.lint.lints import lints
from tests.support import build
from tests.support.build import at

unreviewed = partial(build.catalog, review=None)
"""A catalog in which nothing is said of its review."""

NOW = at("2026-03-01")
LISTING = build.event("2026-03-10", "2026-03-11")


def said(*, events: Any = (), **freeze: Any) -> str:
    found = lints(unreviewed(events, the_policy=build.policy(**freeze)), NOW)
    return "\n".join(f"{one.about}: {one.what}" for one in found)


def test_the_policy_of_this_repository_needs_no_advice() -> None:
    assert lints(unreviewed([LISTING]), NOW) == ()


def test_r26_a_riskier_change_that_waits_less_long_is_told() -> None:
    shorter = {"because": "hurry", "classes": ["protocol"], "client_types": ["daemon"], "set": {"hard_before": "1 d"}}
    assert "on a daemon, protocol changes wait less than feature changes around some events" in said(adjust=[shorter])


def test_r26_a_matrix_that_treats_all_alike_decides_nothing() -> None:
    assert "treats all client types and change classes alike" in said()
    assert "alike" not in said(adjust=[{"because": "docs", "classes": ["docs"], "exempt": True}])


def test_a_severer_event_that_freezes_for_less_long_is_told() -> None:
    calm = {"because": "too busy", "severity_at_least": 4, "set": {"hard_before": "1 d"}}
    assert "a more severe exchange-listing freezes docs on a daemon for a shorter time" in said(adjust=[calm])


def test_r2_too_few_open_days_are_told_with_the_next_open_slot() -> None:
    found = said(events=[LISTING], min_open_days_per_90=85)
    assert "daemon: only 79 of the next 90 days are open for ui-polish" in found
    assert "the policy asks for 85; it is open now" in found
    assert said(events=[LISTING], min_open_days_per_90=79).count("only 79") == 0


def test_r2_freezes_that_run_into_one_another_are_told() -> None:
    row = [build.event(f"2026-03-{day}", f"2026-03-{day} 12:00", id=f"e-{day}") for day in (10, 17, 24)]
    found = said(events=row, longest="20 d")
    assert "leave no gap for 24 days" in found
    assert "run into one another" not in said(events=row, longest="30 d")


def test_r15_an_event_without_scores_is_told_while_it_is_to_come() -> None:
    unscored = build.event("2026-03-10", "2026-03-11")
    bare = unscored.model_copy(update={"severity": type(unscored).model_fields["severity"].default})
    policy = build.team_policy()
    assert [one.about for one in lints(unreviewed([bare], the_policy=policy), NOW)] == ["example-listing"]
    assert lints(unreviewed([bare], the_policy=policy), at("2026-03-11")) == ()
    assert isinstance(lints(unreviewed([bare], the_policy=policy), NOW)[0], Lint)


def test_r15_scores_and_dates_that_disagree_and_slips_of_the_year_are_told() -> None:
    early = build.event("2026-03-10", "2026-03-11", announced="2026-03-09T00:00:00Z")
    assert "suggests 1" in lints(unreviewed([early]), NOW)[0].what
    late = build.release("4.2.0", planned_for="2028-03-01T00:00:00Z")
    found = lints(unreviewed([LISTING], [late]), NOW)
    assert [(one.about, one.fix) for one in found] == [("daemon@4.2.0", "check the year")]


def test_what_is_told_as_past_and_lies_ahead_is_told() -> None:
    event = build.event("2026-03-10", "2026-03-11", revisions=[{"until": "2027-02-01T00:00:00Z", "because": "Moved."}])
    catalog = unreviewed(
        [event],
        [build.release("4.1.0", shipped_at="2027-02-01T00:00:00Z")],
        scenarios=(build.scenario("2027-02-01"),),
        signals=(build.signal(event.id, 2, accepted=True, sampled_at="2027-02-01T00:00:00Z"),),
    )
    ahead = [one.what for one in lints(catalog, at("2026-03-01")) if "in the future" in one.what]
    said_of = ("it was run", "it was measured", "it was changed", "it shipped")
    assert ahead == [f"{what} on 1 February 2027, which is in the future" for what in said_of]
    assert not [one for one in lints(catalog, at("2027-02-01")) if "in the future" in one.what]


def test_r63_a_crew_without_a_shift_is_told() -> None:
    catalog = unreviewed(maintenance=(build.maintenance("2026-03-10", crew=["Ana", "Anna"]),))
    assert "Anna of its crew has no shift" in [one.what for one in lints(catalog, at("2026-03-01"))]


def test_an_event_that_is_told_to_have_happened_before_it_starts_is_told() -> None:
    early = unreviewed([build.event("2026-03-10", "2026-03-11", status="happened")])
    told = "it has the status happened, but starts on 10 March 2026"
    assert told in [one.what for one in lints(early, at("2026-03-09"))]
    assert told not in [one.what for one in lints(early, at("2026-03-10"))]


def test_r92_a_review_that_lies_ahead_is_told() -> None:
    catalog = build.catalog(review=Review(quarter="2026-Q1", reviewed_at=at("2026-03-02"), reviewed_by="Ana"))
    told = "it was reviewed on 2 March 2026, which is in the future"
    assert told in [one.what for one in lints(catalog, at("2026-03-01"))]
    assert told not in [one.what for one in lints(catalog, at("2026-03-02"))]
