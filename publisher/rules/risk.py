"""What is known of the risks of a release near an event: scored, named, tried out, and spoken for (R3, R5-R8, R15).

Each rule's verdict changes only where the events that are near change, and where a scenario was run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from publisher.model.base import duration_text
from publisher.model.decision import Outcome, Verdict
from publisher.model.event import Event
from publisher.model.product import ClientType
from publisher.model.register import Scenario
from publisher.model.release import ChangeClass, RiskClass
from publisher.rules import words
from publisher.rules.names import neutral, sentences, titled
from publisher.rules.profile import not_required
from publisher.rules.question import Question
from publisher.rules.severity import effective_severity

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


def boundaries(question: Question) -> Iterable[datetime]:
    """The moments at which other events are near."""
    return question.near_boundaries()


def score(question: Question) -> Verdict:
    """Every event near has been scored; until then the worst is assumed, and a person must agree (R15)."""
    if not question.near:
        return _nothing_near("risk.score")
    unscored = [event for event in question.near if not event.scored]
    if unscored:
        return Verdict(
            rule="risk.score",
            outcome=Outcome.NEEDS_APPROVAL,
            reason=f"Nobody has scored {titled(unscored)}, so severity 5 and no time to prepare are assumed.",
            public_reason=neutral(unscored, question.now, "the risk has not been judged yet."),
            who="Whoever owns the calendar",
            fix="Score severity and lead time in the event's file, each with a reason.",
            sources=_ids(unscored),
        )
    return Verdict(rule="risk.score", outcome=Outcome.PASS, reason="Every event near it has been scored.")


def scenario(question: Question) -> Verdict:
    """What can fail everywhere at once near a severe event has been tried out, several failures together (R5)."""
    rule = "risk.scenario"
    if (verdict := not_required(rule, question)) is not None:
        return verdict
    release, policy = question.release, question.catalog.policy
    if release.change_class is ChangeClass.DOCS or not (
        question.product.client_type is ClientType.DAEMON or release.change_class in CORRELATED
    ):
        return Verdict(
            rule=rule, outcome=Outcome.NOT_APPLICABLE, reason="This kind of change does not fail everywhere at once."
        )
    severe = _of_severity(question, policy.scenario_severity)
    if not severe:
        reason = f"No event of severity {policy.scenario_severity} or more is near."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    missing = {event: why for event in severe if (why := _untried(question, event)) is not None}
    if missing:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=sentences(list(missing.values())),
            public_reason=neutral(list(missing), question.now, "what may go wrong has not been tried out."),
            who="Operations",
            fix=f"Run a scenario with at least {FAILURES_AT_ONCE} failures at once, and note it in content/scenarios/.",
            sources=_ids(missing),
        )
    return Verdict(
        rule=rule, outcome=Outcome.PASS, reason="For every severe event near it, several failures at once were tried."
    )


def scenario_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near; when asked about the past, runs are still to come."""
    return (*boundaries(question), *(one.ran_at for one in question.catalog.scenarios if one.ran_at > question.now))


def named(question: Question) -> Verdict:
    """Near an event a release names what may go wrong in each of the three classes, or why nothing can (R3, R7)."""
    rule = "risk.named"
    if (verdict := not_required(rule, question)) is not None:
        return verdict
    if question.release.change_class is ChangeClass.DOCS:
        reason = "Documentation changes no program."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    if not question.near:
        return _nothing_near(rule)
    told = {one.risk for one in question.release.risks}
    missing = [one for one in RiskClass if one not in told]
    if missing:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=f"Near an event the risks of a release are named, and it says nothing of {words.listed(missing)}.",
            who="Engineering",
            fix=f"Under `risks:`, name a risk of {words.listed(missing)}, or say `none_because`.",
        )
    return Verdict(rule=rule, outcome=Outcome.PASS, reason="Its risks are named: outage, security and trust.")


def comms_lead(question: Question) -> Verdict:
    """Somebody speaks for the team when a severe event happens (R8)."""
    rule = "risk.comms-lead"
    if (verdict := not_required(rule, question)) is not None:
        return verdict
    least = question.catalog.policy.comms_lead_severity
    severe = _of_severity(question, least)
    if not severe:
        reason = f"No event of severity {least} or more is near."
        return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    silent = [event for event in severe if event.comms_lead is None]
    if silent:
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=f"Nobody is named who speaks for the team at {titled(silent)}.",
            public_reason=neutral(silent, question.now, "nobody is named yet who speaks for the team."),
            who="Comms",
            fix="Name a person as `comms_lead` in the event's file.",
            sources=_ids(silent),
        )
    return Verdict(
        rule=rule, outcome=Outcome.PASS, reason="For every severe event near it, somebody speaks for the team."
    )


def assumptions(question: Question) -> Verdict:
    """Where an event ends what users take for granted and the product shows it, the notes say what changes (R6)."""
    rule = "risk.assumptions"
    shown = question.product.shows
    ending = [event for event in question.near if set(event.invalidates) & set(shown)]
    if not ending:
        return Verdict(
            rule=rule,
            outcome=Outcome.NOT_APPLICABLE,
            reason="No event near it changes what this product shows or relies on.",
        )
    if question.release.notes.unit_statement is None:
        changed = [one for one in shown if any(one in event.invalidates for event in ending)]
        what = words.listed([one.replace("-", " ") for one in changed])
        return Verdict(
            rule=rule,
            outcome=Outcome.BLOCKED,
            reason=f"{titled(ending)} changes what users take for granted ({what}), and the notes do not mention it.",
            public_reason=neutral(ending, question.now, "the notes do not say yet what changes for users."),
            who="Comms",
            fix="Say under `notes:` in `unit_statement` what changes for users, or that nothing does.",
            sources=_ids(ending),
        )
    return Verdict(rule=rule, outcome=Outcome.PASS, reason="The notes say what changes in what users take for granted.")


def _nothing_near(rule: str) -> Verdict:
    return Verdict(rule=rule, outcome=Outcome.NOT_APPLICABLE, reason="No event is near.")


def _of_severity(question: Question, least: int) -> list[Event]:
    return [event for event in question.near if effective_severity(question.catalog, event) >= least]


def _ids(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(event.id for event in events)


def _untried(question: Question, event: Event) -> str | None:
    """Why no scenario counts for the event, as a sentence; None when one does."""
    oldest = question.catalog.policy.scenario_max_age
    begins = event.trigger.latest if event.trigger else event.starts
    runs = [
        one
        for one in question.catalog.scenarios
        if (not one.event_types or event.type in one.event_types) and one.ran_at <= question.now
    ]
    if any(_held(one) and begins - one.ran_at <= oldest for one in runs):
        return None
    name = f'"{event.title}", of severity {effective_severity(question.catalog, event)},'
    if not runs:
        return f"For {name} no scenario was run."
    last = max(runs, key=lambda one: (one.ran_at, one.id))
    if not _held(last):
        why = "did not hold" if last.result == "failed" else "tries out one failure alone"
        return f'For {name} no scenario counts: "{last.title}" {why}.'
    return (
        f'For {name} no scenario is recent enough: "{last.title}" ran on {words.day(last.ran_at)},'
        f" more than {duration_text(oldest)} before the event."
    )


def _held(one: Scenario) -> bool:
    return one.result == "held" and len(set(one.failures)) >= FAILURES_AT_ONCE
