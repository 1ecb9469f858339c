"""The soft freeze after a severe event lasts until clients are well, and measured to be (R22).

What is unhealthy stops everything but what mends it. What is not measured is unknown, for a while: after the policy's
patience the freeze ends, since a freeze for ever is no plan (R2).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from publisher.model.catalog import Catalog
from publisher.model.decision import Outcome, Verdict
from publisher.model.event import Event
from publisher.model.monitor import Monitor, Reading
from publisher.model.release import ChangeClass
from publisher.rules import words
from publisher.rules.freeze import sure_fix
from publisher.rules.names import ids, neutral, sentences, titled
from publisher.rules.profile import not_required
from publisher.rules.question import Question
from publisher.rules.severity import effective_severity
from publisher.rules.timeline import Part, Timeline
from publisher.rules.windows import FAR, Window

RULE = "freeze.monitors"


class Health(Enum):
    """What a monitor says at a moment."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    MISSING = "missing"


@dataclass(frozen=True)
class Watched:
    """When clients are watched, for one kind of change under one policy."""

    timeline: Timeline
    """What it was worked out from."""
    part: Part
    """One window for each severe event, from the start of its soft freeze to the moment at which clients are well."""
    edges: Sequence[datetime]
    """The moments at which the verdict may change, in order."""


def monitors(question: Question) -> Verdict:
    """After a severe event, clients are measured to be well before anything ships that does not mend them (R22)."""
    if (verdict := not_required(RULE, question.policy)) is not None:
        return verdict
    if question.release.change_class is ChangeClass.DOCS:
        return Verdict(rule=RULE, outcome=Outcome.NOT_APPLICABLE, reason="Documentation changes no program.")
    watched = _watched(question)
    events = [one.cause for one in watched.part.holding(question.now) if isinstance(one.cause, Event)]
    if not events:
        reason = "No soft freeze follows a severe event now, so no measurements are needed."
        return Verdict(rule=RULE, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    stopped_until = question.timeline.stopping.until(question.now)
    told = watching(question.catalog, question.release.product)
    states = {one: state(one, question.now) for one in told}
    ill = [one for one, health in states.items() if health is Health.UNHEALTHY]
    silent = [one for one, health in states.items() if health is Health.MISSING]
    lacking = [one for one in question.policy.monitors.required if one not in {two.measures for two in told}]
    around = f"after {titled(events)}"
    if ill and stopped_until is None and not sure_fix(question.release):
        return Verdict(
            rule=RULE,
            outcome=Outcome.BLOCKED,
            reason=f"Clients are unhealthy {around}. {sentences([_ill(one, question.now) for one in ill])}"
            " Until they recover, only essential fixes of high confidence may ship.",
            public_reason=neutral(events, question.now, "clients have not recovered yet."),
            who="Operations",
            fix="Find the cause, and add a reading to content/monitors/ or content/readings/ once clients are healthy"
            " again.",
            sources=ids(events),
        )
    if (silent or lacking) and stopped_until is None:
        unknown = [*(_silent(one, question.now) for one in silent), *(f"No monitor measures {one}." for one in lacking)]
        return Verdict(
            rule=RULE,
            outcome=Outcome.UNKNOWN,
            reason=f"Measurements are missing {around}. {sentences(unknown)}",
            public_reason=neutral(events, question.now, "measurements of how clients are doing are missing."),
            who="Operations",
            fix="Add a reading to content/monitors/ or content/readings/. Without one, the wait ends on"
            f" {words.moment(max(one.end for one in watched.part.holding(question.now)))}.",
            sources=ids(events),
        )
    return Verdict(
        rule=RULE,
        outcome=Outcome.PASS,
        reason=_passing(around, ill=bool(ill), unknown=bool(silent or lacking), stopped_until=stopped_until),
        public_reason=neutral(events, question.now, "clients are being monitored."),
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Where a time of watching, a freeze, or what is known of clients begins or ends."""
    exempt = question.release.change_class is ChangeClass.DOCS
    if exempt or not_required(RULE, question.policy) is not None:
        return ()
    edges = _watched(question).edges
    return edges[bisect_right(edges, question.now) :]


def watching(catalog: Catalog, product: str) -> tuple[Monitor, ...]:
    """The monitors that speak for a product."""
    return tuple(one for one in catalog.monitors if not one.products or product in one.products)


def last_reading(monitor: Monitor, now: datetime) -> Reading | None:
    """What was measured last by `now`, however old."""
    index = bisect_right(monitor.readings, now, key=lambda one: one.at)
    return monitor.readings[index - 1] if index else None


def limits(monitor: Monitor) -> str:
    """What is healthy, in words: at least 50 and at most 90."""
    least = f"at least {monitor.at_least:g}" if monitor.at_least is not None else ""
    most = f"at most {monitor.at_most:g}" if monitor.at_most is not None else ""
    return " and ".join(part for part in (least, most) if part)


def state(monitor: Monitor, now: datetime) -> Health:
    """What the last reading says; one as old as `every` says nothing any more."""
    last = last_reading(monitor, now)
    if last is None or now - last.at >= monitor.every:
        return Health.MISSING
    return Health.HEALTHY if monitor.healthy(last.value) else Health.UNHEALTHY


def _watched(question: Question) -> Watched:
    policy, memo, line = question.policy.monitors, question.catalog.memo, question.timeline
    key = (RULE, question.subject, question.policy.version)
    known: Watched | None = memo.get(key)
    if known is None or known.timeline is not line:
        told = watching(question.catalog, question.release.product)
        complete = {one.measures for one in told} >= set(policy.required)
        part: list[Window] = []
        for windows in _severe(question).values():
            end = _end(max(one.end for one in windows), told, policy.patience, complete=complete)
            part.append(replace(windows[0], start=min(one.start for one in windows), end=end))
        part.sort(key=lambda one: (one.start, one.cause.id))
        changing = sorted({*line.stopping.edges, *(edge for one in told for edge in _edges(one))})
        edges = {
            edge
            for one in part
            for edge in (
                one.start,
                *changing[bisect_right(changing, one.start) : bisect_left(changing, one.end)],
                one.end,
            )
        }
        known = memo[key] = Watched(line, Part(tuple(part)), sorted(edges))
    return known


def _severe(question: Question) -> dict[str, list[Window]]:
    """By event id, the soft freezes after events after which clients are measured."""
    found: dict[str, list[Window]] = {}
    policy = question.policy.monitors
    if not policy.required:
        return found
    least = policy.severity_at_least
    severe = {event.id for event in question.catalog.events if effective_severity(question.catalog, event) >= least}
    for window in question.timeline.windows:
        if window.after and window.cause.id in severe:
            found.setdefault(window.cause.id, []).append(window)
    return found


def _end(planned: datetime, told: Sequence[Monitor], patience: timedelta, *, complete: bool) -> datetime:
    """The first moment from the planned end on at which every monitor is healthy, or has been silent for too long."""
    candidates = {planned, planned + patience}
    for one in told:
        for edge in _edges(one):
            candidates.update((edge, edge + patience))
    for moment in sorted(one for one in candidates if one >= planned):
        out_of_patience = moment >= planned + patience
        if (complete or out_of_patience) and all(_lets_go(one, moment, planned, patience) for one in told):
            return moment
    return FAR


def _lets_go(monitor: Monitor, moment: datetime, planned: datetime, patience: timedelta) -> bool:
    health = state(monitor, moment)
    if health is not Health.MISSING:
        return health is Health.HEALTHY
    last = last_reading(monitor, moment)
    silent_since = planned if last is None else max(planned, last.at + monitor.every)
    return moment >= silent_since + patience


def _edges(monitor: Monitor) -> Iterator[datetime]:
    """Every moment at which what the monitor says may change; a program may measure all day and find the same."""
    before = None
    for one in monitor.readings:
        if before is None or before.at + monitor.every <= one.at:
            if before is not None:
                yield before.at + monitor.every
            yield one.at
        elif monitor.healthy(before.value) != monitor.healthy(one.value):
            yield one.at
        before = one
    if before is not None:
        yield before.at + monitor.every


def _passing(around: str, *, ill: bool, unknown: bool, stopped_until: datetime | None) -> str:
    if not ill and not unknown:
        return f"Clients are healthy {around}."
    state = f"{'Clients are unhealthy' if ill else 'Measurements are missing'} {around}"
    if stopped_until is None:
        return f"{state}; essential fixes of high confidence may ship."
    return (
        f"{state}. If that is still so when the current freeze ends on {words.moment(stopped_until)}, it waits longer."
    )


def _ill(monitor: Monitor, now: datetime) -> str:
    last = last_reading(monitor, now)
    assert last is not None
    return f"{monitor.metric}: {last.value:g} on {words.moment(last.at)}; healthy is {limits(monitor)}."


def _silent(monitor: Monitor, now: datetime) -> str:
    last = last_reading(monitor, now)
    since = f"last measured on {words.moment(last.at)}" if last else "never measured"
    return f"{monitor.metric}: {since}; a reading counts for {words.length(monitor.every)}."
