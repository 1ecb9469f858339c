"""Scores and dates that disagree: worth a second look, and never a reason to stop (R15)."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from publisher.model.catalog import Catalog
from publisher.model.content.event import UNSCORED_LEAD_TIME, Event
from publisher.model.content.release import Release
from publisher.rules import english

RUBRIC = ((3, 1), (14, 2), (30, 3), (90, 4))
"""Less than so many days from the announcement to the start is such a lead time; 90 days or more are 5."""

LONGEST_NOTICE = timedelta(days=400)
"""Even yearly conferences are announced later than this before they begin; a longer notice is a slip of the year."""

LONGEST_EVENT = timedelta(days=300)
"""No event lasts as long; the end is probably of another year."""

LONGEST_PLAN = timedelta(days=300)
"""So long before or after the newest release, a plan is probably of another year."""


class SecondLook(NamedTuple):
    """What makes one look again, and at what."""

    what: str
    fix: str


def rubric(notice: timedelta) -> int:
    """The lead time, 1 (none) to 5 (plenty), for the time from the announcement to the start."""
    return next((score for days, score in RUBRIC if notice < timedelta(days=days)), 5)


def disagreement(event: Event) -> SecondLook | None:
    """How score and dates of an event contradict one another; None when they agree or one is missing."""
    if event.announced is None or event.lead_time is UNSCORED_LEAD_TIME:
        return None
    notice = event.starts - event.announced
    by_dates, scored = rubric(notice), event.lead_time.score
    if by_dates == scored:
        return None
    return SecondLook(
        f"its lead time is scored {scored}, but {english.counted(notice.days, 'day')} from announcement to start"
        f" {'suggests' if notice.days == 1 else 'suggest'} {by_dates}",
        "change the score, or the dates",
    )


def year_of_event(event: Event) -> SecondLook | None:
    """What looks like a slip of the year in an event's dates, for a second look; None when nothing does."""
    if event.ends - event.starts > LONGEST_EVENT:
        return SecondLook(f"lasts {(event.ends - event.starts).days} days", "check the year of its end")
    if event.announced is not None and event.starts - event.announced > LONGEST_NOTICE:
        notice = (event.starts - event.announced).days
        return SecondLook(f"starts {notice} days after it was announced", "check the year of both")
    return None


def year_of_release(catalog: Catalog, release: Release) -> SecondLook | None:
    """What looks like a slip of the year in a release's dates, for a second look; None when nothing does.

    A plan is compared with the release's own shipping, or with the newest that any product has shipped and the start
    of the policy, since a product may rest for years while others go on.
    """
    planned = release.planned_for
    if planned is None:
        return None
    if release.shipped_at is not None:
        if abs(release.shipped_at - planned) <= LONGEST_PLAN:
            return None
        return SecondLook(
            f"was planned for {english.day(planned)} and shipped on {english.day(release.shipped_at)}",
            "check the year of both",
        )
    shipped = [other.shipped_at for other in catalog.releases if other.shipped_at is not None]
    newest = max((*shipped, catalog.policy.effective))
    if abs(planned - newest) <= LONGEST_PLAN:
        return None
    side = "after" if planned > newest else "before"
    days = abs(planned - newest).days
    what = f"is planned for {english.day(planned)}, {days} days {side} the newest release"
    return SecondLook(what, "check the year")
