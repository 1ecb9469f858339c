"""The one idea: evaluate(catalog, release, channel, evidence, now) -> Decision. Pure; the worst verdict wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter

from publisher.model.catalog import Catalog
from publisher.model.content.policy import Policy
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision, Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine import overrides
from publisher.rules.engine.gate import Ruling
from publisher.rules.engine.question import Question
from publisher.rules.gate_order import BY_ID, GATES

OVERRIDES = len(GATES)
"""Stands for the overrides where gates are counted."""

CEILINGS = [*(gate.ceiling.rank for gate in GATES), Outcome.BLOCKED.rank]

NO_EVIDENCE = Evidence()


def evaluate(
    catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE
) -> Decision:
    """Decide whether `release` may ship to `channel` at `now`.

    The release must belong to a product of the catalog. The result depends on nothing but the arguments.
    """
    question = Question(catalog, release, channel, evidence, now)
    own = _asked(question)
    verdicts = _overridden(question, own)
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
        policy_version=question.policy.version,
        policy_digest=catalog.remember(_digest, question.policy),
    )


def nothing_ships(catalog: Catalog, release: Release, channel: str, now: datetime) -> Decision:
    """The decision about the release that `channel` offers already, where nothing of it changes: no gate is asked."""
    policy = catalog.policy_at(now)
    ruling = Ruling(Outcome.NOT_APPLICABLE, public="Nothing new ships: what is live stays as it is, file by file.")
    return Decision(
        product=release.product,
        version=release.version,
        channel=channel,
        at=now,
        outcome=Outcome.PASS,
        verdicts=tuple(ruling.verdict(gate.id) for gate in GATES),
        policy_version=policy.version,
        policy_digest=catalog.remember(_digest, policy),
    )


def verdicts_of(question: Question) -> tuple[Verdict, ...]:
    """What every gate says, overrides counted, without the search for what changes it."""
    return _overridden(question, _asked(question))


def _asked(question: Question) -> list[Verdict]:
    return [gate.verdict(question) for gate in GATES]


def _overridden(question: Question, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    return overrides.overridden(question, verdicts, BY_ID)


def _digest(_: Catalog, policy: Policy) -> str:
    return policy.digest()


def worst(verdicts: Iterable[Verdict]) -> Outcome:
    """The worst outcome; a release to which nothing applies passes."""
    outcome = max((verdict.outcome for verdict in verdicts), key=lambda outcome: outcome.rank, default=Outcome.PASS)
    return Outcome.PASS if outcome is Outcome.NOT_APPLICABLE else outcome


def moments(question: Question, until: datetime) -> Iterator[datetime]:
    """The moments after now and before `until` at which any gate may say something else, once each, in order."""
    while question.now < until:
        renewed = question.catalog.next_policy_after(question.now) or until
        edges = merge(
            overrides.boundaries(question),
            *(gate.edges(question) for gate in GATES),
        )
        for edge, _ in groupby(edges):
            if edge >= min(renewed, until):
                break
            yield edge
        if renewed < until:
            yield renewed
        question = question.at(min(renewed, until))


def _next_change(question: Question, own: list[Verdict], outcome: Outcome) -> tuple[datetime | None, Outcome | None]:
    """The first moment after now from which on the outcome differs, and that outcome.

    `own` is what each gate says now, without overrides.
    """
    verdicts = list(own)
    while True:
        until = question.catalog.next_policy_after(question.now)
        edge, then = _next_change_before(until, question, verdicts, outcome)
        if edge is not None or until is None:
            return edge, then
        question = question.at(until)
        verdicts = _asked(question)
        if (then := worst(_overridden(question, verdicts))) is not outcome:
            return until, then


def _next_change_before(
    until: datetime | None, question: Question, verdicts: list[Verdict], outcome: Outcome
) -> tuple[datetime | None, Outcome | None]:
    """The same as long as one policy holds, which is before `until`; `verdicts` is brought up to date on the way.

    At a moment only the gates that have a boundary there may say something else, and they are asked only if it could
    make a difference.
    """
    coming = [_numbered(OVERRIDES, overrides.boundaries(question))]
    for index, gate in enumerate(GATES):
        edges = iter(gate.edges(question))
        if (first := next(edges, None)) is not None:
            coming.append(_numbered(index, chain((first,), edges)))
        elif verdicts[index].outcome is Outcome.BLOCKED:
            return None, None  # nothing is worse, and it stays, so nothing that still moves can change the outcome
    overridable = bool(overrides.of(question))
    holding = {index for index, verdict in enumerate(verdicts) if verdict.outcome is outcome}
    doubtful: set[int] = set()
    for edge, moving in groupby(merge(*coming), key=itemgetter(0)):
        if until is not None and edge >= until:
            break
        doubtful.update(index for _, index in moving)
        if not overridable and holding - doubtful and max(CEILINGS[index] for index in doubtful) <= outcome.rank:
            continue  # another gate holds the outcome where it is, and those in doubt cannot make it worse
        later = question.at(edge)
        for index in doubtful - {OVERRIDES}:
            verdicts[index] = GATES[index].verdict(later)
            (holding.add if verdicts[index].outcome is outcome else holding.discard)(index)
        doubtful.clear()
        if (then := worst(_overridden(later, verdicts))) is not outcome:
            return edge, then
    return None, None


def _numbered(index: int, edges: Iterable[datetime]) -> Iterator[tuple[datetime, int]]:
    return ((edge, index) for edge in edges)
