"""Releases and what users are told about them (content/releases/PRODUCT/VERSION.yaml)."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from publisher.model.values import (
    Digest,
    Duration,
    FilePattern,
    HttpsUrl,
    Markdown,
    Model,
    PlatformId,
    ReleaseVersion,
    Score,
    Sentence,
    Slug,
    Text,
    UtcTime,
)
from publisher.wire.feed_words import Action, BackState, Restart


class ChangeClass(StrEnum):
    """The riskiest thing that a release changes (R20, R26)."""

    DOCS = "docs"
    UI_POLISH = "ui-polish"
    PATCH = "patch"
    SECURITY = "security"
    HOTFIX = "hotfix"
    FEATURE = "feature"
    RPC = "rpc"
    DHT = "dht"
    TRACKER = "tracker"
    SEEDING = "seeding"
    PROTOCOL = "protocol"
    STORAGE = "storage"
    MIGRATION = "migration"


class Kind(StrEnum):
    """Routine can be taken back, a migration cannot, a hotfix could not wait (R29, R41)."""

    ROUTINE = "routine"
    MIGRATION = "migration"
    HOTFIX = "hotfix"


class Notes(Model):
    """What users need to know before they update (R55-R58)."""

    action: Action
    """How urgent the update is."""
    required_by: UtcTime | None = None
    """When a required update must be in place."""
    restart: Restart
    """What must be restarted for the update to take effect."""
    unit_statement: Text | None = None
    """What changes for balances, units or their display, where an event ends what users take for granted (R6)."""
    old_peers_ok_until: UtcTime | None = None
    """Until when older versions can still connect; left out: no end."""
    symptoms: tuple[Text, ...]
    """What users may notice while it rolls out; an empty list means nothing."""
    first_24h: Annotated[tuple[Text, ...], Field(min_length=1)]
    """How to stay safe in the first 24 hours."""
    body: Markdown | None = None
    """What changed, for people who want to read more."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.required_by is not None and self.action is not Action.REQUIRED:
            raise ValueError("`required_by` works only with `action: required`; change one of them")
        return self


class ArtifactSpec(Model):
    """Which files of the release belong to which platform."""

    file: FilePattern
    """A file name or pattern without folders, such as btfs-{version}-linux-amd64.tar.gz, with the release's version."""
    platform: PlatformId
    """What these files run on; one of the product's platforms."""
    sha256: Digest | None = None
    """The digest that the build reported; other bytes are then refused."""


class Necessity(StrEnum):
    """Whether it must ship, or is only useful (R28)."""

    ESSENTIAL = "essential"
    OPPORTUNISTIC = "opportunistic"


class RiskClass(StrEnum):
    """The three ways in which an update hurts (R7)."""

    OUTAGE = "outage"
    SECURITY = "security"
    TRUST = "trust"


class Risk(Model):
    """Something that may go wrong with this release, or the reason why nothing of this class can (R7)."""

    risk: RiskClass
    """Which of the three classes."""
    description: Text | None = None
    """What may go wrong."""
    mitigation: Text | None = None
    """What is done against it."""
    detector: Text | None = None
    """How you would notice it."""
    none_because: Text | None = None
    """Why there is no risk of this class; instead of the three lines above."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = (self.description, self.mitigation, self.detector)
        if self.none_because is not None and any(parts):
            raise ValueError(
                "`none_because` says that there is no such risk; remove it, or the description of the risk"
            )
        if self.none_because is None and not all(parts):
            names = ("description", "mitigation", "detector")
            missing = " and ".join(f"`{name}`" for name, text in zip(names, parts, strict=True) if not text)
            raise ValueError(
                f"{missing} {'is' if parts.count(None) == 1 else 'are'} missing; fill in all three, or say in"
                " `none_because` why there is no such risk"
            )
        return self


class Weighing(Model):
    """A risk from 1 to 5, with the reason (R29)."""

    score: Score
    """1 hardly any, 5 severe."""
    because: Text
    """Why, in one sentence that is published."""


class Step(StrEnum):
    """What goes out in which order: both planes at once is how outages are made (R66)."""

    METADATA = "metadata"
    DOCS = "docs"
    BINARIES = "binaries"
    SOAK = "soak"
    ENABLE_DEFAULT = "enable-default"


def _refuse_other_bundle(value: Any) -> Any:
    """One problem for what is neither; without it each of the two kinds has its own."""
    if value != "none-first-release" and not (isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)):
        raise ValueError("is not a SHA-256 digest; write the digest of the bundle, or none-first-release")
    return value


class Rollback(Model):
    """How a release is taken back: what for, checked and tried out (R72, R73, R91)."""

    bundle: Annotated[Digest | Literal["none-first-release"] | None, BeforeValidator(_refuse_other_bundle)] = None
    """SHA-256 of the rollback bundle; none-first-release where there is no version to go back to; left out where going
    back is forbidden."""
    state: BackState = BackState.COMPATIBLE
    """What going back to the version before does to users' data."""
    state_because: Sentence | None = None
    """Why users must not go back, in one sentence that is published; for `state: forbidden`."""
    backup: Sentence | None = None
    """How users restore their backup before they go back, in one sentence; for `state: restore-backup`."""
    verified_at: UtcTime | None = None
    """When the bundle was last verified to be whole."""
    rehearsed_at: UtcTime | None = None
    """When it was last tried out."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.bundle == "none-first-release" and (self.verified_at or self.rehearsed_at):
            raise ValueError("`bundle` is none-first-release, so there is nothing to verify or rehearse; remove it")
        if self.bundle == "none-first-release" and self.state is not BackState.COMPATIBLE:
            raise ValueError("`bundle` is none-first-release, so nobody can go back; remove `state`")
        if self.bundle is None and self.state is not BackState.FORBIDDEN:
            raise ValueError("`bundle` is missing; write its SHA-256 digest, none-first-release, or `state: forbidden`")
        for name, state in (("state_because", BackState.FORBIDDEN), ("backup", BackState.RESTORE_BACKUP)):
            if (getattr(self, name) is not None) != (self.state is state):
                missing = self.state is state
                raise ValueError(
                    f"`state` is {state}, so users need a sentence; add `{name}`"
                    if missing
                    else f"`{name}` is only for `state: {state}`; remove it, or change `state`"
                )
        return self


class Release(Model):
    """One version of one product."""

    product: Slug
    """The product, by id; the folder has the same name."""
    version: ReleaseVersion
    """The version in quotes; the file has the same name."""
    channels: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Where it may be published."""
    change_class: ChangeClass
    """The riskiest thing that it changes."""
    kind: Kind = Kind.ROUTINE
    """Whether it can be taken back."""
    necessity: Necessity = Necessity.OPPORTUNISTIC
    """Whether it must ship; only essential releases ship in a soft freeze (R28)."""
    fix_confidence: Literal["high", "medium", "low"] | None = None
    """Confidence that a fix works and breaks nothing; a soft freeze requires high."""
    risk_of_delay: Weighing | None = None
    """What waiting costs; a hotfix needs it (R29)."""
    risk_of_rollout: Weighing | None = None
    """What shipping now may cost; a hotfix needs it (R29)."""
    risks: tuple[Risk, ...] = ()
    """What may go wrong, by class; near an event each of the three classes is named, or why there is none (R7)."""
    tested: Duration | None = None
    """How long it has been tested; less than the policy expects makes freezes longer (R24)."""
    pattern: Slug | None = None
    """How it is rolled out, one of the policy's patterns; left out: the policy's default for its kind (R71)."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = (Step.METADATA, Step.DOCS, Step.BINARIES, Step.SOAK)
    """What it brings, in order: metadata and docs, then binaries, then soak, then the new default (R66)."""
    enables_default_of: ReleaseVersion | None = None
    """The version whose code this release switches on; it must have soaked (R66, R88)."""
    blast_radius: Score | None = None
    """Higher than the product's, if this release reaches further (R95)."""
    event_sensitivity: Score | None = None
    """Higher than the product's, if events matter more to this release (R95)."""
    rollback: Rollback | None = None
    """The rollback; due some days before the release (R85)."""
    sentence: Sentence
    """The release in one sentence that anybody understands, in 30 words or fewer (R99)."""
    planned_for: UtcTime | None = None
    """When the team wants to ship it."""
    shipped_at: UtcTime | None = None
    """When it was published, once it was."""
    notes: Notes
    """What users need to know before they update."""
    artifacts: tuple[ArtifactSpec, ...] = ()
    """Files and their platforms; needed before it can be published."""
    authors: tuple[Slug, ...] = ()
    """Who wrote it, as signers.yaml names them; a sole author's approval does not count near an event (R38)."""
    visibility: Literal["public", "internal"] = "public"
    """Who may know of it."""
    events: tuple[Slug, ...] = ()
    """Events that its users should know of (R56)."""
    for_event: Slug | None = None
    """The event that requires this version: its own freeze does not stop it, until the moment of the requirement."""
    source: HttpsUrl | None = None
    """Where the facts can be checked."""
    sample: bool = False
    """An invented example."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        stated = self.rollback.state if self.rollback and "state" in self.rollback.model_fields_set else None
        if self.kind is Kind.MIGRATION and stated not in (None, BackState.FORBIDDEN):
            raise ValueError(
                f"`kind` is migration, so users cannot go back, but `rollback.state` is {stated}; write forbidden, or"
                " change `kind`"
            )
        if self.visibility == "internal" and self.shipped_at is not None:
            raise ValueError("`shipped_at` is set, so the release is public; remove `visibility: internal`")
        order = list(Step)
        if [order.index(step) for step in self.steps] != sorted({order.index(step) for step in self.steps}):
            sorted_steps = ", ".join(step for step in order if step in self.steps)
            raise ValueError(f"`steps` are out of order or appear twice; write [{sorted_steps}]")
        if Step.ENABLE_DEFAULT in self.steps and self.enables_default_of is None:
            raise ValueError("`steps` enables a default, but the version is not named; add `enables_default_of`")
        if self.enables_default_of is not None and Step.ENABLE_DEFAULT not in self.steps:
            raise ValueError("`enables_default_of` needs the step enable-default; add it to `steps`")
        if self.enables_default_of == self.version:
            raise ValueError(
                "`enables_default_of` names this release itself; name an earlier one, whose code has soaked"
            )
        named = [risk.risk for risk in self.risks]
        if len(set(named)) != len(named) and any(risk.none_because for risk in self.risks):
            twice = next(name for index, name in enumerate(named) if name in named[:index])
            raise ValueError(f"`risks` names {twice} twice, once as no risk; remove one, or name another class")
        return self

    @property
    def named_events(self) -> tuple[str, ...]:
        """The event that it is for, and those that its users should know of, once each."""
        return tuple(dict.fromkeys(((self.for_event,) if self.for_event else ()) + self.events))

    @property
    def id(self) -> str:
        """PRODUCT@VERSION, as commands name it."""
        return f"{self.product}@{self.version}"

    @property
    def back_state(self) -> BackState:
        """What going back from it does to users' data; a migration forbids it."""
        if self.kind is Kind.MIGRATION:
            return BackState.FORBIDDEN
        return self.rollback.state if self.rollback is not None else BackState.COMPATIBLE

    @property
    def back_forbidden_because(self) -> str:
        """Why users must not go back, where they must not."""
        because = self.rollback.state_because if self.rollback is not None else None
        return because or "It is a migration: versions before it cannot read what it writes."

    def digest(self) -> str:
        """SHA-256 of all that is said of it but when it shipped; approvals are given for exactly this."""
        text = self.model_dump_json(exclude_defaults=True, exclude={"shipped_at"})
        return hashlib.sha256(text.encode()).hexdigest()
