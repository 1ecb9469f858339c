"""What the rules say of a release: verdicts, and the Decision that they add up to."""

from __future__ import annotations

from enum import StrEnum

from publisher.model.values import Digest, Model, ReleaseVersion, Slug, UtcTime


class Outcome(StrEnum):
    """From best to worst; the worst verdict is the decision. Everything after `pass-overridden` stops."""

    NOT_APPLICABLE = "not-applicable"
    PASS = "pass"
    PASS_OVERRIDDEN = "pass-overridden"
    WAITING = "waiting"
    NEEDS_APPROVAL = "needs-approval"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return _RANKS[self]

    @property
    def stops(self) -> bool:
        """Whether a release with this outcome stays where it is."""
        return self.rank > Outcome.PASS_OVERRIDDEN.rank


_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Verdict(Model):
    """What one rule says, in words that can be published as they are."""

    rule: str
    """The rule's id, such as freeze.hard; overrides and documentation name it."""
    outcome: Outcome
    """What the rule says."""
    reason: str
    """Why, as a sentence."""
    public_reason: str | None = None
    """What the public reads instead, where the reason tells something that is not public."""
    who: str = ""
    """Who must act, if anybody."""
    fix: str = ""
    """What would change the verdict."""
    until: UtcTime | None = None
    """When this verdict ends by itself."""
    arithmetic: str = ""
    """How a length came about: 9 days before (7 days listing + 2 days persistence format)."""
    sources: tuple[Slug, ...] = ()
    """Ids of what it rests on, such as events; not part of the public projection where they are not public."""

    def public(self) -> Verdict:
        """The same outcome and times in words for everybody."""
        if self.public_reason is None:
            return self
        neutral = {"reason": self.public_reason, "public_reason": None, "fix": "", "arithmetic": "", "sources": ()}
        return self.model_copy(update=neutral)


class Decision(Model):
    """Go or no-go for one release in one channel at one moment."""

    product: Slug
    """The product, by id."""
    version: ReleaseVersion
    """The version, as it was written."""
    channel: Slug
    """Where it would ship to."""
    at: UtcTime
    """The moment that the answer is for."""
    outcome: Outcome
    """The worst of the verdicts."""
    verdicts: tuple[Verdict, ...]
    """What each rule says, in their order."""
    next_change: UtcTime | None = None
    """The next moment at which the outcome differs, if nobody does anything."""
    then: Outcome | None = None
    """The outcome from that moment on."""
    policy_version: int
    """Version of the policy that was followed."""
    policy_digest: Digest
    """SHA-256 of that policy."""

    @property
    def go(self) -> bool:
        """Whether the release may ship at this moment."""
        return not self.outcome.stops

    def public(self) -> Decision:
        """The same outcome and times in words for everybody: what is internal or embargoed becomes neutral."""
        return self.model_copy(update={"verdicts": tuple(verdict.public() for verdict in self.verdicts)})
