"""The weekly review of the calendar: due after a week, and after two nothing is published by it near an event (R92)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.calendar_review import Review
from publisher.model.published_file import PublishedFile
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.calendar_review_age import due, stale
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import NO_EVIDENCE, evaluate
from publisher.rules.gates.environment.calendar_review import GATE
from publisher.rules.lint.lints import lints
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
REVIEWED = at("2026-02-24 10:00")
STALE = at("2026-03-10 10:00")
LISTING = build.event("2026-03-10 10:00", "2026-03-10 22:00", impact=build.CALM)
FILES = Evidence(artifacts=(PublishedFile(file="node", platform="linux-amd64", size=1, sha256="a" * 64),))
ONE = build.release("4.2.0", "patch", "desktop")


def catalog(reviewed: datetime | None = REVIEWED, profile: str = "team") -> Catalog:
    last = None if reviewed is None else Review(quarter="2026-Q1", reviewed_at=reviewed, reviewed_by="Zacharias")
    policy = build.team_policy().model_copy(update={"profile": profile})
    return build.catalog([LISTING], [ONE], the_policy=policy, review=last)


def ask(given: Catalog, now: datetime, evidence: Evidence = FILES) -> Verdict:
    return GATE.verdict(Question(given, ONE, "stable", evidence, now))


@pytest.mark.parametrize(
    ("given", "now", "evidence", "outcome"),
    [
        (catalog(), STALE - SECOND, FILES, Outcome.PASS),
        (catalog(), STALE, FILES, Outcome.UNKNOWN),
        (catalog(), STALE, NO_EVIDENCE, Outcome.NOT_APPLICABLE),  # a question about a day
        (catalog(), STALE, Evidence(for_today=True), Outcome.UNKNOWN),  # about today
        (catalog(None), at("2026-03-09"), FILES, Outcome.UNKNOWN),
        (catalog(), at("2026-04-10"), FILES, Outcome.NOT_APPLICABLE),  # no event is near
        (catalog(profile="solo"), STALE, FILES, Outcome.NOT_APPLICABLE),
    ],
)
def test_r92_near_an_event_nothing_is_published_by_a_calendar_that_nobody_looks_at(
    given: Catalog, now: datetime, evidence: Evidence, outcome: Outcome
) -> None:
    verdict = ask(given, now, evidence)
    assert verdict.outcome is outcome
    assert "Zacharias" not in verdict.model_dump_json()


def test_r92_the_moment_at_which_a_review_is_too_old_is_a_moment_of_change() -> None:
    docs = build.release("4.2.0", "docs", "desktop", events=[LISTING.id])
    decision = evaluate(catalog(at("2026-02-20")), docs, "stable", at("2026-03-01"), FILES)
    outcomes = {verdict.rule: verdict.outcome for verdict in decision.verdicts}
    assert outcomes["calendar.review"] is Outcome.PASS
    later = evaluate(catalog(at("2026-02-20")), docs, "stable", at("2026-03-06"), FILES)
    assert {verdict.rule: verdict.outcome for verdict in later.verdicts}["calendar.review"] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("age", "is_due", "is_stale"),
    [
        (timedelta(days=7) - SECOND, False, False),
        (timedelta(days=7), True, False),
        (timedelta(days=14) - SECOND, True, False),
        (timedelta(days=14), True, True),
    ],
)
def test_r92_a_review_is_due_after_a_week_and_stale_after_two(age: timedelta, is_due: bool, is_stale: bool) -> None:
    given, now = catalog(), REVIEWED + age
    assert (due(given, now), stale(given, now)) == (is_due, is_stale)
    assert any(lint.about == "calendar" for lint in lints(given, now)) == is_due


def test_a_review_that_is_still_to_come_is_none_until_then() -> None:
    """The year is mistyped: nobody has looked at the calendar."""
    given, now = catalog(STALE + timedelta(days=300)), STALE
    assert due(given, now)
    assert stale(given, now)
    verdict = ask(given, now)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "which is in the future" in verdict.reason
    assert STALE + timedelta(days=300) in list(GATE.edges(Question(given, ONE, "stable", FILES, now)))


def test_without_any_review_one_is_due() -> None:
    assert due(catalog(None), STALE)
    assert stale(catalog(None), STALE)
