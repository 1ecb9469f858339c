"""The release policy as data (content/policy.yaml): what freezes, for how long, and what may still ship."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from publisher.model.config.role import Duty
from publisher.model.content.monitor import Measure
from publisher.model.content.product import ClientType
from publisher.model.content.release import ChangeClass
from publisher.model.records.attested_fact import Fact
from publisher.model.values import Duration, LocalTime, Model, Score, Slug, Text, UtcTime
from publisher.wire.feed_words import Audience


class Band(Model):
    """How long releases stop around an event: hard, then soft, before it and after it (R19, R20)."""

    hard_before: Duration = timedelta()
    """Nothing but exempt classes ships for this long before the event, and through it."""
    hard_after: Duration = timedelta()
    """Nothing but exempt classes ships for this long after the event."""
    soft_before: Duration = timedelta()
    """Runs before the hard freeze begins."""
    soft_after: Duration = timedelta()
    """Runs after the hard freeze ends."""


class PartialBand(Model):
    """Some of a band's lengths; the others stay as they are."""

    hard_before: Duration | None = None
    """Hard freeze before the event."""
    hard_after: Duration | None = None
    """Hard freeze after the event."""
    soft_before: Duration | None = None
    """Soft freeze before the hard one."""
    soft_after: Duration | None = None
    """Soft freeze after the hard one."""


class BaseBand(Model):
    """The band of some types of event, before adjustments."""

    events: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Event types. Every event's type must stand in one base band."""
    band: Band
    """How long releases stop around these events."""
    because: Text
    """A short noun phrase for the arithmetic: "exchange listing"."""


class Adjustment(Model):
    """A change to the band where all of its conditions hold (R26). Adjustments apply in the order of the file."""

    because: Text
    """A short noun phrase for the arithmetic: "persistence format"."""
    events: tuple[Slug, ...] = ()
    """Event types; none means all."""
    client_types: tuple[ClientType, ...] = ()
    """Client types; none means all."""
    classes: tuple[ChangeClass, ...] = ()
    """Change classes; none means all."""
    severity_at_least: Score = 1
    """Only events of at least this severity."""
    severity_at_most: Score = 5
    """Only events of at most this severity."""
    compatibility_risk_at_least: Annotated[int, Field(ge=0, le=3)] = 0
    """Only events with at least this risk that old and new versions do not understand one another (R14)."""
    blast_radius_at_least: Score = 1
    """Only releases that reach at least this far (R95)."""
    event_sensitivity_at_least: Score = 1
    """Only releases whose product is at least this sensitive to events (R95)."""
    tested_less_than: Duration | None = None
    """Only releases that were tested for less time than this, or do not say how long (R24)."""
    uncovered: bool = False
    """Only events around which support or on-call has a gap in the week that the event falls into (R24)."""
    add: PartialBand | None = None
    """Lengths to add."""
    set: PartialBand | None = None
    """Lengths to use instead."""
    exempt: bool = False
    """No freeze at all, not even during the event."""


class Uncertainty(Model):
    """Uncertainty makes freezes longer, never shorter (R18, R25)."""

    likely: PartialBand = PartialBand()
    """Lengths to add around an event that is likely, not confirmed."""
    rumoured: PartialBand = PartialBand()
    """Lengths to add around an event that is only rumoured."""
    drift_per_day: Annotated[Duration, Field(lt=timedelta(days=1))] = timedelta(hours=1)
    """How much an estimate of a block or epoch widens on both sides for each day of its age."""
    stale_after: Duration = timedelta(days=3)
    """An estimate or signal older than this no longer counts."""
    near: Duration = timedelta(days=14)
    """From how long before a freeze its estimate or signal must be recent."""


class FreezePolicy(Model):
    """The freeze matrix: event type and severity by client type and change class (R19-R26)."""

    soft_allows: tuple[ChangeClass, ...]
    """Change classes that may ship in a soft freeze (R20)."""
    base: Annotated[tuple[BaseBand, ...], Field(min_length=1)]
    """The bands by event type."""
    adjust: tuple[Adjustment, ...] = ()
    """What makes them longer or shorter."""
    uncertainty: Uncertainty = Uncertainty()
    """How uncertainty makes them longer."""
    pad_hidden: bool = False
    """Whether the freeze around an event that is not public is as long as the longest, so that it tells nothing."""
    longest: Duration | None = None
    """Warn if a freeze of one product and class lasts longer than this without a gap (R2)."""
    min_open_days_per_90: Annotated[int, Field(ge=0, le=90)] = 0
    """At least as many days of any 90 should be open for each product and class (R2)."""


class Pattern(Model):
    """A way to roll out, with what it is good for (R71)."""

    id: Slug
    """Name in releases."""
    name: Text
    """Name that people read."""
    classes: Annotated[tuple[ChangeClass, ...], Field(min_length=1)]
    """Change classes that it is for."""
    best_for: Text
    """What it is best for."""
    risk: Text
    """How risky it is: low, high, variable."""
    rollback: Text
    """Effort of a rollback."""
    note: Text
    """One sentence of advice."""
    near_events: bool = True
    """Whether it may be used near an event."""
    default_for: tuple[ChangeClass, ...] = ()
    """Change classes for which it is the default."""
    maintenance_only: bool = False
    """Whether it ships in announced maintenance only."""


class Owner(Model):
    """Somebody who answers for something, and who stands in (R9, R83)."""

    person: Text
    """Who."""
    backup: Text
    """Who else."""

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.person == self.backup:
            raise ValueError("`backup` is the same person; name another")
        return self


class Owners(Model):
    """Who owns what; the calendar is owned beside incident response, not under it (R9)."""

    calendar: Owner
    """Who owns calendar and policy."""
    incident_response: Owner
    """Who leads when something fails."""
    rollback: dict[Slug, Owner] = Field(default_factory=dict)
    """Who decides to take a release back, by product (R83)."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.calendar.person == self.incident_response.person:
            raise ValueError("`calendar` and `incident_response` are the same person; name another for one of them")
        return self


class MaintenancePolicy(Model):
    """What maintenance may be (R60-R63)."""

    longest: Duration = timedelta(hours=3)
    """A longer window needs an approval."""
    longest_with_data: Duration = timedelta(hours=1)
    """The same if seeding, sync or storage are affected."""
    busy_percent: Annotated[int, Field(ge=1, le=100)] = 60
    """From this share of the busiest hour on, an hour is peak and must be justified."""
    night_from: LocalTime = "23:00"
    """Work at night begins here, by the clock of who works."""
    night_to: LocalTime = "06:00"
    """Work at night ends here."""
    nights_per_week: Annotated[int, Field(ge=0, le=7)] = 1
    """How many nights a week one person may work."""
    eve: Duration = timedelta(hours=24)
    """How long before an event maintenance needs staff around the clock (R61)."""
    eve_severity: Score = 2
    """For events of at least this severity."""
    after: Duration = timedelta(hours=24)
    """How long on-call, support and comms must be on duty after a window, or after a release near an event (R62)."""


class MonitorPolicy(Model):
    """What is measured before a soft freeze ends (R22)."""

    severity_at_least: Score = 4
    """After events of at least this severity."""
    required: tuple[Measure, ...] = ()
    """What must be measured for every product; empty: no freeze waits for measurements."""
    patience: Duration = timedelta(days=7)
    """A freeze ends anyway after this long without any reading."""


class ApprovalPolicy(Model):
    """What a release needs beyond the signatures that its role asks for (R38, R39)."""

    valid_for: Duration = timedelta(days=14)
    """An approval counts for so long after it was given."""
    near_events: Annotated[int, Field(ge=1, le=9)] = 2
    """How many persons must approve a release near an event."""
    near_duties: tuple[Duty, ...] = (Duty.ENGINEERING, Duty.OPERATIONS)
    """Duties that must be among them, each of a different person."""
    facts: tuple[Fact, ...] = (Fact.SUPPORT_STAFFING, Fact.ALERT_ROUTING, Fact.ROLLBACK_ARTIFACTS)
    """What operations must attest one by one near an event (R39)."""
    way_back: bool = True
    """Whether rollback metadata is signed together with each release that can be taken back (R85)."""


class Runway(Model):
    """How long before its moment a required version must be out, for some (R28)."""

    because: Text
    """A short noun phrase for the arithmetic: "nodes on main networks"."""
    length: Duration
    """How long people need to hear of it, test it and install it."""
    client_types: tuple[ClientType, ...] = ()
    """Client types; none means all."""
    events: tuple[Slug, ...] = ()
    """Event types; none means all."""
    audiences: tuple[Audience, ...] = ()
    """Only for requirements that name one of these; none means all requirements."""


class RequirementPolicy(Model):
    """Which events may require versions, and the runway of each."""

    events: tuple[Slug, ...] = ()
    """Event types that may require versions; none: no event may."""
    runways: tuple[Runway, ...] = ()
    """The longest that applies counts; where none applies, the version may come out at the last moment."""


class Policy(Model):
    """The whole of policy.yaml."""

    version: Annotated[int, Field(ge=1)]
    """Raise it with every change, so that a decision can name the policy it followed."""
    effective: UtcTime
    """When it takes effect."""
    profile: Literal["solo", "team"]
    """How much proof a release needs: of one person, or of a team."""
    summary: Text
    """The policy in one sentence."""
    freeze: FreezePolicy
    """When releases stop, and which."""
    patterns: tuple[Pattern, ...] = ()
    """Ways to roll out."""
    owners: Owners | None = None
    """Who owns what."""
    maintenance: MaintenancePolicy = MaintenancePolicy()
    """What maintenance may be."""
    monitors: MonitorPolicy = MonitorPolicy()
    """What is measured before a soft freeze ends (R22)."""
    approvals: ApprovalPolicy = ApprovalPolicy()
    """What a release needs beyond the signatures that its role asks for (R38, R39)."""
    requirements: RequirementPolicy = RequirementPolicy()
    """Which events may require versions, and how long before them those must be out (R28)."""
    review_due: Duration = timedelta(days=7)
    """How long after its last review the calendar is due for the next (R92)."""
    review_stale: Duration = timedelta(days=14)
    """No release ships near an event if the last review is older than this (R92)."""
    rehearsal_max_age: Duration = timedelta(days=90)
    """How long a rehearsal of the rollback counts (R72, R91)."""
    rollback_window: Annotated[Duration, Field(ge=timedelta(days=1))] = timedelta(days=30)
    """How long a release can be taken back after it was staged; then the channel's people renew that (R81)."""
    rollback_ready_before: Duration = timedelta(days=14)
    """How long before a release, or the freeze after it, its rollback must be ready (R85)."""
    soak: Duration = timedelta(days=7)
    """How long new code runs before it becomes the default (R66)."""
    scenario_severity: Score = 4
    """From this severity up, an event needs a scenario that was run (R5)."""
    scenario_max_age: Duration = timedelta(days=180)
    """How old the last run may be when the event begins (R5)."""
    comms_lead_severity: Score = 3
    """From this severity up, an event needs a comms lead (R8)."""
    override_longest: Duration = timedelta(days=14)
    """No override counts for longer than this (R30)."""
    delay_limit: Duration = timedelta(days=2)
    """How long an essential security fix may wait before it is marked as overdue (R28)."""
    sample: bool = False
    """An invented example."""

    def __hash__(self) -> int:
        return self.version

    @property
    def event_types(self) -> frozenset[str]:
        """Every event type that the freeze matrix knows."""
        return frozenset(name for base in self.freeze.base for name in base.events)
