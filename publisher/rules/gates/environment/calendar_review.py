"""A calendar that nobody has looked at for weeks is no plan: near an event, nothing is published by it (R92)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.profile import not_required
from publisher.rules.engine.question import Question

RULE = "calendar.review"


def review(question: Question) -> Verdict:
    """Near an event a release is published only by a calendar that was reviewed lately.

    A question about another day does not stop for it: by then the calendar may well have been reviewed.
    """
    if (verdict := not_required(RULE, question.policy)) is not None:
        return verdict
    limit, last = question.policy.review_stale, question.catalog.review
    known = f"was last reviewed on {english.moment(last.reviewed_at)}" if last else "has not been reviewed yet"
    if last is not None and last.reviewed_at > question.now:
        known = f"is recorded as reviewed on {english.moment(last.reviewed_at)}, which is in the future"
    if not question.near:
        return Verdict(rule=RULE, outcome=Outcome.NOT_APPLICABLE, reason="No event is near.")
    if question.evidence.artifacts is None:
        return Verdict(
            rule=RULE,
            outcome=Outcome.NOT_APPLICABLE,
            reason=f"The calendar {known}. Publishing near an event needs a review within {english.length(limit)}.",
        )
    if stale(question.catalog, question.now):
        return Verdict(
            rule=RULE,
            outcome=Outcome.UNKNOWN,
            reason=f"An event is near, and the calendar {known}. It may be out of date.",
            who="The owner of the calendar",
            fix="Review events, releases and dates, then set `reviewed_at` in content/calendar.yaml.",
        )
    return Verdict(rule=RULE, outcome=Outcome.PASS, reason=f"The calendar {known}.")


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, and the moments from which on the last review counts and is too old."""
    last = question.catalog.review
    if question.evidence.artifacts is None or not_required(RULE, question.policy) is not None:
        return ()
    ends = () if last is None else (last.reviewed_at, last.reviewed_at + question.policy.review_stale)
    return merge(question.near_boundaries(), (edge for edge in ends if edge > question.now))


def due(catalog: Catalog, now: datetime) -> bool:
    """Whether this week's review is due: there was none, or it is as old as the policy's `review_due`."""
    last = catalog.review
    return last is None or not timedelta() <= now - last.reviewed_at < catalog.policy_at(now).review_due


def stale(catalog: Catalog, now: datetime) -> bool:
    """Whether the last review is too old to publish by; one that is still to come is none."""
    last = catalog.review
    return last is None or not timedelta() <= now - last.reviewed_at < catalog.policy_at(now).review_stale
