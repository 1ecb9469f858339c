"""The calendar's freezes, signed by brakes: with them clients know for themselves when nothing spreads any further.

Freezes are only ever added. One that moves later is signed anew beside the old one, which ends by itself: whoever could
take one away could ship through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.brakes import channel_brakes, with_brakes
from publisher.channel.repository import Repository
from publisher.errors import VerificationError
from publisher.model.catalog import Catalog
from publisher.model.config.role import SHARED_ROLES
from publisher.model.configuration import Configuration
from publisher.rules.freeze.signed_freezes import freezes_to_sign
from publisher.wire.stopping.brakes import BRAKES, Freeze


@dataclass(frozen=True)
class UnsignedFreezes:
    """Freezes of the calendar that clients are not told of yet."""

    by_channel: Mapping[str, tuple[Freeze, ...]]
    """Channel role -> its freezes, by their beginning; channels that lack none are left out."""
    content: Targets
    """What the role brakes says once they are signed."""


def unsigned_freezes(configuration: Configuration, live: Repository, now: datetime) -> UnsignedFreezes | None:
    """What brakes lack of the calendar; None where they lack nothing, or where nobody can tell.

    Neither content with problems nor brakes that cannot be read, which `publish verify` says, stop whoever asks.
    """
    if not isinstance(configuration, Catalog):
        return None
    try:
        return _lacking(configuration, live, now)
    except VerificationError:
        return None


def _lacking(catalog: Catalog, live: Repository, now: datetime) -> UnsignedFreezes | None:
    missing: dict[str, tuple[Freeze, ...]] = {}
    for role in sorted(set(live.roles) - set(SHARED_ROLES)):
        product = role.partition(".")[0]
        if product not in catalog.products:
            continue
        known = channel_brakes(live, role).freezes
        planned = (Freeze(event, *span) for event, span in freezes_to_sign(catalog, product, now).items())
        if lacking := tuple(freeze for freeze in planned if not _is_known(freeze, known)):
            missing[role] = tuple(sorted(lacking, key=lambda freeze: freeze.begins))
    if not missing:
        return None
    content: Targets | None = None
    for role, freezes in missing.items():
        roles = {**live.roles, BRAKES: Metadata(content)} if content is not None else live.roles
        content = with_brakes(replace(live, roles=roles), role, now, freezes=freezes)
    assert content is not None
    return UnsignedFreezes(missing, content)


def _is_known(freeze: Freeze, known: tuple[Freeze, ...]) -> bool:
    """Whether clients know of a freeze of the event that covers it."""
    return any(
        other.event == freeze.event and other.begins <= freeze.begins and freeze.ends <= other.ends for other in known
    )
