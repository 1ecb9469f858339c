"""Holds, withdrawals and rejections that brakes listed once and list no more, although nobody has lifted them (R82).

Publishing drops from the brakes only what the channel's people have lifted. So a version that lacks more was signed by
somebody who wanted a hold to end, with one stolen key of brakes; or the hold was signed and never became live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.brakes import ListedBrake, can_be_read, every_brake, lifted_ids, read_notice
from publisher.channel.keys.rotation import keys_of
from publisher.channel.layout import metadata_key, numbered
from publisher.channel.metadata_history import earlier_targets, verified_by
from publisher.channel.repository import Read, Repository, left_at, parse
from publisher.errors import StorageError, VerificationError
from publisher.signing.public_keys import described
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.brakes import BRAKES, Brake

MOST_READ = 1000
"""So many versions of brakes are looked at, the newest ones."""

FEW = 32
"""The same where nothing can be listed, before and after the live one."""

UNDER_WAY = timedelta(hours=1)
"""What is signed and not live yet may be on its way for so long."""


@dataclass(frozen=True)
class _Version:
    number: int
    listed: tuple[ListedBrake, ...]
    signed_by: tuple[str, ...]


@dataclass(frozen=True)
class VanishedBrake:
    """Something that brakes stopped and stop no more, although the channel's people have not lifted it."""

    listed: ListedBrake
    last: int
    """The version of brakes that listed it last."""
    signed_by: tuple[str, ...]
    """Who signed that one: persons with their duties."""
    without: int
    """The version that lacks it."""
    dropped_by: tuple[str, ...]
    """Who signed that one."""

    @property
    def what(self) -> str:
        """As a clause."""
        return (
            f"{self.listed}, which {_names(self.signed_by)} signed in brakes {self.last}, is missing from brakes"
            f" {self.without}, signed by {_names(self.dropped_by)}, and the channel's people have not lifted it"
        )

    @property
    def fix(self) -> str:
        """What to do, beginning with a verb."""
        if not isinstance(self.listed.brake, Brake):
            again = "reject the candidate again"
        else:
            product, _, channel = self.listed.role.partition(".")
            verb = "hold" if self.listed.kind is BrakeKind.HOLD else "withdraw"
            again = f"run `publish {verb} {product}@{self.listed.brake.version} --channel {channel}` again"
        return f"{again}, then find out whose key signed brakes {self.without}, and remove it if others have it"


def vanished_brakes(
    read: Read, live: Repository, keys: Iterable[str] | None, roots: Sequence[Metadata[Root]], now: datetime
) -> tuple[VanishedBrake, ...]:
    """What versions of brakes in the bucket list and the live one does not, unless it was lifted or stopped again.

    `keys` are those of metadata objects; None where nothing can be listed, so that only the last few versions are
    asked for. `roots` are the trusted one and all that follow. What has no effect for less than an hour, in a version
    after the live one, is still under way. Raises VerificationError for brakes or a channel that cannot be read.
    """
    brakes = live.roles.get(BRAKES)
    if brakes is None:
        return ()
    if not can_be_read(brakes.signed):
        raise VerificationError(
            f"brakes {brakes.signed.version} cannot be read, so clients offer nothing",
            fix="run `publish recover --disown`, which keeps the newest brakes that can be read",
        )
    now_listed = every_brake(brakes.signed)
    today = _Version(brakes.signed.version, now_listed, _signers((live.targets.signed,), brakes))
    versions = sorted((*_versions(read, live, keys, roots), today), key=lambda version: version.number)
    lifted = {ident for role in live.roles if "." in role for ident in lifted_ids(live, role)}
    first: dict[ListedBrake, int] = {}
    last: dict[ListedBrake, _Version] = {}
    for version in versions:
        for listed in version.listed:
            first.setdefault(listed, version.number)
            last[listed] = version
    settled = [listed for listed in first if listed in now_listed or listed.id in lifted]
    vanished = []
    for listed, version in last.items():
        if listed in settled or any(
            first[later] > version.number and _stops_as_much(later, listed) for later in settled
        ):
            continue
        following = next((other for other in versions if other.number > version.number), None)
        if version.number > today.number and _is_under_way(listed, read, now):
            continue
        dropped = today if following is None or version.number > today.number else following
        vanished.append(VanishedBrake(listed, version.number, version.signed_by, dropped.number, dropped.signed_by))
    return tuple(vanished)


def _stops_as_much(later: ListedBrake, before: ListedBrake) -> bool:
    """Whether one brake stops all that the other did: a withdrawal stops what a hold does."""
    if not isinstance(later.brake, Brake) or not isinstance(before.brake, Brake):
        return False
    everywhere, where = not later.brake.platforms, before.brake.platforms
    return (
        (later.role, later.brake.version) == (before.role, before.brake.version)
        and later.kind in (before.kind, BrakeKind.WITHDRAWAL)
        and (everywhere or (bool(where) and set(where) <= set(later.brake.platforms)))
    )


def _is_under_way(listed: ListedBrake, read: Read, now: datetime) -> bool:
    if not isinstance(listed.brake, Brake):
        return True
    product, _, channel = listed.role.partition(".")
    try:
        return read_notice(read, product, channel, listed.brake).at > now - UNDER_WAY
    except (VerificationError, StorageError):
        return False


def _versions(
    read: Read, live: Repository, keys: Iterable[str] | None, roots: Sequence[Metadata[Root]]
) -> Iterator[_Version]:
    """All but the live one, as far as keys of their time vouch for them; those after it by keys that count today."""
    today = live.roles[BRAKES].signed.version
    if keys is not None:
        named = [number_role for key in keys if (number_role := numbered(key)) is not None]
        numbers = sorted((number for number, role in named if role == BRAKES and number != today), reverse=True)
    else:
        named = None
        numbers = [number for number in range(today + FEW, max(0, today - FEW), -1) if number != today]
    earlier: tuple[Targets, ...] | None = None
    for number in numbers[:MOST_READ]:
        data = left_at(read, metadata_key(BRAKES, number))
        if not data:
            continue
        signed = verified_by(data, BRAKES, live.targets.signed)
        judges: tuple[Targets, ...] = (live.targets.signed,)
        if signed is None and number < today:
            if earlier is None:
                targets = [(metadata_key(role, version), version, role) for version, role in named or ()]
                earlier = tuple(earlier_targets(read, live, targets if named is not None else None, roots).values())
            judges = earlier
            signed = next((then for targets in earlier if (then := verified_by(data, BRAKES, targets))), None)
        if signed is not None and signed.version == number:
            yield _Version(number, every_brake(signed), _signers(judges, parse(data, Targets, BRAKES)))


def _signers(judges: Sequence[Targets], metadata: Metadata[Targets]) -> tuple[str, ...]:
    known = {keyid: key for targets in judges for keyid, key in keys_of(targets, BRAKES).items()}
    return tuple(sorted(described(known[keyid]) for keyid in metadata.signatures if keyid in known))


def _names(signers: tuple[str, ...]) -> str:
    return " and ".join(signers) or "nobody known"
