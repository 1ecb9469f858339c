"""Which holds and withdrawals a candidate lifts, in lines that a person reads before signing."""

from __future__ import annotations

from collections.abc import Iterator

from tuf.api.metadata import Targets

from publisher.channel.brakes import listed_brakes, read_notice
from publisher.channel.candidates.announcement import new_lifts
from publisher.channel.repository import Read, Repository
from publisher.errors import StorageForeign, VerificationError
from publisher.rules import english
from publisher.wire.stopping.brakes import Brake


def lift_lines(signed: Targets, live: Repository | None, role: str, read: Read) -> Iterator[str]:
    """Lines for what metadata of a channel lifts that what is live does not. Raises VerificationError."""
    current = live.roles.get(role) if live else None
    listed = listed_brakes(live, role)
    brakes = {
        **{brake.id: ("hold on", brake) for brake in listed.holds},
        **{brake.id: ("withdrawal of", brake) for brake in listed.withdrawn},
    }
    for ident in new_lifts(signed, current.signed if current else None):
        if ident not in brakes:
            yield f"lifts {ident[:12]}, which brakes do not list"
            continue
        kind, brake = brakes[ident]
        where = f" for {english.listed(brake.platforms)}" if brake.platforms else ""
        yield f"lifts the {kind} {brake.version}{where} ({ident[:12]})"
        yield f"  it was: {_reason(brake, role, read)}"


def _reason(brake: Brake, role: str, read: Read) -> str:
    product, _, channel = role.partition(".")
    try:
        return f'"{read_notice(read, product, channel, brake).because}"'
    except (VerificationError, StorageForeign):
        return "its notice cannot be read"
