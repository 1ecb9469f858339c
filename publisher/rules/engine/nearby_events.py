"""When events with something missing are near: the boundaries of gates that ask what is known of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.rules.engine.question import Question
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline


def while_near(question: Question, lacking: frozenset[str]) -> Iterable[datetime]:
    """The moments at which events with something missing, named in `lacking`, come near or are over.

    Where nothing is missing, at no event of the catalog, there are none; so a register that is kept well costs no time.
    """
    if not lacking:
        return ()
    catalog, now = question.catalog, question.now
    edges = catalog.remember(_edges, question.subject, lacking)
    named = (catalog.event(name) for name in question.release.named_events if name in lacking)
    ends = (event.ends for event in named if event is not None and event.ends > now)
    return merge(edges[bisect_right(edges, now) :], sorted(ends))


def _edges(catalog: Catalog, subject: Subject, lacking: frozenset[str]) -> list[datetime]:
    windows = [window for window in timeline(catalog, subject).of_events.windows if window.cause.id in lacking]
    return sorted({edge for window in windows for edge in (window.start, window.end)})
