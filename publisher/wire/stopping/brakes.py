"""Brakes: what one person on call can stop, and what only the channel's people can let go again.

The delegated role `brakes` can only restrict. Its metadata lists, in a signed field that other TUF clients ignore,
what is stopped on each channel:

    "x-tidegate-brakes": {
      "btfs-node.stable": {
        "holds":     [{"id": "<sha256>", "version": "4.1.0", "platforms": ["linux-amd64"]}],
        "withdrawn": [{"id": "<sha256>", "version": "4.0.2"}],
        "rejected":  ["<sha256 of a candidate>"],
        "freezes":   [{"event": "chain-fork", "begins": "2027-03-01T12:00:00Z", "ends": "2027-03-03T12:00:00Z"}]
      }
    }

`id` is the SHA-256 of the notice that gives the reason (`notice.py`), which is fetched by whom it concerns. No
platforms means all of them. The channel's own role ends a hold or a withdrawal by naming its id:

    "x-tidegate-lifted": ["<sha256>"]

Pure: metadata in, values or an error out; the one reading of it for clients, auditors and publishers.
tests/vectors/client/expired-roles.json and remembered.json hold published test vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from tuf.api.metadata import Metadata, Signed, Targets
from tuf.api.serialization.json import JSONSerializer

from publisher.wire.errors import ClientVerificationError, FeedError
from publisher.wire.json_object import At, JsonObject, digest_at, slug_at, time_at, version_at
from publisher.wire.version import Version

__all__ = [
    "BRAKES",
    "BRAKES_FIELD",
    "LIFTED_FIELD",
    "MOST",
    "Brake",
    "ChannelBrakes",
    "Freeze",
    "brakes_of",
    "candidate_digest",
    "lifted_by",
    "silenced_by",
]

BRAKES = "brakes"
"""The delegated role that can only restrict: what it says must be fresh, since its silence would mean "go on"."""

BRAKES_FIELD = "x-tidegate-brakes"
LIFTED_FIELD = "x-tidegate-lifted"

MOST = 1000
"""So many holds, withdrawals, rejected candidates or freezes a channel has at most."""

_TOP_LEVEL = frozenset({"root", "targets", "snapshot", "timestamp"})
_DISTRUST = "keep what you run, and tell the publisher"

T = TypeVar("T")


@dataclass(frozen=True)
class Brake:
    """A hold or a withdrawal: which version it stops, and where."""

    id: str
    """SHA-256 of its notice, by which it is lifted."""
    version: Version
    platforms: tuple[str, ...] = ()
    """Ids of platforms, ascending; empty: all."""

    def stops(self, version: Version, platform: str) -> bool:
        """Whether it is about this version on this platform."""
        return version == self.version and (not self.platforms or platform in self.platforms)


@dataclass(frozen=True)
class Freeze:
    """A stretch of the release calendar in which nothing spreads any further."""

    event: str
    """Id of the event that it is for."""
    begins: datetime
    """Its first moment, UTC."""
    ends: datetime
    """The first moment after it, UTC."""


@dataclass(frozen=True)
class ChannelBrakes:
    """Everything that is stopped on one channel; nothing, by default."""

    holds: tuple[Brake, ...] = ()
    withdrawn: tuple[Brake, ...] = ()
    rejected: tuple[str, ...] = ()
    """SHA-256 of candidates that somebody said no to: metadata of the channel that clients refuse."""
    freezes: tuple[Freeze, ...] = ()

    def hold_of(self, version: Version, *platforms: str) -> Brake | None:
        """The latest hold on a version on one of these platforms; None where it is free."""
        return _last(self.holds, version, platforms)

    def withdrawal_of(self, version: Version, *platforms: str) -> Brake | None:
        """The latest withdrawal of a version on one of these platforms; None where it is good."""
        return _last(self.withdrawn, version, platforms)

    def stops(self, version: Version, platform: str) -> bool:
        """Whether this version may not be offered on this platform."""
        return any(brake.stops(version, platform) for brake in (*self.holds, *self.withdrawn))

    def freeze_at(self, moment: datetime) -> Freeze | None:
        """The freeze that ends last of those that a moment lies in; None outside all of them."""
        under_way = [freeze for freeze in self.freezes if freeze.begins <= moment < freeze.ends]
        return max(under_way, key=lambda freeze: freeze.ends, default=None)

    def without(self, lifted: Collection[str]) -> ChannelBrakes:
        """What is left once these ids are lifted."""
        return replace(
            self,
            holds=tuple(brake for brake in self.holds if brake.id not in lifted),
            withdrawn=tuple(brake for brake in self.withdrawn if brake.id not in lifted),
        )

    def joined(self, holds: Iterable[Brake], withdrawn: Iterable[Brake]) -> ChannelBrakes:
        """The same with brakes that were seen earlier, each once.

        What is listed takes the place of nothing: under the id of an earlier brake it may name another version.
        """
        return replace(
            self, holds=_joined(tuple(holds), self.holds), withdrawn=_joined(tuple(withdrawn), self.withdrawn)
        )


def _joined(before: tuple[Brake, ...], now: tuple[Brake, ...]) -> tuple[Brake, ...]:
    listed = frozenset(now)
    return (*(brake for brake in before if brake not in listed), *now)


def _last(brakes: tuple[Brake, ...], version: Version, platforms: Collection[str]) -> Brake | None:
    return next(
        (brake for brake in reversed(brakes) if any(brake.stops(version, platform) for platform in platforms)), None
    )


def brakes_of(role: Signed, channel_role: str) -> ChannelBrakes:
    """What verified metadata of the role brakes stops on a channel, given as PRODUCT.CHANNEL.

    Raises ClientVerificationError for a malformed field: whoever cannot read what is stopped offers nothing.
    """
    channels = role.unrecognized_fields.get(BRAKES_FIELD, {})
    try:
        fields = JsonObject(channels, BRAKES_FIELD).fields
        if channel_role not in fields:
            return ChannelBrakes()
        channel = JsonObject(fields[channel_role], f"{BRAKES_FIELD}.{channel_role}")
        return ChannelBrakes(
            holds=_each(channel, "holds", _brake),
            withdrawn=_each(channel, "withdrawn", _brake),
            rejected=_each(channel, "rejected", digest_at),
            freezes=_each(channel, "freezes", _freeze),
        )
    except FeedError as error:
        raise _malformed(error, "brakes") from None


def lifted_by(role: Signed) -> tuple[str, ...]:
    """The ids of holds and withdrawals that verified metadata of a channel ends, the first that was lifted first.

    Raises ClientVerificationError.
    """
    fields: dict[str, Any] = role.unrecognized_fields
    try:
        return _each(JsonObject(fields, ""), LIFTED_FIELD, digest_at)
    except FeedError as error:
        raise _malformed(error, "channel") from None


def candidate_digest(role: Targets) -> str:
    """What `rejected` names metadata of a channel by: SHA-256 of its compact JSON without signatures."""
    return hashlib.sha256(Metadata(role).to_bytes(JSONSerializer(compact=True))).hexdigest()


def silenced_by(role: str, channel_roles: Iterable[str]) -> tuple[str, ...]:
    """The roles among `channel_roles` for which clients offer nothing while `role` is expired.

    A top-level role silences every channel (TUF specification, section 5), and so do the brakes, once a snapshot lists
    them. A channel's own role silences that channel. Any other role (rollout, notes) silences none.
    """
    if role in _TOP_LEVEL or role == BRAKES:
        return tuple(channel_roles)
    return tuple(channel_role for channel_role in channel_roles if channel_role == role)


def _each(fields: JsonObject, name: str, read: Callable[[At], T]) -> tuple[T, ...]:
    items = fields.items(name)
    if len(items) > MOST:
        raise FeedError(f"{fields.path}.{name} has {len(items)} items; at most {MOST} are read")
    return tuple(read(item) for item in items)


def _brake(at: At) -> Brake:
    brake = JsonObject(*at)
    return Brake(
        id=brake.required("id", digest_at),
        version=brake.required("version", version_at),
        platforms=tuple(sorted(slug_at(platform) for platform in brake.items("platforms"))),
    )


def _freeze(at: At) -> Freeze:
    freeze = JsonObject(*at)
    begins, ends = freeze.required("begins", time_at), freeze.required("ends", time_at)
    if ends <= begins:
        raise FeedError(f"{at[1]}.ends must be after begins")
    return Freeze(freeze.slug("event"), begins, ends)


def _malformed(error: FeedError, whose: str) -> ClientVerificationError:
    return ClientVerificationError(f"the signed metadata of the {whose} role is malformed: {error.what}", fix=_DISTRUST)
