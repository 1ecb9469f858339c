"""Near an event a release ships only if people are there at once and for the first day (R62)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.question import Question
from publisher.rules.staffing.coverage import BLOCK, DUTIES, KNOWN, blocks, lacking, missing
from publisher.rules.staffing.local_time import merged

_SECOND = timedelta(seconds=1)


def ask(question: Question) -> Ruling:
    """Whether every duty is staffed from now on, for as long as the policy says."""
    if not question.near:
        return Ruling(Outcome.NOT_APPLICABLE, public="No event is near, so no staff needs to stand by.")
    after = question.policy.maintenance.after
    if gaps := missing(question.catalog, DUTIES, question.now, question.now + after):
        return Ruling(
            Outcome.BLOCKED,
            reason=f"{lacking(question.catalog, gaps)}. Near an event, {english.listed(DUTIES)} must be staffed"
            f" for {english.length(after)} from the release on.",
            public="Near an event, a release waits until the people who may be needed are on duty.",
            who="Operations",
            fix="Ship when all duties are staffed, or fill the gaps in staffing.yaml.",
        )
    return Ruling(
        Outcome.PASS,
        public=f"{english.listed(DUTIES).capitalize()} are staffed for {english.length(after)} from now.",
    )


def boundaries(question: Question) -> Iterator[datetime]:
    """What is near begins or ends, or a gap comes within reach or is over; in order, and only while events are near."""
    catalog, now = question.catalog, question.now
    for start, end in _near_spans(question):
        if start > now:
            yield start
        if catalog.staffing is not None:
            yield from _reach_edges(catalog, question.policy.maintenance.after, max(start, now), end)
        yield end


def _near_spans(question: Question) -> Iterator[Span]:
    """When events are near, from now on: while their freezes hold, and up to the end of those that it names."""
    now, spans = question.now, question.timeline.of_events.spans
    named = (question.catalog.event(name) for name in question.release.named_events)
    ends = [event.ends for event in named if event and event.status != "cancelled" and event.ends > now]
    current = Span(now, max(ends)) if ends else None
    for index in range(bisect_right(spans, now, key=lambda span: span[1]), len(spans)):
        span = spans[index]
        if current is not None and span.start <= current.end:
            current = Span(current.start, max(current.end, span.end))
        else:
            if current is not None:
                yield current
            current = span
    if current is not None:
        yield current


def _reach_edges(catalog: Catalog, after: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments between `start` and `end` at which gaps come within reach, or are over; worked out block by block."""
    for block in blocks(max(start, KNOWN[0]), end):
        # The beginning of a block, at which nothing need change, keeps a long wait for the next edge short.
        yield from (edge for edge in (block, *catalog.remember(_edges_of, after, block)) if start < edge < end)


def _edges_of(catalog: Catalog, after: timedelta, block: datetime) -> tuple[datetime, ...]:
    gaps = missing(catalog, DUTIES, block - _SECOND, block + BLOCK + after)  # a second more, for what ends just there
    # The last moment from which everything is covered is exactly `after` before a gap; moments are whole seconds.
    within_reach = merged((start - after + _SECOND, end) for spans in gaps.values() for start, end in spans)
    return tuple(edge for span in within_reach for edge in span if block < edge < block + BLOCK)


GATE = Gate("environment.coverage", Half.ENVIRONMENT, "a gap in staffing", ask, boundaries, profiles=TEAM)
