"""How old the last review of the calendar is: whether the next is due, and whether to publish by it (R92)."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.model.catalog import Catalog


def due(catalog: Catalog, now: datetime) -> bool:
    """Whether this week's review is due: there was none, or it is as old as the policy's `review_due`."""
    last = catalog.review
    return last is None or not timedelta() <= now - last.reviewed_at < catalog.policy_at(now).review_due


def stale(catalog: Catalog, now: datetime) -> bool:
    """Whether the last review is too old to publish by; one that is still to come is none."""
    last = catalog.review
    return last is None or not timedelta() <= now - last.reviewed_at < catalog.policy_at(now).review_stale
