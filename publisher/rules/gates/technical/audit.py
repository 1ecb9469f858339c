"""An audit of what is published: a bucket that does not verify gets nothing new before it is mended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from publisher.evidence.audit import AuditFacts
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.question import Question

FRESH = timedelta(days=1)
"""How long an audit counts."""

AGAIN = "Run `publish verify --json` again on the bucket of endpoints.yaml, and stage the release with that report."


def ask(question: Question) -> Ruling:
    """Every audit that was given is of our bucket, sound, and less than a day old."""
    audits = question.evidence.of(AuditFacts)
    if not audits:
        return Ruling(
            Outcome.NOT_APPLICABLE, public="No audit was given; what a release makes live is audited when it ships."
        )
    return max((_ruling(question, audit) for audit in audits), key=lambda ruling: ruling.outcome.rank)


def _ruling(question: Question, audit: AuditFacts) -> Ruling:
    made, given_at = english.moment(audit.made_at), question.evidence.given_at
    if not _is_ours(question, audit):
        return Ruling(
            Outcome.UNKNOWN,
            reason=f"The audit is of {audit.places[-1]}, which endpoints.yaml does not name.",
            public="The audit that was given is of another bucket.",
            who="Operations",
            fix=AGAIN,
        )
    if audit.errors:
        return Ruling(
            Outcome.BLOCKED,
            reason=f"The audit from {made} found that the published files do not verify: {english.few(audit.errors)}.",
            public="An audit found that something published does not verify.",
            who="Operations",
            fix=f"Repair the bucket (docs/key-runbooks.md). {AGAIN}",
        )
    if given_at is None or audit.made_at > given_at:
        return Ruling(
            Outcome.UNKNOWN,
            public=f"The audit is dated {made}, after the moment it was given.",
            who="Operations",
            fix=f"Set the clock right. {AGAIN}",
        )
    if question.now >= audit.made_at + FRESH:
        return Ruling(
            Outcome.UNKNOWN,
            public=f"The audit is from {made}, and an audit counts for {english.length(FRESH)}.",
            who="Operations",
            fix=AGAIN,
        )
    return Ruling(Outcome.PASS, public=f"The audit from {made} found no errors.")


def _is_ours(question: Question, audit: AuditFacts) -> bool:
    """Whether it looked at the bucket where it is written or where clients read it."""
    endpoints = question.catalog.endpoints
    ours = {place.rstrip("/") for place in (endpoints.storage, *endpoints.downloads) if place is not None}
    return not ours.isdisjoint(place.rstrip("/") for place in audit.places)


def boundaries(question: Question) -> Iterable[datetime]:
    """The moments at which an audit is too old; a sound one only gets worse."""
    ends = {audit.made_at + FRESH for audit in question.evidence.of(AuditFacts)}
    return sorted(end for end in ends if end > question.now)


GATE = Gate(
    "integrity.audit",
    Half.TECHNICAL,
    "the audit of what is published",
    ask,
    boundaries,
    overridable=Overridable.NEVER,
)
