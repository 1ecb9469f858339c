"""Freeze windows: an event and the policy's matrix give half-open intervals [start, end) in UTC (R19-R21, R26)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from publisher.model.base import duration_text
from publisher.model.catalog import Catalog
from publisher.model.event import Event
from publisher.model.policy import Adjustment, Band, FreezePolicy
from publisher.model.product import ClientType
from publisher.model.release import ChangeClass

LENGTHS = ("hard_before", "hard_after", "soft_before", "soft_after")


class Hardness(StrEnum):
    """Hard stops every change that is not exempt; soft lets the classes of `soft_allows` through."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True)
class Window:
    """One freeze around one event, for one client type and change class."""

    event: Event
    hardness: Hardness
    start: datetime
    end: datetime
    """The first moment after the freeze."""
    arithmetic: str
    """How its length came about."""

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies in [start, end)."""
        return self.start <= now < self.end


@dataclass(frozen=True)
class Timeline:
    """All freeze windows for one client type and change class, ready to be asked about any moment."""

    windows: tuple[Window, ...]
    """By start."""

    @cached_property
    def edges(self) -> tuple[datetime, ...]:
        """Every start and end, once each, in order."""
        return tuple(sorted({edge for window in self.windows for edge in (window.start, window.end)}))

    @cached_property
    def _starting(self) -> dict[Hardness, list[datetime]]:
        return {hardness: [w.start for w in self.windows if w.hardness is hardness] for hardness in Hardness}

    @cached_property
    def _between(self) -> list[tuple[Window, ...]]:
        """The windows that hold from each edge to the next."""
        starting: dict[datetime, list[Window]] = {}
        for window in self.windows:
            starting.setdefault(window.start, []).append(window)
        held: list[Window] = []
        between = []
        for edge in self.edges:
            held = [window for window in held if window.end > edge] + starting.get(edge, [])
            between.append(tuple(held))
        return between

    @cached_property
    def _stretches(self) -> dict[tuple[Hardness, int], tuple[Window, ...]]:
        """Stretches that were asked for, by the number of edges before them: between two edges nothing differs."""
        return {}

    def holding(self, now: datetime) -> tuple[Window, ...]:
        """The windows that hold at `now`."""
        index = bisect_right(self.edges, now)
        return self._between[index - 1] if index else ()

    def edges_after(self, now: datetime) -> Sequence[datetime]:
        """Starts and ends that are still to come."""
        return self.edges[bisect_right(self.edges, now) :]

    def next_start(self, hardness: Hardness, now: datetime) -> datetime | None:
        """When the next window of this hardness begins."""
        starts = self._starting[hardness]
        index = bisect_right(starts, now)
        return starts[index] if index < len(starts) else None

    def stretch(self, hardness: Hardness, now: datetime) -> tuple[Window, ...]:
        """The windows of this hardness that hold at `now` and, without a gap, one after the other from there on."""
        key = (hardness, bisect_right(self.edges, now))
        if key not in self._stretches:
            stretch: list[Window] = []
            moment = now
            while holding := [window for window in self.holding(moment) if window.hardness is hardness]:
                stretch.append(max(holding, key=lambda window: window.end))
                moment = stretch[-1].end
            self._stretches[key] = tuple(stretch)
        return self._stretches[key]


def timeline(catalog: Catalog, client_type: ClientType, change_class: ChangeClass) -> Timeline:
    """The freeze windows of the catalog's events; worked out once for each catalog and kind of change."""
    key = ("timeline", client_type, change_class)
    if key not in catalog.memo:
        windows = freeze_windows(catalog.policy.freeze, catalog.events, client_type, change_class)
        catalog.memo[key] = Timeline(windows)
    found: Timeline = catalog.memo[key]
    return found


@dataclass(frozen=True)
class Lengths:
    """A band with the story of each of its lengths."""

    band: Band
    story: dict[str, str]


def freeze_windows(
    policy: FreezePolicy, events: Iterable[Event], client_type: ClientType, change_class: ChangeClass
) -> tuple[Window, ...]:
    """Every window that the events open for this kind of change, by start."""
    # The lengths follow from an event's type and severity alone, so a thousand events share a few dozen of them.
    known: dict[tuple[str, int], Lengths | None] = {}
    windows: list[Window] = []
    for event in events:
        if event.status == "cancelled":
            continue
        key = (event.type, event.severity.score)
        if key not in known:
            known[key] = freeze_lengths(policy, event, client_type, change_class)
        if (lengths := known[key]) is not None:
            windows.extend(_windows_of(event, lengths))
    return tuple(sorted(windows, key=lambda window: (window.start, window.end, window.event.id)))


def _windows_of(event: Event, lengths: Lengths) -> list[Window]:
    band, story = lengths.band, lengths.story
    hard_start, hard_end = event.starts - band.hard_before, event.ends + band.hard_after
    candidates = (
        (Hardness.SOFT, hard_start - band.soft_before, hard_start, story["soft_before"]),
        (Hardness.HARD, hard_start, hard_end, _both(story["hard_before"], story["hard_after"])),
        (Hardness.SOFT, hard_end, hard_end + band.soft_after, story["soft_after"]),
    )
    return [Window(event, hardness, start, end, text) for hardness, start, end, text in candidates if start < end]


def freeze_lengths(
    policy: FreezePolicy, event: Event, client_type: ClientType, change_class: ChangeClass
) -> Lengths | None:
    """The band for one event and kind of change with its arithmetic; None where the policy exempts it."""
    base = next(base for base in policy.base if event.type in base.events)
    lengths = {name: getattr(base.band, name) for name in LENGTHS}
    terms = {name: [_term(lengths[name], base.because)] if lengths[name] else [] for name in LENGTHS}
    for adjustment in policy.adjust:
        if not _applies(adjustment, event, client_type, change_class):
            continue
        if adjustment.exempt:
            return None
        for name in LENGTHS:
            fixed = getattr(adjustment.set, name) if adjustment.set else None
            added = getattr(adjustment.add, name) if adjustment.add else None
            if fixed is not None:
                lengths[name], terms[name] = fixed, [_term(fixed, adjustment.because)] if fixed else []
            if added:
                lengths[name] += added
                terms[name].append(_term(added, adjustment.because))
    return Lengths(Band(**lengths), {name: _sum(terms[name], lengths[name]) for name in LENGTHS})


def _applies(adjustment: Adjustment, event: Event, client_type: ClientType, change_class: ChangeClass) -> bool:
    return (
        (not adjustment.events or event.type in adjustment.events)
        and (not adjustment.client_types or client_type in adjustment.client_types)
        and (not adjustment.classes or change_class in adjustment.classes)
        and adjustment.severity_at_least <= event.severity.score <= adjustment.severity_at_most
    )


def _term(length: timedelta, because: str) -> str:
    return f"{duration_text(length)} {because}"


def _sum(terms: list[str], total: timedelta) -> str:
    return " + ".join(terms) + (f" = {duration_text(total)}" if len(terms) > 1 else "")


def _both(before: str, after: str) -> str:
    named = [f"{text} {side}" for text, side in ((before, "before"), (after, "after")) if text]
    return (
        "; ".join([*named[:1], "through the event", *named[1:]]) if before else "; ".join(["through the event", *named])
    )
