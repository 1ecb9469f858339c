"""Versions that channels have taken back: what the signed metadata of each says, and what the ledger adds to it.

The metadata is what clients read: it names each version that the channel has taken back, and people have signed it.
The ledger says when, and remembers those that metadata of older versions of this program did not go on naming.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from publisher.channel.believed import Today
from publisher.channel.layout import channel_role
from publisher.channel.ledger import Logged, took_effect
from publisher.channel.repository import Repository, withdrawn_by
from publisher.channel.roles import RELEASE_FIELD
from publisher.client.version import Version
from publisher.errors import VerificationError
from publisher.model.ledger import Action, Entry
from publisher.model.published import Withdrawal
from publisher.model.signer import SHARED_ROLES, Signers

TakenBack = Mapping[str, Mapping[Version, Entry]]
"""Channel role -> version -> the entry that took it back."""


def withdrawals(live: Repository | None, logged: Sequence[Logged], signers: Signers) -> tuple[Withdrawal, ...]:
    """What the channels of a verified repository have taken back, by channel and version; nothing where none is live.

    `logged` is the whole ledger; without it the metadata says the same, but not when. Only entries by keys that count
    today are believed. Raises VerificationError for metadata that names no versions where it should.
    """
    if live is None:
        return ()
    entries = list(_believed(logged, Today(live.root.signed, live.targets.signed, signers)))
    return tuple(_withdrawals(live, taken_back(entries, live.stamp.sha256)))


def taken_back(entries: Iterable[Entry], live: str | None) -> TakenBack:
    """What entries, in their order, tell of versions that were taken back and not made live again.

    `live` is the SHA-256 of timestamp.json. A recovery puts back what held at the entry whose state it restores.
    """
    entries = tuple(entries)
    seen = took_effect(entries, live)
    now: TakenBack = {}
    numbers: list[int] = []
    states: list[TakenBack] = []
    for entry in entries:
        if entry.number in seen:
            if entry.action is Action.RECOVER and entry.restored is not None:
                before = bisect_right(numbers, entry.restored)
                now = states[before - 1] if before else {}
            elif entry.product is not None and entry.channel is not None and entry.version is not None:
                role = channel_role(entry.product, entry.channel)
                others = {version: one for version, one in now.get(role, {}).items() if version != entry.version}
                now = {**now, role: {**others, entry.version: entry} if entry.action is Action.ROLLBACK else others}
        numbers.append(entry.number)
        states.append(now)
    return now


def _withdrawals(live: Repository, told: TakenBack) -> Iterator[Withdrawal]:
    for role in sorted(set(live.roles) - set(SHARED_ROLES)):
        product, _, channel = role.partition(".")
        signed, entries = live.roles[role].signed, told.get(role, {})
        ships = signed.unrecognized_fields.get(RELEASE_FIELD)
        remembered = (version for version in entries if str(version) != ships)
        for version in sorted({*withdrawn_by(signed), *remembered}):
            entry = entries.get(version)
            yield Withdrawal(product=product, channel=channel, version=version, at=entry.at if entry else None)


def _believed(logged: Iterable[Logged], today: Today) -> Iterator[Entry]:
    for one in logged:
        with suppress(VerificationError):
            yield today.entry(one)
