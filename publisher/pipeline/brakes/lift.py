"""`publish lift`: which holds and withdrawals are meant. One person stops a version; the channel's people let it go.

Lifting is a candidate without files (`pipeline/release/announce.py`), which names their ids and waits for approvals.
"""

from __future__ import annotations

from collections.abc import Sequence

from publisher.channel.brakes import channel_brakes
from publisher.channel.layout import channel_role
from publisher.errors import InputError
from publisher.pipeline.bucket import Bucket
from publisher.wire.stopping.brakes import Brake
from publisher.wire.version import Version

SHORTEST = 8
"""Digits of an id that name it well enough."""


def meant_brakes(
    product: str, channel: str, version: Version | None, ids: Sequence[str], bucket: Bucket
) -> tuple[Brake, ...]:
    """All brakes on a version, or those whose ids begin as given; on both counts, where both are given.

    Raises InputError where one of them names nothing, or more than one.
    """
    bucket.published(fix="there is nothing to lift")
    stopped = channel_brakes(bucket.live, channel_role(product, channel))
    brakes = (*stopped.holds, *stopped.withdrawn)
    where, fix = f"{product} {channel}", "see `publish status`, which lists what is stopped, with ids"
    if version is not None:
        brakes = tuple(brake for brake in brakes if brake.version == version)
        if not brakes:
            raise InputError(f"{version} is neither on hold nor withdrawn in {where}", fix=fix)
    chosen = []
    for ident in ids:
        if len(ident) < SHORTEST:
            raise InputError(f"--id {ident} is too short", fix=f"give at least {SHORTEST} digits of the id")
        fitting = [brake for brake in brakes if brake.id.startswith(ident.lower())]
        if len(fitting) != 1:
            what = "nothing that is stopped" if not fitting else "more than one"
            raise InputError(f"--id {ident} names {what} in {where}", fix=fix)
        chosen += fitting
    return tuple(dict.fromkeys(chosen)) if ids else brakes
