"""Overrides: named gates that do not stop one release, for a while, with people who answer for it (R27, R30).

Only what waits, needs an approval or is unknown can be overridden. What is blocked has failed, and a failure is mended.
Under profile solo one person may grant an override. Everything else about it stays the same: exact rules and files, a
reason that is published, an end, one use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty
from publisher.model.content.policy import Policy
from publisher.model.content.risk_register import Override
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Overridable
from publisher.rules.engine.question import Question
from publisher.wire.version import Version

YIELDING = (Outcome.WAITING, Outcome.NEEDS_APPROVAL, Outcome.UNKNOWN)
"""Outcomes that people may override."""


_DUTIES = {
    Overridable.NEVER: (),
    Overridable.BY_DUTIES: (Duty.ENGINEERING, Duty.OPERATIONS),
    Overridable.WITH_EXECUTIVE: (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE),
    Overridable.SHORT_NOTICE: (Duty.OPERATIONS, Duty.COMMS, Duty.EXECUTIVE),
}


def duties_of(overridable: Overridable) -> tuple[Duty, ...]:
    """Duties that must be among the approvers of an override of a gate of this kind."""
    return _DUTIES[overridable]


def duties_needed(policy: Policy, overridable: Overridable) -> tuple[Duty, ...]:
    """Duties that must be among the approvers of an override; none under profile solo, where one person is enough."""
    return () if policy.profile == "solo" else duties_of(overridable)


def overridable(gate: Gate, verdict: Verdict) -> bool:
    """Whether people may override what the gate says."""
    return verdict.outcome in YIELDING and gate.overridable is not Overridable.NEVER


def overridden(question: Question, verdicts: Iterable[Verdict], gates: Mapping[str, Gate]) -> tuple[Verdict, ...]:
    """The verdicts of these gates with the overrides that count at this moment."""
    counting = _counting(question)
    if not counting:
        return tuple(verdicts)
    return tuple(_applied(question, verdict, gates[verdict.rule], counting) for verdict in verdicts)


def boundaries(question: Question) -> Iterable[datetime]:
    """When overrides of this release begin and cease to count."""
    edges = {edge for override in of(question) for edge in (override.approved_at, override.expires)}
    return sorted(edge for edge in edges if edge > question.now)


def of(question: Question) -> list[Override]:
    """All overrides of this release in this channel, whether they count now or not."""
    release = question.release
    by_release = question.catalog.remember(_by_release)
    return by_release.get((release.product, release.version, question.channel), [])


def _by_release(catalog: Catalog) -> dict[tuple[str, Version, str], list[Override]]:
    grouped: dict[tuple[str, Version, str], list[Override]] = {}
    for override in catalog.overrides:
        grouped.setdefault((override.product, override.version, override.channel), []).append(override)
    return grouped


def _counting(question: Question) -> list[Override]:
    """Those that have been approved and have not expired at the moment of the question."""
    return [override for override in of(question) if override.approved_at <= question.now < override.expires]


def used(question: Question, verdicts: Iterable[Verdict], gates: Mapping[str, Gate]) -> tuple[Override, ...]:
    """The overrides on which verdicts that pass only by them rest, at the moment of the question."""
    passing = {verdict.rule for verdict in verdicts if verdict.outcome is Outcome.PASS_OVERRIDDEN}
    return tuple(
        override
        for override in _counting(question)
        if any(rule in passing and _lack(question, gates[rule], override) is None for rule in override.rules)
    )


def _applied(question: Question, verdict: Verdict, gate: Gate, overrides: Iterable[Override]) -> Verdict:
    if not overridable(gate, verdict):
        return verdict
    lacks: list[str] = []
    for override in overrides:
        if gate.id not in override.rules:
            continue
        if (lack := _lack(question, gate, override)) is not None:
            lacks.append(f"The override {override.id} {lack}.")
            continue
        summary = (
            f"Overridden until {english.moment(override.expires)} by {_approvers(override)}: {_ended(override.reason)}"
        )
        return verdict.model_copy(
            update={
                "outcome": Outcome.PASS_OVERRIDDEN,
                "reason": f"{summary} Without it: {verdict.reason}",
                "public_reason": None
                if verdict.public_reason is None
                else f"{summary} Without it: {verdict.public_reason}",
                "who": "",
                "fix": "",
            }
        )
    return verdict.model_copy(update={"fix": " ".join([verdict.fix, *lacks]).strip()}) if lacks else verdict


def _approvers(override: Override) -> str:
    approvers = [f"{approver.person} ({approver.duty})" for approver in override.approvers]
    return f"{approvers[0]} alone" if len(approvers) == 1 else english.listed(approvers)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _lack(question: Question, gate: Gate, override: Override) -> str | None:
    """What an override lacks to count for a gate, as the end of a sentence."""
    if (lack := policy_lack(question.policy, gate, override)) is not None:
        return lack
    files = question.evidence.artifacts
    if files is not None and (other := [file.file for file in files if file.sha256 not in override.artifacts]):
        return f"does not cover {english.listed(other)}"
    live, shipped = question.evidence.live, question.release.shipped_at
    if shipped is not None and shipped <= question.now and live is not None and live != question.release.version:
        return "has been used: it was valid for one publication"
    return None


def policy_lack(policy: Policy, gate: Gate, override: Override) -> str | None:
    """The same by the policy alone, whatever has been built or published."""
    longest = policy.override_longest
    if override.expires - override.approved_at > longest:
        return f"lasts longer than {english.length(longest)}, the most that the policy allows"
    duties = {approver.duty for approver in override.approvers}
    if missing := [duty for duty in duties_needed(policy, gate.overridable) if duty not in duties]:
        return f"lacks an approver of duty {english.listed(missing)}"
    if gate.overridable is Overridable.WITH_EXECUTIVE and override.rollback_review is None and policy.profile == "team":
        return "lacks a `rollback_review`, which a hard freeze requires"
    return None
