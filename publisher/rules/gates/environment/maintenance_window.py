"""What cannot be taken back ships only while announced maintenance of its product holds (R41, R71)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice

from publisher.model.content.release import Kind
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling, not_asked
from publisher.rules.engine.question import Question
from publisher.rules.maintenance.judge import may_take_place
from publisher.rules.staffing.occurrences import Occurrence, upcoming

LOOK_AHEAD = 60
"""So many coming windows of each maintenance are looked at; of a weekly slot, more than a year."""


def ask(question: Question) -> Ruling:
    """Whether a window holds that may take place, and if not, when the next one begins."""
    if (why := _only_in_maintenance(question)) is None:
        return Ruling(Outcome.NOT_APPLICABLE, public="It does not need a maintenance window.")
    if (excused := not_asked(question.policy, TEAM)) is not None:
        return excused
    coming = merge(*_windows(question), key=lambda window: (window.start, window.maintenance.id))
    window = next((window for window in coming if may_take_place(question.catalog, window)), None)
    if window is None:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{why}, and {question.product.name} has no announced window that may take place.",
            who="Operations",
            fix="Announce a window in content/maintenance/. `publish maintenance` shows what blocks a window.",
        )
    maintenance, holds = window.maintenance, window.start <= question.now
    if holds:
        before, after = "It ships in announced maintenance:", f"lasts until {english.moment(window.end)}."
    else:
        before, after = f"{why}: it waits for", f"on {english.moment(window.start)}."
    named, neutral = (f'{before} "{title}" {after}' for title in (maintenance.title, maintenance.public_title))
    hidden = not maintenance.is_public(question.now)
    reason, public = (named, neutral) if hidden else ("", named)
    if holds:
        return Ruling(Outcome.PASS, reason=reason, public=public)
    return Ruling(
        Outcome.WAITING,
        reason=reason,
        public=public,
        fix="Ship it in that window, or announce an earlier one in content/maintenance/.",
        until=window.start,
        sources=(maintenance.id,),
    )


def boundaries(question: Question) -> Iterator[datetime]:
    """Start and end of the coming windows, in order."""
    if _only_in_maintenance(question) is None or not_asked(question.policy, TEAM) is not None:
        return
    edges = merge(*((edge for window in windows for edge in window.span) for windows in _windows(question)))
    yield from (edge for edge in edges if edge > question.now)


def _only_in_maintenance(question: Question) -> str | None:
    """Why a release ships in maintenance only; None if it need not."""
    if question.release.kind is Kind.MIGRATION:
        return "A migration cannot be taken back, so it ships only in announced maintenance"
    pattern = question.pattern
    if pattern is not None and pattern.maintenance_only:
        return f"The rollout pattern {pattern.name} is only for announced maintenance"
    return None


def _windows(question: Question) -> list[Iterator[Occurrence]]:
    """The windows of each maintenance of the product that are not over."""
    return [
        islice(upcoming(maintenance, question.now), LOOK_AHEAD)
        for maintenance in question.catalog.maintenance
        if maintenance.product == question.release.product
    ]


GATE = Gate("maintenance.window", Half.ENVIRONMENT, "the wait for a maintenance window", ask, boundaries)
