"""Versions that an event requires, as the channel's role has signed them: what to run, by when, because of what.

Pure, and the one reckoning of time for clients and for whoever plans. tests/vectors/client/ready.json holds published
test vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from publisher.wire.errors import FeedError
from publisher.wire.feed_words import Audience
from publisher.wire.json_object import At, JsonObject, choice_of, count_at, https_at, time_at, version_at
from publisher.wire.version import Version

__all__ = ["MOST", "Demand", "Estimate", "Requirement", "covers", "parse_requirement"]

MOST = 50
"""So many requirements a feed has at most: those to come, and those over that are not covered by another."""

DAY = timedelta(days=1)
OLDEST = timedelta(days=366)
"""An estimate older than this grows no wider; it has long ceased to be believed."""


@dataclass(frozen=True)
class Estimate:
    """When a block or an epoch is expected, as far as was known at `as_of` (EIP-6953)."""

    kind: str
    """block or epoch."""
    chain: str
    height: int
    """The block or epoch that the event waits for."""
    seen: int
    """The one that the chain had reached at `as_of`."""
    spacing_ms: int
    """Average time between two of them, in milliseconds."""
    as_of: datetime
    earliest: datetime
    """Before this moment it cannot happen, as far as was known at `as_of`."""
    latest: datetime
    """After this moment it must have happened, as far as was known at `as_of`."""
    drift_per_day: timedelta
    """How much the estimate widens on both sides for each day of its age."""
    trusted_until: datetime
    """From this moment on it is too old to be believed."""

    def earliest_at(self, now: datetime) -> datetime:
        """The earliest moment at which it may happen, by an estimate that has aged until `now`."""
        age = min(max(now - self.as_of, timedelta()), OLDEST)
        return self.earliest - age / DAY * self.drift_per_day


@dataclass(frozen=True)
class Requirement:
    """The lowest version that survives an event."""

    event: str
    """Id of the event."""
    title: str
    at_least: Version
    """Whoever runs this version or a later one on this channel is ready."""
    by: datetime
    """When it must be running, UTC; with an estimate the earliest moment as known at its `as_of`."""
    runway_begins: datetime
    """By when the version should have been out, so that there is time to install it; from then on it is urgent."""
    audiences: tuple[Audience, ...] = ()
    """Whom it is about; empty: everybody."""
    estimate: Estimate | None = None
    """The block or epoch that `by` follows from; None where it is a date."""
    url: str | None = None
    """The page of the event, https."""

    def due(self, now: datetime) -> datetime:
        """By when it must be running, as far as can be told at `now`: the earliest end of what is uncertain."""
        return self.by if self.estimate is None else min(self.by, self.estimate.earliest_at(now))

    def believed(self, now: datetime) -> bool:
        """Whether its moment is known well enough at `now`."""
        return self.estimate is None or now < self.estimate.trusted_until

    def concerns(self, audience: Audience | None) -> bool:
        """Whether it is about this audience; whoever names none is asked for all."""
        return audience is None or not self.audiences or audience in self.audiences


class Demand(Protocol):
    """A version that some people, or everybody, are asked to run."""

    @property
    def at_least(self) -> Version:
        """This version or a later one."""
        ...

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """Whom it is about; empty: everybody."""
        ...


def covers(other: Demand, demand: Demand) -> bool:
    """Whether another demand asks the same people for as much or more."""
    asked = set(other.audiences)
    return other.at_least >= demand.at_least and (not asked or set() < set(demand.audiences) <= asked)


def parse_requirement(at: At) -> Requirement:
    """One item of `requirements` of a feed. Raises FeedError."""
    item = JsonObject(*at)
    return Requirement(
        event=item.slug("event"),
        title=item.text("title"),
        at_least=item.required("at_least", version_at),
        by=item.required("by", time_at),
        runway_begins=item.required("runway_begins", time_at),
        audiences=tuple(choice_of(Audience)(audience) for audience in item.items("audiences")),
        estimate=item.optional("estimate", _estimate),
        url=item.optional("url", https_at),
    )


def _estimate(at: At) -> Estimate:
    estimate = JsonObject(*at)
    return Estimate(
        kind=estimate.text("kind"),
        chain=estimate.text("chain"),
        height=estimate.count("height"),
        seen=estimate.count("seen"),
        spacing_ms=estimate.count("spacing_ms"),
        as_of=estimate.required("as_of", time_at),
        earliest=estimate.required("earliest", _earliest),
        latest=estimate.required("latest", time_at),
        drift_per_day=estimate.required("drift_seconds_per_day", _drift),
        trusted_until=estimate.required("trusted_until", time_at),
    )


def _earliest(at: At) -> datetime:
    moment = time_at(at)
    if moment < datetime.min.replace(tzinfo=UTC) + OLDEST:
        raise FeedError(f"{at[1]} is too early to grow earlier")
    return moment


def _drift(at: At) -> timedelta:
    seconds = count_at(at)
    if seconds >= DAY // timedelta(seconds=1):
        raise FeedError(f"{at[1]} must be less than a day")
    return timedelta(seconds=seconds)
