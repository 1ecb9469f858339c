"""data/holds.json of the site: what is on hold or withdrawn, and what was. `publish schema` describes it."""

from __future__ import annotations

from typing import Literal

from publisher.model.records.channel_state import PastBrake
from publisher.model.values import Digest, Model, PlatformId, ReleaseVersion, Slug, UtcTime
from publisher.wire.feed_words import BrakeKind, WithdrawalAction


class BrakeInForce(Model):
    """A hold or a withdrawal that is in force."""

    kind: BrakeKind
    """What it is."""
    product: Slug
    """The product, by id."""
    channel: Slug
    """The channel, by id."""
    version: ReleaseVersion
    """The version that it stops."""
    platforms: tuple[PlatformId, ...] = ()
    """Where; empty: on all platforms."""
    taken_back: bool = False
    """Whether the channel's own role has taken the version back, so that clients may go back from it."""
    since: UtcTime | None = None
    """When it began; absent where its notice cannot be read."""
    because: str | None = None
    """One person's reason; absent where the notice cannot be read."""
    next_update: UtcTime | None = None
    """For a hold: when the publisher has promised to say more."""
    overdue: bool = False
    """Whether that moment has passed and nothing has come."""
    action: WithdrawalAction | None = None
    """For a withdrawal: what whoever runs the version should do."""
    replaced_by: ReleaseVersion | None = None
    """For a withdrawal: the version to run instead, where its notice names one."""
    advice: str
    """What to do, in plain sentences, as pages show it."""
    new_installs: dict[PlatformId, ReleaseVersion | None]
    """Platform -> what new installs get from the channel; null for nothing."""
    id: Digest | None = None
    """SHA-256 of the notice; absent where the version was taken back without one."""


class HoldsFile(Model):
    """The whole file. It carries no signature of its own: clients rest on the channel's signed metadata."""

    format: Literal["tidegate-holds/1"] = "tidegate-holds/1"
    """Name and version of this format."""
    at: UtcTime
    """The moment that it is told for."""
    now: tuple[BrakeInForce, ...] | None
    """What is on hold or withdrawn; null where the site was built without reading a channel."""
    history: tuple[PastBrake, ...] = ()
    """The latest 200 holds and withdrawals, in force or lifted, the latest first."""
