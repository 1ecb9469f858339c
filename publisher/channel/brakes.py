"""What is stopped on the channels of a verified repository, and the metadata that stops one thing more.

Pure. Clients read it the same way (`wire/stopping/brakes.py`); whoever can read it here can be told there.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tuf.api.metadata import Targets

from publisher.channel.layout import TARGETS, target_key
from publisher.channel.repository import Read, Repository
from publisher.errors import VerificationError
from publisher.model.records.notice import NoticeFile
from publisher.model.values import format_time
from publisher.signing.digests import digest_bytes
from publisher.wire.errors import ClientError
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.brakes import (
    BRAKES,
    BRAKES_FIELD,
    LIFTED_FIELD,
    MOST,
    Brake,
    ChannelBrakes,
    Freeze,
    brakes_of,
    lifted_by,
)
from publisher.wire.stopping.notice import BrakeNotice, notice_of, notice_path

T = TypeVar("T")

_NOTICE = re.compile(re.escape(TARGETS) + r"brakes/([a-z0-9-]+)/([a-z0-9-]+)/([0-9a-f]{64})\.notice\.json")


def listed_brakes(live: Repository | None, role: str) -> ChannelBrakes:
    """What the role brakes lists for a channel, lifted or not. Raises VerificationError for what cannot be read."""
    brakes = live.roles.get(BRAKES) if live else None
    try:
        return brakes_of(brakes.signed, role) if brakes else ChannelBrakes()
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error


def lifted_ids(live: Repository | None, role: str) -> tuple[str, ...]:
    """The ids that a channel's own role has lifted. Raises VerificationError."""
    channel = live.roles.get(role) if live else None
    return lifted_in(channel.signed) if channel else ()


def lift(signed: Targets, ids: Iterable[str]) -> None:
    """Let metadata of a channel lift these as well. The oldest go when there are too many: nobody remembers those."""
    if lifted := tuple(dict.fromkeys((*lifted_in(signed), *ids)))[-MOST:]:
        signed.unrecognized_fields[LIFTED_FIELD] = list(lifted)


def lifted_in(signed: Targets) -> tuple[str, ...]:
    """The ids that metadata of a channel lifts. Raises VerificationError."""
    try:
        return lifted_by(signed)
    except ClientError as error:
        raise VerificationError(error.what, fix=error.fix) from error


def channel_brakes(live: Repository | None, role: str) -> ChannelBrakes:
    """What is stopped on a channel now: what is listed and not lifted. Raises VerificationError."""
    return listed_brakes(live, role).without(lifted_ids(live, role))


def notice_key(product: str, channel: str, sha256: str) -> str:
    """The object of a notice."""
    return target_key(notice_path(product, channel), sha256)


def read_notice(read: Read, product: str, channel: str, brake: Brake) -> BrakeNotice:
    """Why something is stopped, by the client's own parser. Raises VerificationError where that cannot be told."""
    key = notice_key(product, channel, brake.id)
    data = read(key)
    if data is None:
        raise VerificationError(f"{key} is missing, although the brakes name it")
    try:
        return notice_of(brake, product, channel, data)
    except ClientError as error:
        raise VerificationError(f"{key}: {error.what}") from error


def is_notice(key: str, read: Read) -> bool:
    """Whether an object is a notice of the channel in whose folder it lies, named by its digest: a few safe words."""
    match = _NOTICE.fullmatch(key)
    if match is None:
        return False
    product, channel, sha256 = match.groups()
    data = read(key) or b""
    try:
        notice = NoticeFile.model_validate_json(data)
    except ValueError:
        return False
    return (notice.product, notice.channel, digest_bytes(data).sha256) == (product, channel, sha256)


def with_brakes(
    live: Repository | None,
    role: str,
    now: datetime,
    *,
    holds: Iterable[Brake] = (),
    withdrawn: Iterable[Brake] = (),
    rejected: Iterable[str] = (),
    freezes: Iterable[Freeze] = (),
) -> Targets:
    """What the role brakes says once these are added for a channel.

    Nothing is taken away but what is over: what the channel's people have lifted, and freezes that have ended. What it
    says of other channels stays as it is. Raises VerificationError where what it says of this one cannot be read.
    """
    before = channel_brakes(live, role)
    stopped = replace(
        before,
        holds=_with(before.holds, holds),
        withdrawn=_with(before.withdrawn, withdrawn),
        rejected=_with(before.rejected, rejected),
        freezes=tuple(freeze for freeze in _with(before.freezes, freezes) if freeze.ends > now),
    )
    current = live.roles.get(BRAKES) if live else None
    signed = copy.deepcopy(current.signed) if current else Targets(version=1, expires=now)
    channels = {**signed.unrecognized_fields.get(BRAKES_FIELD, {}), role: _fields(stopped)}
    signed.unrecognized_fields[BRAKES_FIELD] = {name: channels[name] for name in sorted(channels) if channels[name]}
    return signed


def _with(before: tuple[T, ...], new: Iterable[T]) -> tuple[T, ...]:
    return (*before, *(item for item in new if item not in before))


def _fields(stopped: ChannelBrakes) -> dict[str, object]:
    """As the signed field has it; sections that say nothing are left out."""
    sections = {
        "holds": list(_brake_fields(stopped.holds)),
        "withdrawn": list(_brake_fields(stopped.withdrawn)),
        "rejected": list(stopped.rejected),
        "freezes": [
            {"event": freeze.event, "begins": format_time(freeze.begins), "ends": format_time(freeze.ends)}
            for freeze in stopped.freezes
        ],
    }
    return {name: items for name, items in sections.items() if items}


def _brake_fields(brakes: Iterable[Brake]) -> Iterator[dict[str, object]]:
    for brake in brakes:
        where = {"platforms": list(brake.platforms)} if brake.platforms else {}
        yield {"id": brake.id, "version": str(brake.version), **where}


@dataclass(frozen=True)
class ListedBrake:
    """Something that the role brakes stops on one of its channels: a hold, a withdrawal, or a rejected candidate."""

    role: str
    """The channel's."""
    brake: Brake | str
    """A string is the SHA-256 of a candidate that somebody has rejected."""
    kind: BrakeKind | None
    """None for a rejection."""

    @property
    def id(self) -> str:
        """What the channel's people lift it by; a rejection is never lifted."""
        return self.brake if isinstance(self.brake, str) else self.brake.id

    def __str__(self) -> str:
        """As a noun: the hold on node.stable 1.1.0."""
        if isinstance(self.brake, str):
            return f"the rejection of candidate {self.brake[:12]} of {self.role}"
        where = f" for {', '.join(self.brake.platforms)}" if self.brake.platforms else ""
        noun = "the hold on" if self.kind is BrakeKind.HOLD else "the withdrawal of"
        return f"{noun} {self.role} {self.brake.version}{where}"


def can_be_read(brakes: Targets) -> bool:
    """Whether clients can read what metadata of the role brakes stops, on every channel that it names."""
    channels = brakes.unrecognized_fields.get(BRAKES_FIELD, {})
    try:
        for role in channels if isinstance(channels, dict) else ("",):
            brakes_of(brakes, role)
    except ClientError:
        return False
    return True


def every_brake(brakes: Targets) -> tuple[ListedBrake, ...]:
    """All that metadata of the role brakes stops, channel by channel; nothing of a channel that cannot be read."""
    listed: list[ListedBrake] = []
    channels = brakes.unrecognized_fields.get(BRAKES_FIELD)
    for role in sorted(channels) if isinstance(channels, dict) else ():
        with suppress(ClientError):
            stopped = brakes_of(brakes, role)
            listed += (ListedBrake(role, brake, BrakeKind.HOLD) for brake in stopped.holds)
            listed += (ListedBrake(role, brake, BrakeKind.WITHDRAWAL) for brake in stopped.withdrawn)
            listed += (ListedBrake(role, digest, None) for digest in stopped.rejected)
    return tuple(listed)


def notice_keys(brakes: Targets) -> frozenset[str]:
    """The objects of all notices that metadata of the role brakes names; none of a channel that cannot be read."""
    return frozenset(
        notice_key(*listed.role.partition(".")[::2], listed.id)
        for listed in every_brake(brakes)
        if listed.kind is not None
    )


def withdrawn_versions_in(brakes: Targets) -> frozenset[tuple[str, str]]:
    """Product and version of all that metadata of the role brakes withdraws anywhere."""
    return frozenset(
        (listed.role.partition(".")[0], str(listed.brake.version))
        for listed in every_brake(brakes)
        if listed.kind is BrakeKind.WITHDRAWAL and isinstance(listed.brake, Brake)
    )
