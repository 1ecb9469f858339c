"""The holds and withdrawals that this client has seen on one channel, in one small durable file.

Whoever holds a key of the brakes may list them, and nobody but the channel's own role may end one. So whatever this
machine has seen goes on stopping a version after the brakes no longer list it, until the channel's role lifts it by
id. A brake is remembered with the keys that had signed the brakes when it was listed. Once none of them counts for the
brakes any more, it is forgotten: what a thief stopped ends when `targets` removes the stolen key (R82).

`after_check` and `in_force` are pure; tests/vectors/client/remembered.json holds published test vectors.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.client.durable_files import open_plain, write_durably
from publisher.wire.errors import ClientInputError, ClientVerificationError, FeedError
from publisher.wire.feed_words import BrakeKind
from publisher.wire.json_object import At, JsonObject, choice_of, digest_at, load, slug_at, text_at, version_at
from publisher.wire.stopping.brakes import MOST, Brake, ChannelBrakes

__all__ = ["MAX_BYTES", "RememberedBrake", "after_check", "in_force", "read_remembered", "write_remembered"]

FORMAT = "tidegate-remembered/1"

MAX_BYTES = 2 * 1024 * 1024
"""The largest file that is read or written, in bytes: that of the largest brakes."""


@dataclass(frozen=True)
class RememberedBrake:
    """A hold or a withdrawal, and who vouched for it."""

    kind: BrakeKind
    brake: Brake
    keys: frozenset[str]
    """Ids of the keys that had signed the brakes when it was listed, of those that still count."""


def after_check(
    remembered: Iterable[RememberedBrake],
    listed: ChannelBrakes,
    signed_by: Collection[str],
    counting: Collection[str],
    lifted: Collection[str],
) -> tuple[RememberedBrake, ...]:
    """What to remember after a check, in the order in which it was first seen.

    `listed` is what the brakes list on the channel, `signed_by` the ids of the keys whose signatures on that verified,
    `counting` those of the keys that count for the role brakes now, `lifted` what the channel's role has lifted.
    """
    keys = {(item.kind, item.brake): item.keys & frozenset(counting) for item in remembered}
    for kind, brakes in ((BrakeKind.HOLD, listed.holds), (BrakeKind.WITHDRAWAL, listed.withdrawn)):
        for brake in brakes:
            keys[kind, brake] = keys.get((kind, brake), frozenset()) | frozenset(signed_by)
    return tuple(
        RememberedBrake(kind, brake, vouching)
        for (kind, brake), vouching in keys.items()
        if vouching and brake.id not in lifted
    )


def in_force(remembered: Iterable[RememberedBrake], listed: ChannelBrakes, lifted: Collection[str]) -> ChannelBrakes:
    """What is stopped: all that is listed or remembered, without what was lifted."""
    by_kind: dict[BrakeKind, list[Brake]] = {kind: [] for kind in BrakeKind}
    for item in remembered:
        by_kind[item.kind].append(item.brake)
    return listed.joined(by_kind[BrakeKind.HOLD], by_kind[BrakeKind.WITHDRAWAL]).without(lifted)


def read_remembered(path: Path) -> tuple[RememberedBrake, ...]:
    """The file, or nothing if there is none. Raises ClientInputError for a damaged one, OSError."""
    if path.is_symlink():
        raise ClientInputError(f"{path} is a symbolic link; it was not followed", fix="remove the link")
    try:
        with open_plain(path) as file:
            return _parse(file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        return ()
    except FeedError:
        raise ClientInputError(
            f"{path}, the record of holds and withdrawals that this machine has seen, is damaged",
            fix=f"remove {path}; the next check starts a new record from what the channel lists now",
        ) from None


def write_remembered(path: Path, remembered: Collection[RememberedBrake]) -> None:
    """Replace the file; it is on the disk when this returns.

    Raises ClientVerificationError, with nothing written, for more than is remembered: to forget one of them would
    offer what somebody has stopped. OSError.
    """
    fields = {"format": FORMAT, "brakes": [_fields_of(item) for item in remembered]}
    data = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    if len(remembered) > 2 * MOST or len(data) > MAX_BYTES:
        raise ClientVerificationError(
            f"more than {2 * MOST} holds and withdrawals of this channel have been seen and none was lifted;"
            " nothing is offered, since this machine cannot remember them all",
            fix="keep what you run, and tell the publisher",
        )
    write_durably(path, data)


def _fields_of(item: RememberedBrake) -> dict[str, Any]:
    fields = {"kind": item.kind, "id": item.brake.id, "version": str(item.brake.version), "keys": sorted(item.keys)}
    return fields | ({"platforms": list(item.brake.platforms)} if item.brake.platforms else {})


def _parse(data: bytes) -> tuple[RememberedBrake, ...]:
    root = JsonObject(load(data, MAX_BYTES), "")
    if root.text("format") != FORMAT or "brakes" not in root.fields:
        raise FeedError("unknown format")
    return tuple(_item(at) for at in root.items("brakes"))


def _item(at: At) -> RememberedBrake:
    item = JsonObject(*at)
    keys = frozenset(text_at(key) for key in item.items("keys"))
    if not keys:
        raise FeedError(f"{at[1]}.keys is empty")
    platforms = tuple(sorted(slug_at(platform) for platform in item.items("platforms")))
    brake = Brake(item.required("id", digest_at), item.required("version", version_at), platforms)
    return RememberedBrake(item.required("kind", choice_of(BrakeKind)), brake, keys)
