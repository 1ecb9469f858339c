"""Holds and withdrawals of the past, as the ledger tells of them: when each began, and when it was lifted (R82).

Notices stay in the bucket for ever, under the digest that the entry names. So the history needs no record of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from publisher.channel.brakes import notice_key
from publisher.channel.ledger.entries import took_effect
from publisher.channel.repository import Read
from publisher.errors import StorageError
from publisher.model.records.channel_state import PastBrake
from publisher.model.records.ledger_entry import Entry, LedgerAction
from publisher.model.records.notice import NoticeFile
from publisher.wire.feed_words import BrakeKind
from publisher.wire.version import Version

MOST = 200
"""So many of the latest are told."""

STOPS: Mapping[LedgerAction, BrakeKind] = {
    LedgerAction.HOLD: BrakeKind.HOLD,
    LedgerAction.WITHDRAW: BrakeKind.WITHDRAWAL,
    LedgerAction.ROLLBACK: BrakeKind.WITHDRAWAL,
}
"""What puts a brake on."""


def brake_history(entries: Iterable[Entry], live: str | None, read: Read) -> tuple[PastBrake, ...]:
    """The latest MOST holds and withdrawals that entries, in their order, tell of, the latest first.

    `live` is the SHA-256 of timestamp.json: what clients never saw is no history. A version that was withdrawn first
    and taken back later, by the same notice, is one withdrawal.
    """
    entries = tuple(entries)
    seen = took_effect(entries, live)
    public = [entry for entry in entries if entry.number in seen and entry.public is not None]
    lifted = {ident: entry.at for entry in reversed(public) for ident in entry.lifts}
    taken_back = {entry.brake for entry in public if entry.action is LedgerAction.ROLLBACK}
    first: dict[str, PastBrake] = {}
    for entry in public:
        if (brake := entry.brake) is None or entry.release is None or brake in first:
            continue
        role, version = entry.release
        product, _, channel = role.partition(".")
        notice = _notice(read, (product, channel, version), brake)
        first[brake] = PastBrake(
            kind=STOPS[entry.action],
            product=product,
            channel=channel,
            version=version,
            platforms=notice.platforms if notice else (),
            id=brake,
            at=entry.at,
            taken_back=brake in taken_back,
            notice=notice,
            lifted_at=lifted.get(brake),
        )
    return tuple(reversed(first.values()))[:MOST]


def _notice(read: Read, about: tuple[str, str, Version], ident: str) -> NoticeFile | None:
    """The notice that an entry names; None where it cannot be read, or is another one, or about something else."""
    product, channel, version = about
    try:
        data = read(notice_key(product, channel, ident))
        if data is None or hashlib.sha256(data).hexdigest() != ident:
            return None
        notice = NoticeFile.model_validate_json(data)
    except (StorageError, ValidationError):
        return None
    return notice if (notice.product, notice.channel, notice.version) == (product, channel, version) else None
