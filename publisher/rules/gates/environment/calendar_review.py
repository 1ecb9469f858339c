"""A calendar that nobody has looked at for weeks is no plan: near an event, nothing is published by it (R92)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.calendar_review_age import stale
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Near an event a release is published only by a calendar that was reviewed lately.

    A question about another day does not stop for it: by then the calendar may well have been reviewed.
    """
    limit, last = question.policy.review_stale, question.catalog.review
    known = f"was last reviewed on {english.moment(last.reviewed_at)}" if last else "has not been reviewed yet"
    if last is not None and last.reviewed_at > question.now:
        known = f"is recorded as reviewed on {english.moment(last.reviewed_at)}, which is in the future"
    if not question.near:
        return Ruling(Outcome.NOT_APPLICABLE, public="No event is near.")
    if not _counts(question):
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public=f"The calendar {known}. Publishing near an event needs a review within {english.length(limit)}.",
        )
    if stale(question.catalog, question.now):
        return Ruling(
            Outcome.UNKNOWN,
            public=f"An event is near, and the calendar {known}. It may be out of date.",
            who="The owner of the calendar",
            fix="Review events, releases and dates, then set `reviewed_at` in content/calendar.yaml.",
        )
    return Ruling(Outcome.PASS, public=f"The calendar {known}.")


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, and the moments from which on the last review counts and is too old."""
    last = question.catalog.review
    if not _counts(question):
        return ()
    ends = () if last is None else (last.reviewed_at, last.reviewed_at + question.policy.review_stale)
    return merge(question.near_boundaries(), (edge for edge in ends if edge > question.now))


def _counts(question: Question) -> bool:
    """Whether this is about publishing today, by the calendar as it is."""
    return question.evidence.artifacts is not None or question.evidence.for_today


GATE = Gate(
    "calendar.review",
    Half.ENVIRONMENT,
    "the overdue review of the calendar",
    ask,
    boundaries,
    ceiling=Outcome.UNKNOWN,
    profiles=TEAM,
)
