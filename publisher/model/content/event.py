"""Events of the ecosystem around which releases are planned (content/events/, R13-R18)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.model.content.requirement import RequiredVersion
from publisher.model.values import HttpsUrl, Markdown, Model, Score, Slug, Text, UtcTime, format_time
from publisher.model.visibility import Visible
from publisher.wire.json_object import LARGEST_COUNT

Impact = Annotated[int, Field(ge=0, le=3)]
"""0 none, 1 some, 2 high, 3 extreme."""


class Scored(Model):
    """A score with the reason that makes it repeatable (R15, R17)."""

    score: Score
    """From 1 to 5."""
    because: Text
    """Why this score and no other, in one sentence."""
    by: Text | None = None
    """Who scored it."""
    at: UtcTime | None = None
    """When it was scored."""


UNSCORED_SEVERITY = Scored(score=5, because="Not scored yet, so the worst is assumed.")
UNSCORED_LEAD_TIME = Scored(score=1, because="Not scored yet, so no time to prepare is assumed.")


class ImpactTags(Model):
    """Expected impact, each from 0 (none) to 3 (extreme) (R14)."""

    client_load: Impact
    """More logins, downloads and restarts of clients: 0 none to 3 extreme."""
    node_churn: Impact
    """Nodes that come and go: 0 none to 3 extreme."""
    support_traffic: Impact
    """Questions to the support team: 0 none to 3 extreme."""
    compatibility_risk: Impact
    """Old and new versions that may not understand one another: 0 none to 3 extreme."""


class Confidence(StrEnum):
    """How sure it is that the event takes place, and when (R25)."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    RUMOURED = "rumoured"


class Assumption(StrEnum):
    """What users and programs take for granted, and an event may end (R6)."""

    BALANCES = "balances"
    UNITS = "units"
    METADATA = "metadata"
    UPGRADE_PATH = "upgrade-path"


class Trigger(Model):
    """A block or an epoch that starts the event; its moment can only be estimated (R18, EIP-6953)."""

    kind: Literal["block", "epoch"]
    """What is counted."""
    chain: Text
    """On which chain."""
    height: Annotated[int, Field(ge=1)]
    """The block or epoch that starts the event."""
    seen: Annotated[int, Field(ge=0)]
    """The block or epoch that the chain had reached at `as_of`."""
    as_of: UtcTime
    """When the estimate was made."""
    spacing_seconds: Annotated[float, Field(gt=0, le=30 * 86400)]
    """Average time between two blocks or epochs, in seconds."""
    earliest: UtcTime
    """Before this moment it cannot happen, as far as was known at `as_of`."""
    latest: UtcTime
    """After this moment it must have happened, as far as was known at `as_of`."""

    @property
    def reckoned(self) -> timedelta:
        """From `as_of` to the block, by the average spacing."""
        return timedelta(seconds=(self.height - self.seen) * self.spacing_seconds)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.latest < self.earliest:
            raise ValueError("`latest` is before `earliest`; swap the two")
        if self.height <= self.seen:
            raise ValueError(
                f"`height` {self.height} had already been reached when {self.seen} was seen; check both numbers"
            )
        # Asked of the number of blocks, since a length of time cannot be as long as a slip of the finger makes it.
        if self.height - self.seen > 3660 * 86400 / self.spacing_seconds:
            raise ValueError("`height` is more than ten years away at this spacing; check the height and the spacing")
        if self.height > LARGEST_COUNT:
            raise ValueError(f"`height` is larger than {LARGEST_COUNT}, the most that clients read; check it")
        moment = self.as_of + self.reckoned
        if not self.earliest <= moment <= self.latest:
            raise ValueError(
                f"`height` would be reached about {moment:%Y-%m-%dT%H:%MZ} at this spacing, which is not between"
                " `earliest` and `latest`; check `seen`, `as_of` and `spacing_seconds`, or estimate it again"
            )
        return self


class Revision(Model):
    """What was known of the event until it was changed; a freeze that had begun by it still runs to its end (R25)."""

    until: UtcTime
    """When the change was made."""
    because: Text
    """Why, in one sentence that may be published."""
    starts: UtcTime | None = None
    """The start that had been known; left out when it has not changed."""
    ends: UtcTime | None = None
    """The end that had been known."""
    trigger: Trigger | None = None
    """The estimate of the block or epoch that had been known."""
    severity: Scored | None = None
    """The severity that had been known."""
    status: Literal["planned", "happened", "cancelled"] | None = None
    """The status that had been known."""


REVISED = ("starts", "ends", "trigger", "severity", "status")
"""What a revision may say of an event."""


class Event(Visible):
    """Something outside that makes a release riskier: an upgrade, a listing, a migration, a conference."""

    id: Slug
    """Name in files and commands, the same as the file's; never reused."""
    title: Text
    """What happens, as a headline."""
    type: Slug
    """One of the types in the policy's freeze matrix."""
    ecosystem: Slug
    """Which network or project it belongs to: tron, bttc, btfs, bitcoin, industry."""
    starts: UtcTime
    """The first moment of the event; with `trigger` the best estimate of it."""
    ends: UtcTime
    """The first moment after the event."""
    announced: UtcTime | None = None
    """When the public could know."""
    confidence: Confidence = Confidence.CONFIRMED
    """Confidence in it; lower confidence makes freezes longer, never shorter."""
    trigger: Trigger | None = None
    """The block or epoch that starts it, where no date does."""
    severity: Scored = UNSCORED_SEVERITY
    """Technical blast radius, 1 to 5. Left out it counts as 5, and releases near it need an approval."""
    lead_time: Scored = UNSCORED_LEAD_TIME
    """Time to test and announce, 1 (none) to 5 (plenty). Left out it counts as 1."""
    impact: ImpactTags
    """Expected effects on clients, nodes, support and compatibility."""
    invalidates: tuple[Assumption, ...] = ()
    """What users take for granted and the event ends (R6)."""
    requires: tuple[RequiredVersion, ...] = ()
    """Versions that users must run by then, by product, release line and audience (R55)."""
    follows: tuple[Slug, ...] = ()
    """Events that must have begun before this one, by id."""
    comms_lead: Text | None = None
    """Who speaks for the team when it happens; needed from severity 3 on (R8)."""
    summary: Markdown
    """What happens and what users may notice."""
    status: Literal["planned", "happened", "cancelled"] = "planned"
    """A cancelled event opens no freeze."""
    revisions: tuple[Revision, ...] = ()
    """What was known before, oldest first: a date that was moved while its freeze was running does not shorten it."""
    source: HttpsUrl | None = None
    """Where the fact can be checked."""
    schedule: Slug | None = None
    """The schedule from which `publish import events` keeps its dates and required versions up to date."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ends <= self.starts:
            raise ValueError("`ends` is not after `starts`; set it to the first moment after the event")
        if self.announced is not None and self.announced > self.starts:
            raise ValueError("`announced` is after `starts`; check both years")
        if self.trigger is not None and not self.trigger.earliest <= self.starts <= self.trigger.latest:
            raise ValueError(
                "`starts` is not between `earliest` and `latest` of its trigger; set it to the best estimate"
            )
        for required in self.requires:
            if required.by is not None and required.by > self.earliest:
                raise ValueError(
                    f"`requires` of {required.product} has a `by` after the event may have begun; leave it out, or set"
                    f" it to {format_time(self.earliest)} or earlier"
                )
        for earlier, later in zip(self.revisions, self.revisions[1:], strict=False):
            if later.until <= earlier.until:
                raise ValueError("`revisions` must be in the order of `until`, oldest first")
        for revision in self.revisions:
            if (revision.ends or self.ends) <= (revision.starts or self.starts):
                raise ValueError("`revisions` has an end that is not after its start; give both `starts` and `ends`")
        return self

    @property
    def not_scored(self) -> tuple[str, ...]:
        """The fields whose score nobody has given."""
        severity = ("severity",) if self.severity is UNSCORED_SEVERITY else ()
        return (*severity, "lead_time") if self.lead_time is UNSCORED_LEAD_TIME else severity

    @property
    def scored(self) -> bool:
        """Whether people have scored severity and lead time."""
        return not self.not_scored

    @property
    def estimate(self) -> Trigger | None:
        """The block or epoch that it waits for; None where its dates are known, also since it has happened."""
        return None if self.status == "happened" else self.trigger

    @property
    def is_dated(self) -> bool:
        """Whether its time is known to the minute; that of a rumour, or of a block to come, is not."""
        return self.confidence == "confirmed" and self.estimate is None

    @property
    def earliest(self) -> datetime:
        """The first moment at which it may begin, as far as was known when it was estimated."""
        return self.estimate.earliest if self.estimate else self.starts

    @property
    def latest(self) -> datetime:
        """The last moment at which it may begin."""
        return self.estimate.latest if self.estimate else self.starts

    @property
    def over(self) -> datetime:
        """The first moment after it, if it begins as late as it may."""
        return self.latest + (self.ends - self.starts)
