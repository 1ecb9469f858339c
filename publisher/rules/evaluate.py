"""The one idea: evaluate(catalog, release, channel, evidence, now) -> Decision. Pure; the worst verdict wins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.decision import Decision, Outcome, Verdict
from publisher.model.evidence import Evidence
from publisher.model.release import Release
from publisher.rules import freeze, integrity
from publisher.rules.question import Boundaries, Question, Rule

RULES: tuple[tuple[Rule, Boundaries | None], ...] = (
    (integrity.channel, None),
    (integrity.version, integrity.version_boundaries),
    (integrity.artifacts, None),
    (freeze.hard_freeze, freeze.boundaries),
    (freeze.soft_freeze, freeze.soft_boundaries),
)
"""Every rule, in the order in which verdicts are shown, with the moments at which its verdict may change."""

NO_EVIDENCE = Evidence()


def evaluate(
    catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE
) -> Decision:
    """Decide whether `release` may ship to `channel` at `now`.

    The release must belong to a product of the catalog. The result depends on nothing but the arguments.
    """
    question = Question(catalog, release, channel, evidence, now)
    verdicts = tuple(rule(question) for rule, _ in RULES)
    outcome = worst(verdicts)
    next_change, then = _next_change(question, verdicts)
    return Decision(
        product=release.product,
        version=release.version,
        channel=channel,
        at=now,
        outcome=outcome,
        verdicts=verdicts,
        next_change=next_change,
        then=then,
        policy_version=catalog.policy.version,
        policy_digest=catalog.policy_digest,
    )


def worst(verdicts: Iterable[Verdict]) -> Outcome:
    """The worst outcome; a release to which nothing applies passes."""
    outcome = max((verdict.outcome for verdict in verdicts), key=lambda one: one.rank, default=Outcome.PASS)
    return Outcome.PASS if outcome is Outcome.NOT_APPLICABLE else outcome


def _next_change(question: Question, verdicts: tuple[Verdict, ...]) -> tuple[datetime | None, Outcome | None]:
    """The first boundary after now from which on the outcome differs, and that outcome."""
    outcome = worst(verdicts)
    fixed: list[Verdict] = []
    moving: list[Rule] = []
    edges: set[datetime] = set()
    for (rule, boundaries), verdict in zip(RULES, verdicts, strict=True):
        coming = tuple(boundaries(question)) if boundaries else ()
        if coming:
            moving.append(rule)
            edges.update(coming)
        else:
            fixed.append(verdict)
    if worst(fixed) is Outcome.BLOCKED:  # nothing is worse, so nothing that still moves can change the outcome
        return None, None
    for edge in sorted(edges):
        later = question.at(edge)
        if (then := worst((*fixed, *(rule(later) for rule in moving)))) is not outcome:
            return edge, then
    return None, None
