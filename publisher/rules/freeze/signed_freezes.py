"""Which freezes clients are told of: the hard ones of a product, around events that the public may know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass
from publisher.model.timespan import Span
from publisher.model.values import YEARS
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline

AHEAD = timedelta(days=30)
"""How long before its first moment a freeze is told; an event that far away may still move."""

FIRST, LAST = datetime(YEARS[0], 1, 1, tzinfo=UTC), datetime(YEARS[-1], 1, 1, tzinfo=UTC)
"""A freeze of which no beginning or no end is known is told within these."""


def freezes_to_sign(catalog: Catalog, product: str, now: datetime) -> dict[str, Span]:
    """Event id -> the span in which it stops changes of a product, whatever their class; those that begin soon."""
    public = {event.id for event in catalog.events if event.is_public(now)}
    spans: dict[str, Span] = {}
    for change_class in ChangeClass:
        for window in timeline(catalog, Subject.of(catalog.products[product], change_class)).hard.windows:
            event = window.cause.id
            if event not in public or window.end <= now or window.start > now + AHEAD:
                continue
            begins, ends = max(window.start, FIRST), min(window.end, LAST)
            known = spans.get(event, Span(begins, ends))
            spans[event] = Span(min(known.start, begins), max(known.end, ends))
    return dict(sorted(spans.items()))
