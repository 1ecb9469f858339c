"""What is known of the risks of a release near an event: scored, named, tried out, and spoken for (R3, R5-R8, R15).

Each rule asks what is missing. Where nothing is, at no event of the catalog, its verdict never changes, and it has no
boundaries; so a register that is kept well costs no time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from heapq import merge
from typing import Literal

from publisher.model.content.event import Event
from publisher.model.content.product import ClientType
from publisher.model.content.register import Scenario
from publisher.model.content.release import ChangeClass, RiskClass
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.profile import not_required
from publisher.rules.engine.public_words import ids, neutral, sentences, titled
from publisher.rules.engine.question import Question
from publisher.rules.freeze.severity import effective_severity
from publisher.rules.freeze.timeline import Timeline

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


def coordination(question: Question) -> Literal["routine", "event-coordinated"]:
    """Whether the release is a deploy like any other, or an operation that is coordinated around an event (R3)."""
    return "event-coordinated" if question.near else "routine"


def score(question: Question) -> Verdict:
    """Every event near has been scored; until then the worst is assumed, and a person must agree (R15)."""
    unscored = [event for event in question.near if not event.scored]
    if unscored:
        return Verdict(
            rule="risk.score",
            outcome=Outcome.NEEDS_APPROVAL,
            reason=f"No score is recorded for {titled(unscored)}, so severity 5 with no time to prepare is assumed.",
            public_reason=neutral(unscored, question.now, "the risk has not been assessed yet."),
            who="The owner of the calendar",
            fix="Score severity and lead time in the event's file, each with a reason.",
            sources=ids(unscored),
        )
    return Verdict(rule="risk.score", outcome=Outcome.PASS, reason="All nearby events are scored.")


def score_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where any event has no score."""
    return _while_near(question, "risk.score", lambda event: not event.scored)


def scenario(question: Question) -> Verdict:
    """What can fail everywhere at once near a severe event has been tried out, several failures together (R5)."""
    rule = "risk.scenario"
    if (verdict := not_required(rule, question.policy)) is not None:
        return verdict
    if not _fails_everywhere(question):
        reason = "A change of this kind cannot fail on all machines at once."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    missing = {event: why for event in question.near if (why := _untried(question, event)) is not None}
    if missing:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=sentences(list(missing.values())),
            public_reason=neutral(list(missing), question.now, "no failure scenario has been tested."),
            who="Operations",
            fix=f"Run a scenario of at least {FAILURES_AT_ONCE} failures at once, and record it in content/scenarios/.",
            sources=ids(missing),
        )
    return Verdict(
        rule=rule,
        outcome=Outcome.PASS,
        reason="Every severe event nearby has a recent scenario that held.",
    )


def scenario_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where any is severe and untried; when asked about the past, runs are still to come."""
    if not_required("risk.scenario", question.policy) is not None or not _fails_everywhere(question):
        return ()
    coming = [run.ran_at for run in question.catalog.scenarios if run.ran_at > question.now]
    # What has been tried depends on how many scenarios had been run, and on nothing else that time changes.
    key = ("risk.scenario", len(coming))
    return merge(_while_near(question, key, lambda event: _untried(question, event) is not None), sorted(coming))


def named(question: Question) -> Verdict:
    """Near an event a release names what may go wrong in each of the three classes, or why nothing can (R3, R7)."""
    rule = "risk.named"
    if (verdict := not_required(rule, question.policy)) is not None:
        return verdict
    if question.release.change_class is ChangeClass.DOCS:
        reason = "Documentation changes no program."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    if (missing := _unnamed(question)) and not question.near:
        reason = "No event is near; a release must name its risks only near one."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    if missing:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=f"Near an event, a release must name its risks. Missing: {english.listed(missing)}.",
            who="Engineering",
            fix=f"Add {english.listed(missing)} under `risks`: what may go wrong, or in `none_because` why not.",
        )
    return Verdict(rule=rule, outcome=Outcome.PASS, reason="It names its risks of outage, security and trust.")


def named_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where a class of risk is not named."""
    asked = not_required("risk.named", question.policy) is None
    exempt = question.release.change_class is ChangeClass.DOCS
    return question.near_boundaries() if asked and not exempt and _unnamed(question) else ()


def comms_lead(question: Question) -> Verdict:
    """Somebody speaks for the team when a severe event happens (R8)."""
    rule = "risk.comms-lead"
    if (verdict := not_required(rule, question.policy)) is not None:
        return verdict
    silent = [event for event in question.near if _silent(question, event)]
    if silent:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=f"No comms lead is named for {titled(silent)}.",
            public_reason=neutral(silent, question.now, "no comms lead is named yet."),
            who="Comms",
            fix="Name the person as `comms_lead` in the event's file.",
            sources=ids(silent),
        )
    reason = "Every severe event nearby has a comms lead."
    return Verdict(rule=rule, outcome=Outcome.PASS, reason=reason)


def comms_lead_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where nobody speaks for the team at any severe one."""
    if not_required("risk.comms-lead", question.policy) is not None:
        return ()
    return _while_near(question, "risk.comms-lead", lambda event: _silent(question, event))


def assumptions(question: Question) -> Verdict:
    """Where an event ends what users take for granted and the product shows it, the notes say what changes (R6)."""
    rule = "risk.assumptions"
    shown = question.product.shows
    if not shown:
        reason = "This product shows nothing that an event could change, such as balances or units."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    if question.release.notes.unit_statement is not None:
        reason = "The notes say what changes in balances and units."
        return Verdict(rule=rule, outcome=Outcome.PASS, reason=reason)
    ending = [event for event in question.near if set(event.invalidates) & set(shown)]
    if not ending:
        reason = "No nearby event changes what this product shows."
        return Verdict(rule=rule, outcome=Outcome.PASS, reason=reason)
    what = english.listed(
        [
            assumption.replace("-", " ")
            for assumption in shown
            if any(assumption in event.invalidates for event in ending)
        ]
    )
    verb = "changes" if len(ending) == 1 else "change"
    return Verdict(
        rule=rule,
        outcome=Outcome.BLOCKED,
        reason=f"{titled(ending)} {verb} things that users rely on ({what}), and the notes do not mention it.",
        public_reason=neutral(ending, question.now, "the notes do not say yet what changes for users."),
        who="Comms",
        fix="Say in `unit_statement` under `notes` what changes for users, or that nothing does.",
        sources=ids(ending),
    )


def assumptions_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where the notes do not say what they change."""
    shown = question.product.shows
    if not shown or question.release.notes.unit_statement is not None:
        return ()
    return _while_near(question, ("risk.assumptions", shown), lambda event: bool(set(event.invalidates) & set(shown)))


def _while_near(question: Question, key: Hashable, missing: Callable[[Event], bool]) -> Iterable[datetime]:
    """The moments at which events with something missing come near or are over; looked for once for each key."""
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


def _fails_everywhere(question: Question) -> bool:
    change_class = question.release.change_class
    node = question.product.client_type is ClientType.DAEMON and change_class is not ChangeClass.DOCS
    return node or change_class in CORRELATED


def _unnamed(question: Question) -> list[RiskClass]:
    named_classes = {entry.risk for entry in question.release.risks}
    return [risk_class for risk_class in RiskClass if risk_class not in named_classes]


def _silent(question: Question, event: Event) -> bool:
    """Whether the event is severe and nobody speaks for the team."""
    least = question.policy.comms_lead_severity
    return event.comms_lead is None and effective_severity(question.catalog, event) >= least


def _untried(question: Question, event: Event) -> str | None:
    """Why no scenario counts for a severe event, as a sentence; None when one does, or the event is not severe."""
    if effective_severity(question.catalog, event) < question.policy.scenario_severity:
        return None
    oldest = question.policy.scenario_max_age
    runs = [
        run
        for run in question.catalog.scenarios
        if (not run.event_types or event.type in run.event_types) and run.ran_at <= question.now
    ]
    if any(_held(run) and event.latest - run.ran_at <= oldest for run in runs):
        return None
    name = f'"{event.title}" (severity {effective_severity(question.catalog, event)})'
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
