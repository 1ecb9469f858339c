"""What must hold around a release besides the release itself: people who are there, and announced maintenance."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from publisher.model.catalog import Catalog
from publisher.model.content.release import Kind
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.profile import not_required
from publisher.rules.engine.question import Question
from publisher.rules.gates.environment import rollout_pattern
from publisher.rules.maintenance.judge import judge
from publisher.rules.staffing.coverage import BLOCK, DUTIES, KNOWN, blocks, lacking, missing
from publisher.rules.staffing.local_time import Span, merged
from publisher.rules.staffing.occurrences import Occurrence, upcoming

_SECOND = timedelta(seconds=1)

LOOK_AHEAD = 60
"""So many coming windows of each maintenance are looked at; of a weekly slot, more than a year."""


def coverage(question: Question) -> Verdict:
    """Near an event a release ships only if people are there at once and for the first day (R62)."""
    policy = question.policy
    if (verdict := not_required("environment.coverage", policy)) is not None:
        return verdict
    if not question.near:
        return Verdict(
            rule="environment.coverage",
            outcome=Outcome.NOT_APPLICABLE,
            reason="No event is near, so no staff needs to stand by.",
        )
    after = policy.maintenance.after
    if gaps := missing(question.catalog, DUTIES, question.now, question.now + after):
        return Verdict(
            rule="environment.coverage",
            outcome=Outcome.BLOCKED,
            reason=f"{lacking(question.catalog, gaps)}. Near an event, {english.listed(DUTIES)} must be staffed"
            f" for {english.length(after)} from the release on.",
            public_reason="Near an event, a release waits until the people who may be needed are on duty.",
            who="Operations",
            fix="Ship when all duties are staffed, or fill the gaps in staffing.yaml.",
        )
    return Verdict(
        rule="environment.coverage",
        outcome=Outcome.PASS,
        reason=f"{english.listed(DUTIES).capitalize()} are staffed for {english.length(after)} from now.",
    )


def coverage_boundaries(question: Question) -> Iterator[datetime]:
    """What is near begins or ends, or a gap comes within reach or is over; in order, and only while events are near."""
    catalog, now = question.catalog, question.now
    if not_required("environment.coverage", question.policy) is not None:
        return
    for start, end in _near_spans(question):
        if start > now:
            yield start
        if catalog.staffing is not None:
            yield from _reach_edges(catalog, question.policy.maintenance.after, max(start, now), end)
        yield end


def _near_spans(question: Question) -> Iterator[Span]:
    """When events are near, from now on: while their freezes hold, and up to the end of those that it names."""
    now, spans = question.now, question.timeline.of_events.spans
    named = (question.catalog.event(name) for name in question.release.events)
    ends = [event.ends for event in named if event and event.status != "cancelled" and event.ends > now]
    current = (now, max(ends)) if ends else None
    for index in range(bisect_right(spans, now, key=lambda span: span[1]), len(spans)):
        start, end = spans[index]
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
        else:
            if current is not None:
                yield current
            current = start, end
    if current is not None:
        yield current


def _reach_edges(catalog: Catalog, after: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments between `start` and `end` at which gaps come within reach, or are over; worked out block by block."""
    for block in blocks(max(start, KNOWN[0]), end):
        key = ("reach", after, block)
        if key not in catalog.memo:
            catalog.memo[key] = _edges_of(catalog, after, block)
        # The beginning of a block, at which nothing need change, keeps a long wait for the next edge short.
        yield from (edge for edge in (block, *catalog.memo[key]) if start < edge < end)


def _edges_of(catalog: Catalog, after: timedelta, block: datetime) -> tuple[datetime, ...]:
    gaps = missing(catalog, DUTIES, block - _SECOND, block + BLOCK + after)  # a second more, for what ends just there
    # The last moment from which everything is covered is exactly `after` before a gap; moments are whole seconds.
    within_reach = merged((start - after + _SECOND, end) for spans in gaps.values() for start, end in spans)
    return tuple(edge for span in within_reach for edge in span if block < edge < block + BLOCK)


def maintenance_only(question: Question) -> Verdict:
    """What cannot be taken back ships only while announced maintenance of its product holds (R41, R71)."""
    if (why := _only_in_maintenance(question)) is None:
        return Verdict(
            rule="maintenance.window",
            outcome=Outcome.NOT_APPLICABLE,
            reason="It does not need a maintenance window.",
        )
    if (verdict := not_required("maintenance.window", question.policy)) is not None:
        return verdict
    coming = merge(*_windows(question), key=lambda window: (window.start, window.maintenance.id))
    window = next((window for window in coming if _may_happen(question.catalog, window)), None)
    if window is None:
        return Verdict(
            rule="maintenance.window",
            outcome=Outcome.BLOCKED,
            reason=f"{why}, and {question.product.name} has no announced window that may take place.",
            who="Operations",
            fix="Announce a window in content/maintenance/. `publish maintenance` shows what blocks a window.",
        )
    title = f'"{window.maintenance.title}"'
    neutral = None if window.maintenance.is_public(question.now) else f'"{window.maintenance.public_title}"'
    if window.start <= question.now:
        ships = f"lasts until {english.moment(window.end)}."
        return Verdict(
            rule="maintenance.window",
            outcome=Outcome.PASS,
            reason=f"It ships in announced maintenance: {title} {ships}",
            public_reason=neutral and f"It ships in announced maintenance: {neutral} {ships}",
        )
    on = f"on {english.moment(window.start)}."
    return Verdict(
        rule="maintenance.window",
        outcome=Outcome.WAITING,
        reason=f"{why}: it waits for {title} {on}",
        public_reason=neutral and f"{why}: it waits for {neutral} {on}",
        fix="Ship it in that window, or announce an earlier one in content/maintenance/.",
        until=window.start,
        sources=(window.maintenance.id,),
    )


def maintenance_boundaries(question: Question) -> Iterator[datetime]:
    """Start and end of the coming windows, in order."""
    needed = not_required("maintenance.window", question.policy) is None
    if not needed or _only_in_maintenance(question) is None:
        return
    edges = merge(*((edge for window in windows for edge in window.span) for windows in _windows(question)))
    yield from (edge for edge in edges if edge > question.now)


def _only_in_maintenance(question: Question) -> str | None:
    """Why a release ships in maintenance only; None if it need not."""
    if question.release.kind is Kind.MIGRATION:
        return "A migration cannot be taken back, so it ships only in announced maintenance"
    chosen = rollout_pattern.chosen(question)
    if chosen is not None and chosen.maintenance_only:
        return f"The rollout pattern {chosen.name} is only for announced maintenance"
    return None


def _windows(question: Question) -> list[Iterator[Occurrence]]:
    """The windows of each maintenance of the product that are not over."""
    return [
        islice(upcoming(maintenance, question.now), LOOK_AHEAD)
        for maintenance in question.catalog.maintenance
        if maintenance.product == question.release.product
    ]


def _may_happen(catalog: Catalog, window: Occurrence) -> bool:
    return not any(verdict.outcome.stops for verdict in judge(catalog, window.maintenance, window.start))
