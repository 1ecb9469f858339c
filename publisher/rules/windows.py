"""Freeze windows: an event and the policy's matrix give half-open intervals [start, end) in UTC (R19-R21, R26)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.model.base import duration_text
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
class Lengths:
    """A band with the story of each of its lengths."""

    band: Band
    story: dict[str, str]


def freeze_windows(
    policy: FreezePolicy, events: Iterable[Event], client_type: ClientType, change_class: ChangeClass
) -> tuple[Window, ...]:
    """Every window that the events open for this kind of change, by start."""
    windows = [
        window
        for event in events
        if event.status != "cancelled"
        for window in _windows_of(policy, event, client_type, change_class)
    ]
    return tuple(sorted(windows, key=lambda window: (window.start, window.end, window.event.id)))


def _windows_of(policy: FreezePolicy, event: Event, client_type: ClientType, change_class: ChangeClass) -> list[Window]:
    lengths = freeze_lengths(policy, event, client_type, change_class)
    if lengths is None:
        return []
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
