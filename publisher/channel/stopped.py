"""What nobody should run, and what is on hold, as the signed metadata of channels and brakes says.

The channel's role names each version that it has taken back, brakes name each that somebody has withdrawn or holds, and
their notices say why and since when. That is what clients read, so decisions rest on it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from publisher.channel.brakes import channel_brakes, read_notice
from publisher.channel.repository import Read, Repository, going_back_from, withdrawn_by
from publisher.errors import StorageError, VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.records.channel_state import Hold, Withdrawal
from publisher.model.records.notice import NoticeFile
from publisher.wire.stopping.brakes import Brake
from publisher.wire.version import Version


def withdrawals(
    live: Repository | None, product: str | None = None, read: Read | None = None
) -> tuple[Withdrawal, ...]:
    """What the channels of a verified repository have taken back, or brakes have withdrawn there, by channel and
    version; of one product, or of all.

    Notices are read where `read` is given; one that cannot be read changes nothing. Nothing where none is live. Raises
    VerificationError for metadata that names no versions where it should.
    """
    return tuple(_withdrawals(live, product, read)) if live is not None else ()


def holds(live: Repository | None, read: Read | None = None) -> tuple[Hold, ...]:
    """What brakes hold in the channels of a verified repository, in the order in which it was held. As above."""
    return tuple(_holds(live, read)) if live is not None else ()


def _withdrawals(live: Repository, product: str | None, read: Read | None) -> Iterator[Withdrawal]:
    for role, owner, channel in _channels(live):
        if product not in (None, owner):
            continue
        signed = live.roles[role].signed
        taken_back, first = withdrawn_by(signed), going_back_from(signed)
        brakes: dict[Version, dict[tuple[str, ...], Brake]] = {}
        for brake in channel_brakes(live, role).withdrawn:
            brakes.setdefault(brake.version, {})[brake.platforms] = brake
        for version in sorted({*taken_back, *brakes}):
            for withdrawing in brakes[version].values() if version in brakes else (None,):
                notice = _notice(read, owner, channel, withdrawing) if withdrawing else None
                yield Withdrawal(
                    product=owner,
                    channel=channel,
                    version=version,
                    at=notice.at if notice else None,
                    taken_back=version in taken_back,
                    id=withdrawing.id if withdrawing else None,
                    platforms=withdrawing.platforms if withdrawing else (),
                    notice=notice,
                    backup=first[version].backup if version in first else None,
                )


def _holds(live: Repository, read: Read | None) -> Iterator[Hold]:
    for role, owner, channel in _channels(live):
        for brake in channel_brakes(live, role).holds:
            yield Hold(
                product=owner,
                channel=channel,
                version=brake.version,
                platforms=brake.platforms,
                id=brake.id,
                notice=_notice(read, owner, channel, brake),
            )


def _channels(live: Repository) -> Iterator[tuple[str, str, str]]:
    """Role, product and channel of all that have published something."""
    for role in sorted(set(live.roles) - set(SHARED_ROLES)):
        product, _, channel = role.partition(".")
        yield role, product, channel


def _notice(read: Read | None, product: str, channel: str, brake: Brake) -> NoticeFile | None:
    """Why; None where nobody asks for it, or where it cannot be read: then the version is stopped all the same."""
    if read is None:
        return None
    try:
        notice = read_notice(read, product, channel, brake)
    except (VerificationError, StorageError):
        return None
    return NoticeFile.model_validate({field.name: getattr(notice, field.name) for field in fields(notice)})
