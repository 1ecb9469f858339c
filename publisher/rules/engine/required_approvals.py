"""Which approvals a release needs: more near events, and those that its overrides rest on (R27, R38, R39)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from publisher.model.config.role import Duty
from publisher.model.content.event import Event
from publisher.model.content.risk_register import Approver, Override
from publisher.model.records.attested_fact import Fact
from publisher.model.records.decision import Decision
from publisher.rules import english
from publisher.rules.engine import overrides
from publisher.rules.engine.gate import Gate, Overridable
from publisher.rules.engine.overrides import duties_of
from publisher.rules.engine.public_words import titled
from publisher.rules.engine.question import Question


@dataclass(frozen=True)
class Needs:
    """What people must have signed and stated, beyond the threshold and duties of the role."""

    persons: int = 0
    """At least so many."""
    duties: tuple[Duty, ...] = ()
    """These duties, each by another person."""
    facts: tuple[Fact, ...] = ()
    """What one of them must attest for operations."""
    overrides: tuple[Override, ...] = ()
    """Those that it passes by; each person whom one names has to sign, in that duty, knowing of it."""
    sole_author: str | None = None
    """Whose own approval does not count."""
    near: tuple[Event, ...] = ()
    """Events that each signer must have known of."""
    known: tuple[Event, ...] = ()
    """All events of the content: an approval near one that is gone is not one for what is near now."""
    lifted_freeze: str = ""
    """Which freeze does not stop it because its event requires it: hard, soft; empty: none."""

    @property
    def because(self) -> tuple[str, ...]:
        """Why it needs more than its role asks for, in sentences; empty when it does not."""
        reasons = [f"It ships near {titled(self.near)}."] if self.near and (self.persons or self.facts) else []
        if self.lifted_freeze:
            reasons.append(f"It ships in the {self.lifted_freeze} freeze of the event that it is for.")
        for override in self.overrides:
            names = english.listed([f"{approver.person} ({approver.duty})" for approver in override.approvers])
            reasons.append(f'It relies on the override {override.id} by {names}: "{override.reason}"')
        return tuple(reasons)

    @property
    def named(self) -> tuple[tuple[Override, Approver], ...]:
        """Whom overrides name, each with the override."""
        return tuple((override, approver) for override in self.overrides for approver in override.approvers)


def needs(question: Question, decision: Decision, gates: Mapping[str, Gate]) -> Needs:
    """What this release needs at the moment of the question; `decision` is what the gates say of it then."""
    used = overrides.used(question, decision.verdicts, gates)
    known = tuple(question.catalog.events)
    if question.policy.profile == "solo" or not question.near:
        return Needs(overrides=used, near=question.near, known=known)
    asked, lifted = question.policy.approvals, _lifted_freeze(question)
    duties = tuple(dict.fromkeys((*asked.near_duties, *_LIFTING.get(lifted, ()))))
    authors = tuple(dict.fromkeys(question.release.authors))
    return Needs(
        persons=max(asked.near_events, len(duties)),
        duties=duties,
        facts=asked.facts,
        overrides=used,
        sole_author=authors[0] if len(authors) == 1 else None,
        near=question.near,
        known=known,
        lifted_freeze=lifted,
    )


_LIFTING = {
    "soft": duties_of(Overridable.BY_DUTIES),
    "hard": duties_of(Overridable.WITH_EXECUTIVE),
}
"""Who signs a release that ships in the freeze of its own event: those who could override that freeze (R27)."""


def _lifted_freeze(question: Question) -> str:
    if question.lifts is None:
        return ""
    event = question.lifts.event.id
    for name, part in (("hard", question.timeline.hard), ("soft", question.timeline.soft)):
        if any(window.cause.id == event for window in part.holding(question.now)):
            return name
    return ""


def same_person(name: str, slug: str) -> bool:
    """Whether a name in the content is that of a signer: "Eva" and "Eva Lund" are `eva` and `eva-lund`."""
    return "-".join(name.casefold().split()) == slug


def mark(event: Event, candidate: str) -> str:
    """What a signer's statement says of an event that was near: it fits this candidate and these dates only."""
    facts = f"{candidate} {event.id} {event.starts.isoformat()} {event.ends.isoformat()} {event.severity.score}"
    return hashlib.sha256(facts.encode()).hexdigest()


def override_mark(override: Override, candidate: str) -> str:
    """The same for an override: it fits this candidate, and what the override says now."""
    return hashlib.sha256(f"{candidate} override {override.digest()}".encode()).hexdigest()


def marks(events: Sequence[Event], candidate: str) -> tuple[str, ...]:
    """The marks of all of them, sorted, so that their order tells nothing."""
    return tuple(sorted(mark(event, candidate) for event in events))
