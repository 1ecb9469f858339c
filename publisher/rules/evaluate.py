"""The one idea: evaluate(catalog, release, channel, evidence, now) -> Decision. Pure; the worst verdict wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter

from publisher.model.catalog import Catalog
from publisher.model.decision import Decision, Outcome, Verdict
from publisher.model.evidence import Evidence
from publisher.model.release import Release
from publisher.rules import changes, freeze, integrity, overrides, urgency
from publisher.rules.question import Boundaries, Question, Rule

RULES: tuple[tuple[Rule, Boundaries | None], ...] = (
    (integrity.channel, None),
    (integrity.version, integrity.version_boundaries),
    (integrity.artifacts, None),
    (changes.change_class, None),
    (freeze.hard_freeze, freeze.hard_boundaries),
    (freeze.soft_freeze, freeze.soft_boundaries),
    (urgency.hotfix, None),
    (urgency.delay, None),
)
"""Every rule, in the order in which verdicts are shown, with the moments at which its outcome may change."""

NO_EVIDENCE = Evidence()


def evaluate(
    catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE
) -> Decision:
    """Decide whether `release` may ship to `channel` at `now`.

    The release must belong to a product of the catalog. The result depends on nothing but the arguments.
    """
    question = Question(catalog, release, channel, evidence, now)
    own = [rule(question) for rule, _ in RULES]
    verdicts = overrides.overridden(question, own)
    outcome = worst(verdicts)
    next_change, then = _next_change(question, own, outcome)
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


def _next_change(question: Question, own: list[Verdict], outcome: Outcome) -> tuple[datetime | None, Outcome | None]:
    """The first boundary after now from which on the outcome differs, and that outcome.

    `own` is what each rule says now, without overrides. Only the rules that have a boundary at a moment are asked
    again there: the others say what they said.
    """
    said = list(own)
    coming = [_numbered(len(RULES), overrides.boundaries(question))]
    for index, (_, boundaries) in enumerate(RULES):
        edges = iter(boundaries(question)) if boundaries else iter(())
        if (first := next(edges, None)) is not None:
            coming.append(_numbered(index, chain((first,), edges)))
        elif said[index].outcome is Outcome.BLOCKED:
            return None, None  # nothing is worse, and it stays, so nothing that still moves can change the outcome
    for edge, moving in groupby(merge(*coming), key=itemgetter(0)):
        later = question.at(edge)
        for _, index in moving:
            if index < len(RULES):
                said[index] = RULES[index][0](later)
        if (then := worst(overrides.overridden(later, said))) is not outcome:
            return edge, then
    return None, None


def _numbered(index: int, edges: Iterable[datetime]) -> Iterator[tuple[datetime, int]]:
    return ((edge, index) for edge in edges)
