"""The soft freeze after a severe event lasts until clients are well, and measured to be (R22).

What is unhealthy stops everything but what mends it. What is not measured is unknown, for a while: after the policy's
patience the freeze ends, since a freeze for ever is no plan (R2).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import MonitorPolicy
from publisher.model.content.release import ChangeClass
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.public_words import about, neutral, titled
from publisher.rules.engine.question import Question
from publisher.rules.freeze.drift import FAR
from publisher.rules.freeze.fix_confidence import sure_fix
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.freeze.timeline import Part, Timeline, timeline
from publisher.rules.freeze.windows import Window
from publisher.rules.health.readings import Health, changes, last_reading, limits, state, watching


@dataclass(frozen=True)
class Watched:
    """When clients are watched, for one kind of change under one policy."""

    part: Part
    """One window for each severe event, from the start of its soft freeze to the moment at which clients are well."""
    edges: Sequence[datetime]
    """The moments at which the verdict may change, in order."""


def ask(question: Question) -> Ruling:
    """After a severe event, clients are measured to be well before anything ships that does not mend them."""
    if question.release.change_class is ChangeClass.DOCS:
        return Ruling(Outcome.NOT_APPLICABLE, public="Documentation does not change the program.")
    watched = question.catalog.remember(_watched, question.subject, question.policy.monitors)
    events = [window.cause for window in watched.part.holding(question.now) if isinstance(window.cause, Event)]
    if not events:
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public="No soft freeze follows a severe event now, so no measurements are needed.",
        )
    stopped_until = question.freezes.stopping.until(question.now)
    watchers = watching(question.catalog, question.release.product)
    states = {monitor: state(monitor, question.now) for monitor in watchers}
    ill = [monitor for monitor, health in states.items() if health is Health.UNHEALTHY]
    silent = [monitor for monitor, health in states.items() if health is Health.MISSING]
    lacking = [
        quantity
        for quantity in question.policy.monitors.required
        if quantity not in {monitor.measures for monitor in watchers}
    ]
    around = f"after {titled(events)}"
    if ill and stopped_until is None and not sure_fix(question.release):
        reason = (
            f"Clients are unhealthy {around}. {english.sentences([_ill(monitor, question.now) for monitor in ill])}"
            " Until they recover, only essential fixes of high confidence may ship."
        )
        return about(
            events,
            question.now,
            Outcome.BLOCKED,
            reason,
            public="clients have not recovered yet.",
            who="Operations",
            fix="Find the cause, and add a reading to content/monitors/ or content/readings/ once clients are healthy"
            " again.",
        )
    if (silent or lacking) and stopped_until is None:
        unknown = [
            *(_silent(monitor, question.now) for monitor in silent),
            *(f"No monitor measures {quantity}." for quantity in lacking),
        ]
        reason = f"Measurements are missing {around}. {english.sentences(unknown)}"
        return about(
            events,
            question.now,
            Outcome.UNKNOWN,
            reason,
            public="measurements of how clients are doing are missing.",
            who="Operations",
            fix="Add a reading to content/monitors/ or content/readings/. Without one, the wait ends on"
            f" {english.moment(max(window.end for window in watched.part.holding(question.now)))}.",
        )
    reason = _passing(around, ill=bool(ill), unknown=bool(silent or lacking), stopped_until=stopped_until)
    if (neutral_words := neutral(events, question.now, "clients are being monitored.")) is not None:
        return Ruling(Outcome.PASS, reason=reason, public=neutral_words)
    return Ruling(Outcome.PASS, public=reason)


def boundaries(question: Question) -> Iterable[datetime]:
    """Where a time of watching, a freeze, or what is known of clients begins or ends."""
    if question.release.change_class is ChangeClass.DOCS:
        return ()
    edges = question.catalog.remember(_watched, question.subject, question.policy.monitors).edges
    return merge(edges[bisect_right(edges, question.now) :], question.lift_boundaries())


def _watched(catalog: Catalog, subject: Subject, policy: MonitorPolicy) -> Watched:
    line, watchers = timeline(catalog, subject), watching(catalog, subject.product)
    complete = {monitor.measures for monitor in watchers} >= set(policy.required)
    part: list[Window] = []
    for windows in _severe(catalog, line, policy).values():
        end = _end(max(window.end for window in windows), watchers, policy.patience, complete=complete)
        part.append(replace(windows[0], start=min(window.start for window in windows), end=end))
    part.sort(key=lambda window: (window.start, window.cause.id))
    changing = sorted({*line.stopping.edges, *(edge for monitor in watchers for edge in changes(monitor))})
    edges = {
        edge
        for window in part
        for edge in (
            window.start,
            *changing[bisect_right(changing, window.start) : bisect_left(changing, window.end)],
            window.end,
        )
    }
    return Watched(Part(tuple(part)), sorted(edges))


def _severe(catalog: Catalog, line: Timeline, policy: MonitorPolicy) -> dict[str, list[Window]]:
    """By event id, the soft freezes after events after which clients are measured."""
    by_event: dict[str, list[Window]] = {}
    if not policy.required:
        return by_event
    severe = {event.id for event in catalog.events if effective_severity(catalog, event) >= policy.severity_at_least}
    for window in line.windows:
        if window.after and window.cause.id in severe:
            by_event.setdefault(window.cause.id, []).append(window)
    return by_event


def _end(planned: datetime, watchers: Sequence[Monitor], patience: timedelta, *, complete: bool) -> datetime:
    """The first moment from the planned end on at which every monitor is healthy, or has been silent for too long."""
    candidates = {planned, planned + patience}
    for monitor in watchers:
        for edge in changes(monitor):
            candidates.update((edge, edge + patience))
    for moment in sorted(candidate for candidate in candidates if candidate >= planned):
        out_of_patience = moment >= planned + patience
        if (complete or out_of_patience) and all(_lets_go(monitor, moment, planned, patience) for monitor in watchers):
            return moment
    return FAR


def _lets_go(monitor: Monitor, moment: datetime, planned: datetime, patience: timedelta) -> bool:
    health = state(monitor, moment)
    if health is not Health.MISSING:
        return health is Health.HEALTHY
    last = last_reading(monitor, moment)
    silent_since = planned if last is None else max(planned, last.at + monitor.every)
    return moment >= silent_since + patience


def _passing(around: str, *, ill: bool, unknown: bool, stopped_until: datetime | None) -> str:
    if not ill and not unknown:
        return f"Clients are healthy {around}."
    state = f"{'Clients are unhealthy' if ill else 'Measurements are missing'} {around}"
    if stopped_until is None:
        return f"{state}; essential fixes of high confidence may ship."
    end = english.moment(stopped_until)
    return f"{state}. If this has not changed when the freeze ends on {end}, the release waits longer."


def _ill(monitor: Monitor, now: datetime) -> str:
    last = last_reading(monitor, now)
    assert last is not None
    return f"{monitor.metric}: {last.value:g} on {english.moment(last.at)}; healthy is {limits(monitor)}."


def _silent(monitor: Monitor, now: datetime) -> str:
    last = last_reading(monitor, now)
    since = f"last measured on {english.moment(last.at)}" if last else "never measured"
    return f"{monitor.metric}: {since}; a reading counts for {english.length(monitor.every)}."


GATE = Gate(
    "freeze.monitors",
    Half.ENVIRONMENT,
    "the state of clients after an event",
    ask,
    boundaries,
    profiles=TEAM,
    freeze=True,
)
