"""When a release can be taken back: its way back is verified and rehearsed, and somebody is on call (R85, R91)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.timespan import Span
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.staffing.coverage import covered
from publisher.wire.feed_words import BackState


@dataclass(frozen=True)
class Due:
    """By when the way back of a release must be verified and rehearsed."""

    release: Release
    at: datetime
    done: bool
    """Whether it is, at the moment of asking."""
    overdue: bool
    """Whether it is not, and that moment is over."""


def ready(catalog: Catalog, release: Release, start: datetime, end: datetime, now: datetime) -> tuple[Span, ...]:
    """When within [start, end) the release can be taken back, as known at `now`; hours without on-call are left out."""
    if (since := prepared(catalog, release, now)) is None:
        return ()
    return covered(catalog.staffing, "on-call", max(start, since[0]), min(end, since[1])) if since[0] < end else ()


def prepared(catalog: Catalog, release: Release, now: datetime) -> Span | None:
    """From when until when its way back counts as verified and rehearsed; None where it does not."""
    way = release.rollback
    if way is None or way.verified_at is None or way.rehearsed_at is None:
        return None
    counts_until = way.rehearsed_at + catalog.policy_at(now).rehearsal_max_age
    span = Span(max(way.verified_at, way.rehearsed_at), counts_until)
    return span if span.start < span.end else None


def due(catalog: Catalog, release: Release, now: datetime) -> Due | None:
    """By when its way back must be ready: some days before it ships, or before the freeze just before it (R85).

    People have little time while a freeze holds, and none to prepare in the days after it. None for what has shipped,
    has no date, has nothing to go back to, or from which nobody may go back.
    """
    planned = release.planned_for
    forbidden = release.back_state is BackState.FORBIDDEN
    if planned is None or release.shipped_at is not None or _first(release) or forbidden:
        return None
    before = catalog.policy_at(now).rollback_ready_before
    stopping = timeline(catalog, Subject.of_release(catalog.products[release.product], release)).stopping
    crowded = (start for start, end in reversed(stopping.spans) if start <= planned < end + before)
    at = next(crowded, planned) - before
    span = prepared(catalog, release, now)
    done = span is not None and span[0] <= now and max(planned, now) < span[1]
    return Due(release, at, done, overdue=not done and at <= now)


def _first(release: Release) -> bool:
    return release.rollback is not None and release.rollback.bundle == "none-first-release"
