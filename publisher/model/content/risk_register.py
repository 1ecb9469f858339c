"""What the risk register holds besides events: scenarios, signals, sprint freezes and overrides (R5, R10, R12, R30)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.model.config.role import Duty
from publisher.model.content.event import Scored
from publisher.model.content.release import ChangeClass
from publisher.model.values import Digest, Markdown, Model, ReleaseVersion, Slug, Text, UtcTime
from publisher.model.visibility import Visible


class Failure(StrEnum):
    """What fails, or surges, when an event goes wrong (R5)."""

    CLIENT_RESTARTS = "client-restarts"
    NODE_RESYNC = "node-resync"
    WALLET_RESYNC = "wallet-resync"
    LOGIN = "login"
    DASHBOARD_REFRESH = "dashboard-refresh"
    PROVISIONING = "provisioning"
    SUPPORT_SURGE = "support-surge"
    STORAGE = "storage"
    NETWORK_SPLIT = "network-split"


class Scenario(Model):
    """A test or exercise of several failures at once (content/scenarios/, R5)."""

    id: Slug
    """Name in files and commands, the same as the file's."""
    title: Text
    """What goes wrong, as a headline."""
    event_types: tuple[Slug, ...] = ()
    """Types of event that it is for; none means all."""
    failures: Annotated[tuple[Failure, ...], Field(min_length=1)]
    """What fails at the same time."""
    capacity: Text
    """The safeguard against it."""
    expected: Markdown
    """What should happen."""
    result: Literal["held", "failed"]
    """Whether the system held up or failed."""
    ran_at: UtcTime
    """When it was last run."""
    sample: bool = False
    """An invented example."""


class Acceptance(Model):
    """A person's word on what a signal proposes."""

    by: Text
    """Who accepted it; internal, never published."""
    at: UtcTime
    """When."""


class Signal(Model):
    """A measurement that points at an event before anything fails (content/signals/, R12, R84)."""

    id: Slug
    """Name in files and commands, the same as the file's."""
    event: Slug
    """The event it belongs to, by id."""
    metric: Text
    """What is measured, in words."""
    value: float
    """What was measured last; a newer value in content/readings/ID.json takes its place."""
    threshold: float
    """The value from which it proposes a severity."""
    sampled_at: UtcTime
    """When it was measured; a newer time in content/readings/ID.json takes its place."""
    proposes: Scored
    """The severity that it speaks for, once it is over the threshold."""
    accepted: Acceptance | None = None
    """Who has accepted the proposal. It never counts by itself, and never lowers a severity."""

    @property
    def speaks(self) -> bool:
        """Whether the threshold is reached."""
        return self.value >= self.threshold


class SprintFreeze(Visible):
    """A freeze that the team has given itself, on the same timeline as those of events (content/sprints/, R10)."""

    id: Slug
    """Name in files and commands, the same as the file's."""
    title: Text
    """What it is for."""
    starts: UtcTime
    """Its first moment."""
    ends: UtcTime
    """The first moment after it."""
    products: tuple[Slug, ...] = ()
    """Products, by id; none means all."""
    allows: tuple[ChangeClass, ...] = (ChangeClass.DOCS,)
    """Change classes that may still ship."""
    because: Text
    """A short noun phrase for the arithmetic: "end of quarter"."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ends <= self.starts:
            raise ValueError("`ends` is not after `starts`; set it to the first moment after the freeze")
        return self


class Approver(Model):
    """A person who takes responsibility, and in which duty."""

    person: Text
    """Who; published in the register of overrides."""
    duty: Duty
    """The duty in which this person approves."""


class RollbackReview(Model):
    """Somebody has reviewed the rollback."""

    by: Text
    """Who."""
    at: UtcTime
    """When."""
    bundle: Digest
    """SHA-256 of the rollback bundle that was reviewed."""


class Override(Model):
    """Rules that one release with exact files may pass, for a limited time (content/overrides/, R27, R30)."""

    id: Slug
    """Name in files and commands, the same as the file's; never reused."""
    product: Slug
    """The product, by id."""
    version: ReleaseVersion
    """The version, in quotes; an override is used up when it has shipped."""
    channel: Slug
    """The channel."""
    rules: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Exact ids of the rules, such as freeze.hard; integrity rules cannot be overridden."""
    artifacts: Annotated[tuple[Digest, ...], Field(min_length=1)]
    """SHA-256 of every file of the release; other bytes are not covered."""
    reason: Text
    """Why this cannot wait, in one sentence; it is published."""
    approvers: Annotated[tuple[Approver, ...], Field(min_length=1)]
    """Who answers for it: engineering and operations, in a hard freeze an executive too; each another person. Under
    profile solo one person is enough."""
    rollback_review: RollbackReview | None = None
    """The review of the rollback; a team needs it in a hard freeze."""
    approved_at: UtcTime
    """The first moment at which it counts."""
    expires: UtcTime
    """The first moment at which it no longer counts."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.expires <= self.approved_at:
            raise ValueError("`expires` is not after `approved_at`; set it to when the override ends")
        if self.rollback_review is not None and self.rollback_review.at > self.approved_at:
            raise ValueError("`rollback_review` is later than `approved_at`; review the rollback first, then approve")
        persons = [" ".join(approver.person.split()).casefold() for approver in self.approvers]
        if len(set(persons)) != len(persons):
            twice = next(approver.person for n, approver in enumerate(self.approvers) if persons[n] in persons[:n])
            raise ValueError(f"`approvers` names {twice} twice; name another person for one of the duties")
        return self
