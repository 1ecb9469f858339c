"""Freeze windows: half-open intervals [start, end) in UTC in which releases stop, and why (R10, R18-R26).

Events and the policy's matrix open them, and sprint freezes that the team gives itself. What was known when a freeze
began counts until its end: neither a later policy nor a date that was moved shortens it while it runs (R25, R98).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from publisher.model.catalog import Catalog
from publisher.model.content.event import REVISED, Event, Revision, Trigger
from publisher.model.content.policy import FreezePolicy, Policy
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.visibility import Visibility
from publisher.rules import english
from publisher.rules.freeze.drift import DAY, reached
from publisher.rules.freeze.matrix import Case, Lengths, Subject, freeze_lengths, padded_lengths
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.staffing.coverage import uncovered

EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Hardness(StrEnum):
    """Hard stops every change that is not exempt; soft lets some classes through."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True)
class Window:
    """One freeze around one cause, for one kind of change."""

    cause: Event | SprintFreeze
    hardness: Hardness
    start: datetime
    end: datetime
    """The first moment after the freeze."""
    arithmetic: str
    """How its length came about."""
    allows: tuple[ChangeClass, ...] = ()
    """Change classes that may ship in it."""
    stops: bool = True
    """Whether it stops the kind of change that it was worked out for by its class alone."""
    after: bool = False
    """Whether it is the soft freeze after an event."""
    policy: str = ""
    """What is said of the policy that it follows, where another took effect before its end."""

    def holds(self, now: datetime) -> bool:
        """Whether `now` lies in [start, end)."""
        return self.start <= now < self.end


def arithmetic(windows: Iterable[Window]) -> list[str]:
    """How the lengths came about, once each; an earlier policy is named only where the next does not say the same."""
    policies: dict[str, list[str]] = {}
    for window in windows:
        policies.setdefault(window.arithmetic, []).append(window.policy)
    return [text if "" in added else text + added[0] for text, added in policies.items() if text]


@dataclass(frozen=True)
class Era:
    """A span in which one policy held and one thing was known of an event."""

    policy: Policy
    event: Event
    start: datetime
    end: datetime
    revised: str
    """What is said of a freeze that outlives what was known of the event in this era; empty: it was known on."""

    @property
    def padded(self) -> bool:
        """Whether the freeze must not tell what the event is; also once it is public, since a freeze never shrinks."""
        return self.policy.freeze.pad_hidden and self.event.visibility is not Visibility.PUBLIC


def freeze_windows(catalog: Catalog, subject: Subject) -> tuple[Window, ...]:
    """Every window for this kind of change, by start."""
    # The lengths follow from a few properties of an event, so a thousand events share a few dozen of them.
    known: dict[tuple[int, Case | None], Lengths | None] = {}
    windows: list[Window] = []
    for event, era, case in catalog.remember(_cases):
        key = (era.policy.version, case)
        if key not in known:
            freeze = era.policy.freeze
            known[key] = freeze_lengths(freeze, case, subject) if case else padded_lengths(freeze, subject)
        if (lengths := known[key]) is not None:
            windows.extend(_begun_in(era, _windows_of(era, lengths, subject, event)))
    windows.extend(_sprints(catalog, subject))
    return tuple(sorted(windows, key=lambda window: (window.start, window.end, window.cause.id)))


def _cases(catalog: Catalog) -> list[tuple[Event, Era, Case | None]]:
    """Each event in each of its eras, with what the matrix asks of it there; None where the freeze must not tell."""
    held = {name: _policy_eras(catalog, name) for name in {event.type for event in catalog.events}}
    asked = any(adjustment.uncovered for policy in catalog.policies for adjustment in policy.freeze.adjust)
    cases: list[tuple[Event, Era, Case | None]] = []
    for event in catalog.events:
        for era in _eras(held[event.type], event):
            if (known := era.event).status != "cancelled":
                gap = asked and uncovered(catalog, known)
                case = Case.of(known, effective_severity(catalog, known), uncovered=gap)
                cases.append((event, era, None if era.padded else case))
    return cases


def _policy_eras(catalog: Catalog, kind: str) -> Sequence[tuple[Policy, datetime, datetime]]:
    """Which policy held when for events of a type; one that did not know the type yet is passed over for the next."""
    policies = (*(policy for policy in catalog.earlier_policies if kind in policy.event_types), catalog.policy)
    starts = (EVER, *(policy.effective for policy in policies[1:]))
    return tuple(zip(policies, starts, (*starts[1:], NEVER), strict=True))


def _eras(policies: Sequence[tuple[Policy, datetime, datetime]], event: Event) -> Iterator[Era]:
    """Each policy with each thing that was known of the event, where the two met."""
    since = EVER
    for revision in (*event.revisions, None):
        until = revision.until if revision else NEVER
        version = _as_known(event, revision) if revision else event
        for policy, start, end in policies:
            first, last = max(since, start), min(until, end)
            if first < last:
                revised = _revised(until) if revision and last == until else ""
                yield Era(policy, version, first, last, revised)
        since = until


def _as_known(event: Event, revision: Revision) -> Event:
    known = {name: value for name in REVISED if (value := getattr(revision, name)) is not None}
    if revision.starts is not None and revision.trigger is None:
        known["trigger"] = None  # a date was known then, and no block
    return event.model_copy(update=known)


def _revised(until: datetime) -> str:
    return f" (as planned until {english.day(until)}; a freeze that has begun runs to its end)"


def _begun_in(era: Era, windows: Sequence[Window]) -> Iterator[Window]:
    """The windows that held in the era, from when it began at the earliest; one that outlives it runs to its end."""
    for window in windows:
        if window.start < era.end and window.end > era.start:
            if era.start <= window.start and window.end <= era.end:
                yield window
                continue
            start, outlives = max(window.start, era.start), window.end > era.end
            if outlives and era.revised:
                yield replace(window, start=start, arithmetic=window.arithmetic + era.revised)
            else:
                policy = f" (policy version {era.policy.version}, in force when the freeze began)"
                yield replace(window, start=start, policy=policy if outlives else "")


def _windows_of(era: Era, lengths: Lengths, subject: Subject, cause: Event) -> list[Window]:
    policy, event, band = era.policy.freeze, era.event, lengths.band
    guess = _Guess.of(event, policy)
    if era.padded:
        guess = replace(guess, start=_day(guess.start), end=_day(guess.end + DAY - timedelta(microseconds=1)))
    hard_start = guess.start - band.hard_before
    hard_end = guess.end + band.hard_after
    soft_stops = subject.change_class not in policy.soft_allows
    candidates = (
        (Hardness.SOFT, hard_start - band.soft_before, hard_start, lengths.soft_before),
        (Hardness.HARD, hard_start, hard_end, lengths.hard + guess.words),
        (Hardness.SOFT, hard_end, hard_end + band.soft_after, lengths.soft_after),
    )
    moved = guess.moved if not era.padded else guess.moved_to_days
    return [
        Window(
            cause,
            hardness,
            start,
            end,
            text,
            policy.soft_allows if hardness is Hardness.SOFT else (),
            stops=hardness is Hardness.HARD or soft_stops,
            after=first == hard_end,
        )
        for hardness, first, last, text in candidates
        if (start := moved(first)) < (end := moved(last))
    ]


@dataclass(frozen=True)
class _Guess:
    """When an event takes place, as far as it can be told; an estimate grows wider with its age (R18)."""

    start: datetime
    end: datetime
    trigger: Trigger | None
    per_day: timedelta
    """How much one day of age adds."""
    words: str

    @classmethod
    def of(cls, event: Event, policy: FreezePolicy) -> _Guess:
        trigger = event.estimate
        if trigger is None:
            return cls(event.starts, event.ends, None, timedelta(), "")
        per_day = policy.uncertainty.drift_per_day
        text = (
            f"; from the earliest to the latest moment at which {trigger.kind} {trigger.height:,} is expected,"
            f" plus {english.length(per_day)} on both sides for each day since {english.day(trigger.as_of)}"
        )
        return cls(event.earliest, event.over, trigger, per_day, text)

    def moved(self, moment: datetime) -> datetime:
        """An edge of a freeze, moved to when it is reached while the estimate ages."""
        if self.trigger is None:
            return moment
        return reached(moment, self.trigger.as_of, self.per_day, before=moment <= self.start)

    def moved_to_days(self, moment: datetime) -> datetime:
        """The same for an event that is not public: whole days, outwards, since an odd hour would tell of a block."""
        edge = self.moved(moment)
        return _day(edge) if moment <= self.start else _day(edge + DAY - timedelta(microseconds=1))


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _sprints(catalog: Catalog, subject: Subject) -> Iterator[Window]:
    for sprint in catalog.sprints:
        if not sprint.products or subject.product in sprint.products:
            yield Window(
                sprint,
                Hardness.SOFT,
                sprint.starts,
                sprint.ends,
                sprint.because,
                sprint.allows,
                stops=subject.change_class not in sprint.allows,
            )
