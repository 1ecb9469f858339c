"""What can fail everywhere at once near a severe event has been tried out, several failures together (R5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from heapq import merge

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import Scenario
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling
from publisher.rules.engine.nearby_events import while_near
from publisher.rules.engine.public_words import about
from publisher.rules.engine.question import Question
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.freeze.windows import EVER

FAILURES_AT_ONCE = 2
"""A scenario with fewer failures than this tries out an isolated bug, not an event (R5)."""

CORRELATED = frozenset(
    {
        ChangeClass.PROTOCOL,
        ChangeClass.RPC,
        ChangeClass.DHT,
        ChangeClass.TRACKER,
        ChangeClass.SEEDING,
        ChangeClass.STORAGE,
        ChangeClass.MIGRATION,
    }
)
"""Classes that can fail on all machines at once, whatever kind of program they are in."""


def ask(question: Question) -> Ruling:
    """Whether each severe event near has a recent scenario that held, for what can fail on all machines at once."""
    if not _fails_everywhere(question):
        return Ruling(Outcome.NOT_APPLICABLE, public="A change of this kind cannot fail on all machines at once.")
    catalog, policy, now = question.catalog, question.policy, question.now
    missing = {event: why for event in question.near if (why := _untried(catalog, policy, now, event)) is not None}
    if not missing:
        return Ruling(Outcome.PASS, public="Every severe event nearby has a recent scenario that passed.")
    reason = english.sentences(list(missing.values()))
    return about(
        missing,
        question.now,
        Outcome.BLOCKED,
        reason,
        public="no failure scenario has been tested.",
        who="Operations",
        fix=f"Run a scenario of at least {FAILURES_AT_ONCE} failures at once, and record it in content/scenarios/.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where any is severe and untried; when asked about the past, runs are still to come."""
    if not _fails_everywhere(question):
        return ()
    catalog, runs = question.catalog, sorted(run.ran_at for run in question.catalog.scenarios)
    past = bisect_right(runs, question.now)
    # What has been tried depends on which scenarios had been run, and on nothing else that time changes.
    untried = catalog.remember(_untried_events, question.policy, runs[past - 1] if past else EVER)
    return merge(while_near(question, untried), runs[past:])


def _fails_everywhere(question: Question) -> bool:
    change_class = question.release.change_class
    node = question.product.client_type is ClientType.DAEMON and change_class is not ChangeClass.DOCS
    return node or change_class in CORRELATED


def _untried_events(catalog: Catalog, policy: Policy, now: datetime) -> frozenset[str]:
    return frozenset(event.id for event in catalog.events if _untried(catalog, policy, now, event) is not None)


def _untried(catalog: Catalog, policy: Policy, now: datetime, event: Event) -> str | None:
    """Why no scenario counts for a severe event, as a sentence; None when one does, or the event is not severe."""
    if (severity := effective_severity(catalog, event)) < policy.scenario_severity:
        return None
    oldest = policy.scenario_max_age
    runs = [
        run for run in catalog.scenarios if (not run.event_types or event.type in run.event_types) and run.ran_at <= now
    ]
    if any(_held(run) and event.latest - run.ran_at <= oldest for run in runs):
        return None
    name = f'"{event.title}" (severity {severity})'
    if not runs:
        return f"No scenario was run for {name}."
    last = max(runs, key=lambda run: (run.ran_at, run.id))
    if not _held(last):
        why = "failed" if last.result == "failed" else "tests a single failure"
        return f'No scenario counts for {name}: "{last.title}" {why}.'
    return (
        f'No scenario is recent enough for {name}: "{last.title}" ran on {english.day(last.ran_at)},'
        f" more than {english.length(oldest)} before the event."
    )


def _held(run: Scenario) -> bool:
    return run.result == "held" and len(set(run.failures)) >= FAILURES_AT_ONCE


GATE = Gate("risk.scenario", Half.ENVIRONMENT, "the lack of a tested scenario", ask, boundaries, profiles=TEAM)
