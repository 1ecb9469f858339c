"""When events with something missing are near: the boundaries of gates that ask what is known of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from heapq import merge

from publisher.model.content.event import Event
from publisher.rules.engine.question import Question
from publisher.rules.freeze.timeline import Timeline


def while_near(question: Question, key: Hashable, missing: Callable[[Event], bool]) -> Iterable[datetime]:
    """The moments at which events with something missing come near or are over; looked for once for each key.

    Where nothing is missing, at no event of the catalog, there are none; so a register that is kept well costs no time.
    """
    memo, now = question.catalog.memo, question.now
    key = (key, question.policy.version)
    if key not in memo:
        memo[key] = frozenset(event.id for event in question.catalog.events if missing(event))
    lacking: frozenset[str] = memo[key]
    if not lacking:
        return ()
    kind = (key, question.subject)
    known: tuple[Timeline, tuple[datetime, ...]] | None = memo.get(kind)
    if known is None or known[0] is not question.timeline:
        windows = [
            window
            for window in question.timeline.windows
            if isinstance(window.cause, Event) and window.cause.id in lacking
        ]
        edges = tuple(sorted({edge for window in windows for edge in (window.start, window.end)}))
        known = memo[kind] = question.timeline, edges
    named = (question.catalog.event(name) for name in question.release.events if name in lacking)
    ends = (event.ends for event in named if event is not None and event.ends > now)
    return merge(known[1][bisect_right(known[1], now) :], sorted(ends))
