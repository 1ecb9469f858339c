"""A Decision as one sentence that answers the question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.engine.gate import Half
from publisher.rules.evaluate import NO_EVIDENCE, evaluate
from publisher.rules.gate_order import BY_ID

_IS = {
    Outcome.NOT_APPLICABLE: "may ship",
    Outcome.PASS: "may ship",
    Outcome.PASS_OVERRIDDEN: "may ship under an override",
    Outcome.WAITING: "waits",
    Outcome.NEEDS_APPROVAL: "needs an approval",
    Outcome.UNKNOWN: "is on hold, because information is missing",
    Outcome.BLOCKED: "is blocked",
}


def headline(decision: Decision) -> str:
    """btfs-node 4.2.0 waits until Saturday 28 November 2026, 22:00 UTC."""
    name = f"{decision.product} {decision.version}"
    answer = f"{name} {_IS[decision.outcome]}"
    if decision.next_change is None or decision.then is None:
        return f"{answer}{' now' if decision.go else ''}."
    answer += f" until {english.moment(decision.next_change)}"
    if decision.then.stops and decision.outcome.stops:
        answer += f", and then {_IS[decision.then]}"
    return f"{answer}."


def halves(decision: Decision) -> str:
    """Both halves of the answer, since a sound release alone is no yes (R40)."""
    stopping = [BY_ID[verdict.rule] for verdict in decision.verdicts if verdict.outcome.stops]
    itself = [gate.stopper for gate in stopping if gate.half is Half.TECHNICAL]
    around = [gate.stopper for gate in stopping if gate.half is Half.ENVIRONMENT]
    if not stopping:
        return "Nothing blocks it, neither in the release itself nor around it."
    if not itself:
        return f"Nothing in the release itself blocks it. {english.upfirst(english.listed(around))} {_do(around)}."
    blocked = f"{english.upfirst(english.listed(itself))} {_do(itself, 'block')} it"
    if not around:
        return f"{blocked}. Nothing outside the release does."
    return f"{blocked}, and so {_do(around)} {english.listed(around)}."


def _do(blockers: Sequence[str], verb: str = "do") -> str:
    """Does, or do of several."""
    if len(blockers) > 1:
        return verb
    return "does" if verb == "do" else f"{verb}s"


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
    """From Saturday 28 November 2026, 22:00 UTC on it may ship: the next change of the answer that time brings."""
    if decision.next_change is None or decision.then is None:
        return "The answer does not change on its own."
    return f"From {english.moment(decision.next_change)} on it {_IS[decision.then]}."
