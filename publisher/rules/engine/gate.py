"""A gate: one thing that is asked of a release before it ships, and all that is particular to it, as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from publisher.model.content.policy import Policy
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.engine.question import Question

SILENT = "The reason is not public."
"""What the public reads where a gate gives no public words."""

TEAM, EVERYBODY = frozenset({"team"}), frozenset({"team", "solo"})
"""Profiles of the policy. Only a team is asked for people or work that one person does not have; what fails closed,
what users need to be told and what costs one line is asked of everybody."""


class Ruling(NamedTuple):
    """What a gate says of a release at a moment; the engine adds which gate it was."""

    outcome: Outcome
    reason: str = ""
    """Why, as a sentence for the team; only where that tells more than `public`. Then `fix`, `arithmetic` and `sources`
    are not published either."""
    public: str = ""
    """Why, as a sentence that everybody may read. Empty: the public reads SILENT."""
    who: str = ""
    fix: str = ""
    until: datetime | None = None
    arithmetic: str = ""
    sources: tuple[str, ...] = ()

    def verdict(self, rule: str) -> Verdict:
        """The same as the verdict of the rule with this id."""
        return Verdict(
            rule=rule,
            outcome=self.outcome,
            reason=self.reason or self.public,
            public_reason=None if self.public and not self.reason else self.public or SILENT,
            who=self.who,
            fix=self.fix,
            until=self.until,
            arithmetic=self.arithmetic,
            sources=self.sources,
        )


def not_asked(policy: Policy, profiles: frozenset[str]) -> Ruling | None:
    """The ruling on what only these profiles are asked, never a pass; None where the policy's profile is one of them.

    A gate asks it itself where the profile excuses from a part of what it asks.
    """
    if policy.profile in profiles:
        return None
    return Ruling(Outcome.NOT_APPLICABLE, public=f"Not required by policy profile {policy.profile}.")


class Half(Enum):
    """The half of the question that a gate belongs to (R40); its file stands in the folder of this name."""

    TECHNICAL = "technical"
    """What the release itself is."""
    ENVIRONMENT = "environment"
    """What it would ship into."""


class Overridable(Enum):
    """Who may override a gate (R27, R30)."""

    NEVER = "never"
    BY_DUTIES = "by duties"
    """Engineering and operations."""
    WITH_EXECUTIVE = "with an executive"
    """These and an executive, with a reviewed way back."""
    SHORT_NOTICE = "at short notice"
    """Operations, comms and an executive: who installs it, who tells users, and who answers for the hurry."""


@dataclass(frozen=True, eq=False)
class Gate:
    """One gate. It stands in a file of its own, and in `gate_order`."""

    id: str
    """Such as freeze.hard. Overrides, ledger and documentation name it, so it never changes."""
    half: Half
    stopper: str
    """What stops a release where it does, in the singular: the hard freeze."""
    ask: Callable[[Question], Ruling]
    """Pure; under one policy the outcome may only change at one of the boundaries."""
    boundaries: Callable[[Question], Iterable[datetime]] | None = None
    """The moments after now at which the outcome may change, in order, and rather too many than too few; None: never.

    They are read no further than is needed, so they may be worked out one by one."""
    ceiling: Outcome = Outcome.BLOCKED
    """The worst outcome that it gives."""
    profiles: frozenset[str] = EVERYBODY
    """The profiles of the policy under which it is asked at all."""
    overridable: Overridable = Overridable.BY_DUTIES
    freeze: bool = False
    """Whether what stops there is a freeze, a span of time around an event."""

    def verdict(self, question: Question) -> Verdict:
        """What it says, or that the policy's profile does not ask for it."""
        return (not_asked(question.policy, self.profiles) or self.ask(question)).verdict(self.id)

    def edges(self, question: Question) -> Iterable[datetime]:
        """The moments after now at which its outcome may change, in order, under the policy that is in force now."""
        if self.boundaries is None or question.policy.profile not in self.profiles:
            return ()
        return self.boundaries(question)
