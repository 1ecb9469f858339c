"""The freeze windows of one kind of change, ready to be asked about any moment.

Windows are few at a time although they are many in all: every question is a search in sorted lists and a look at the
windows that may hold at the moment, so many releases against many events cost about as much as both together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.timespan import Span
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.windows import Hardness, Window, freeze_windows

FOLLOWED = 12
"""So many freezes that follow one another are named; nobody reads of more, and each costs time."""

RESOLUTION = timedelta(seconds=1)
"""The smallest step of times in content."""


@dataclass(frozen=True)
class Part:
    """Some windows of a timeline, with the spans of time that they cover together."""

    windows: tuple[Window, ...]
    """By start."""

    @cached_property
    def _starts(self) -> list[datetime]:
        return [window.start for window in self.windows]

    @cached_property
    def _longest(self) -> timedelta:
        return max((window.end - window.start for window in self.windows), default=timedelta())

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Half-open spans that the windows cover, merged where they touch, in order."""
        merged: list[Span] = []
        for window in self.windows:
            if merged and window.start <= merged[-1].end:
                merged[-1] = Span(merged[-1].start, max(merged[-1].end, window.end))
            else:
                merged.append(Span(window.start, window.end))
        return tuple(merged)

    @cached_property
    def edges(self) -> list[datetime]:
        """Starts and ends of the spans; no two are equal."""
        return [edge for span in self.spans for edge in span]

    @cached_property
    def _stretches(self) -> dict[tuple[int, ...], tuple[Window, ...]]:
        """Stretches that were asked for: the same windows at the start have the same ones after them."""
        return {}

    def holding(self, now: datetime) -> tuple[Window, ...]:
        """The windows that hold at `now`, by start."""
        last = bisect_right(self._starts, now)
        first = bisect_right(self._starts, now - self._longest)
        return tuple(window for window in self.windows[first:last] if window.end > now)

    def edges_after(self, now: datetime) -> Iterator[datetime]:
        """The moments to come at which the first window begins or the last ends, in order."""
        for index in range(bisect_right(self.edges, now), len(self.edges)):
            yield self.edges[index]

    def next_start(self, now: datetime) -> datetime | None:
        """When the next window begins."""
        index = bisect_right(self._starts, now)
        return self._starts[index] if index < len(self._starts) else None

    def until(self, now: datetime) -> datetime | None:
        """When the windows that hold at `now`, and those that follow without a gap, are over; None when none holds."""
        index = bisect_right(self.edges, now)
        return self.edges[index] if index % 2 else None

    def last(self, until: datetime) -> Window:
        """The window that ends with a span."""
        return max(self.holding(until - RESOLUTION), key=_end)

    def stretch(self, now: datetime) -> tuple[Window, ...]:
        """Windows that hold at `now` and, without a gap, one after the other from there on; at most FOLLOWED."""
        first = self.holding(now)
        if not first:
            return ()
        key = tuple(map(id, first))
        if key not in self._stretches:
            stretch = [max(first, key=_end)]
            while len(stretch) < FOLLOWED and (following := self.holding(stretch[-1].end)):
                stretch.append(max(following, key=_end))
            self._stretches[key] = tuple(stretch)
        return self._stretches[key]


def _end(window: Window) -> datetime:
    return window.end


@dataclass(frozen=True)
class Timeline(Part):
    """All windows of one kind of change."""

    def part(self, belongs: Callable[[Window], bool]) -> Part:
        """The windows that are wanted."""
        return Part(tuple(window for window in self.windows if belongs(window)))

    @cached_property
    def hard(self) -> Part:
        """Hard freezes."""
        return self.part(lambda window: window.hardness is Hardness.HARD)

    @cached_property
    def soft(self) -> Part:
        """Soft freezes."""
        return self.part(lambda window: window.hardness is Hardness.SOFT)

    @cached_property
    def soft_stopping(self) -> Part:
        """Soft freezes that stop this class."""
        return self.part(lambda window: window.hardness is Hardness.SOFT and window.stops)

    @cached_property
    def soft_of_events(self) -> Part:
        """Soft freezes around events, in which even allowed classes must prove that they are needed."""
        return self.part(lambda window: window.hardness is Hardness.SOFT and isinstance(window.cause, Event))

    @cached_property
    def of_events(self) -> Part:
        """Freezes around events, hard and soft: while one holds, its event is near."""
        return self.part(lambda window: isinstance(window.cause, Event))

    @cached_property
    def stopping(self) -> Part:
        """Everything that stops this class."""
        return self.part(lambda window: window.stops)

    @cached_property
    def all_edges(self) -> Sequence[datetime]:
        """Every start and end of every window, once each, in order."""
        return sorted({edge for window in self.windows for edge in (window.start, window.end)})

    def every_edge_after(self, now: datetime) -> Iterator[datetime]:
        """Starts and ends that are still to come, in order."""
        for index in range(bisect_right(self.all_edges, now), len(self.all_edges)):
            yield self.all_edges[index]


def timeline(catalog: Catalog, subject: Subject) -> Timeline:
    """The timeline of a kind of change; worked out once for each catalog and kind."""
    return catalog.remember(_timeline, _as_the_policy_sees(catalog, subject))


def timeline_without(catalog: Catalog, subject: Subject, event: str) -> Timeline:
    """The same without the freezes of one event, by id."""
    return catalog.remember(_timeline_without, _as_the_policy_sees(catalog, subject), event)


def _timeline_without(catalog: Catalog, subject: Subject, event: str) -> Timeline:
    return Timeline(tuple(window for window in timeline(catalog, subject).windows if window.cause.id != event))


def _timeline(catalog: Catalog, subject: Subject) -> Timeline:
    return Timeline(freeze_windows(catalog, subject))


def _as_the_policy_sees(catalog: Catalog, subject: Subject) -> Subject:
    """The same subject with the shortest time of testing that no policy tells from its own, so that many share one."""
    limits = catalog.remember(tested_limits)
    met = limits[: bisect_right(limits, subject.tested)]
    return replace(subject, tested=met[-1] if met else timedelta())


def tested_limits(catalog: Catalog) -> list[timedelta]:
    """Every length of testing from which on a policy treats a release differently, shortest first."""
    adjustments = [adjustment for policy in catalog.policies for adjustment in policy.freeze.adjust]
    return sorted({limit for adjustment in adjustments if (limit := adjustment.tested_less_than) is not None})
