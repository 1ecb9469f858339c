"""A Decision as one sentence that answers the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.decision import Decision, Outcome, Verdict
from publisher.model.evidence import Evidence
from publisher.model.release import Release
from publisher.rules import words
from publisher.rules.evaluate import NO_EVIDENCE, evaluate

_IS = {
    Outcome.NOT_APPLICABLE: "may ship",
    Outcome.PASS: "may ship",
    Outcome.PASS_OVERRIDDEN: "may ship under an override",
    Outcome.WAITING: "waits",
    Outcome.NEEDS_APPROVAL: "needs an approval",
    Outcome.UNKNOWN: "is held for want of information",
    Outcome.BLOCKED: "is blocked",
}


def headline(decision: Decision) -> str:
    """btfs-node 4.2.0 waits until Saturday 28 November 2026, 22:00 UTC."""
    name = f"{decision.product} {decision.version}"
    answer = f"{name} {_IS[decision.outcome]}"
    if decision.next_change is None or decision.then is None:
        return f"{answer}{' now' if decision.go else ''}."
    answer += f" until {words.moment(decision.next_change)}"
    if decision.then.stops and decision.outcome.stops:
        answer += f", and then {_IS[decision.then]}"
    return f"{answer}."


_TECHNICAL = ("integrity", "changes", "planes")
"""First words of the rules that ask what a release is; all others ask what it would ship into."""


def halves(decision: Decision) -> str:
    """Both halves of the answer, since a sound release alone is no yes (R40)."""
    itself = [one for one in decision.verdicts if one.rule.partition(".")[0] in _TECHNICAL]
    around = [one for one in decision.verdicts if one not in itself]
    return f"The release itself: {_stopped(itself)}. What it would ship into: {_stopped(around)}."


def _stopped(verdicts: Sequence[Verdict]) -> str:
    stopping = [one.rule for one in verdicts if one.outcome.stops]
    return (
        f"{words.listed(stopping)} {'stops' if len(stopping) == 1 else 'stop'} it" if stopping else "nothing stops it"
    )


def course(
    catalog: Catalog, release: Release, decision: Decision, evidence: Evidence = NO_EVIDENCE
) -> tuple[Decision, ...]:
    """The decision, and those that follow where other freezes take over, until the answer changes by itself."""
    decisions = [decision]
    while (last := decisions[-1]).next_change is not None and (ends := _ends(last)) is not None:
        if ends >= last.next_change:
            break
        decisions.append(evaluate(catalog, release, decision.channel, ends, evidence))
    return tuple(decisions)


def _ends(decision: Decision) -> datetime | None:
    """When the last of the verdicts that stop it ends by itself; always later than the decision."""
    return max((v.until for v in decision.verdicts if v.outcome.stops and v.until is not None), default=None)


def change(decision: Decision) -> str:
    """What happens at the next moment at which the answer changes by itself."""
    if decision.next_change is None or decision.then is None:
        return "The answer does not change by itself."
    return f"The answer changes on {words.moment(decision.next_change)}: from then on it {_IS[decision.then]}."
