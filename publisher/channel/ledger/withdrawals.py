"""Versions that channels have taken back: the signed metadata of each says which, and the ledger says when.

The metadata is what clients read: it names each version that the channel has taken back, and people have signed it. So
decisions rest on it alone. The ledger grows without end, and is read for the day only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from publisher.channel.layout import channel_role
from publisher.channel.ledger.entries import Logged, took_effect
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.repository import Repository, withdrawn_by
from publisher.errors import VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.config.signer import Signers
from publisher.model.records.channel_state import Withdrawal
from publisher.model.records.ledger_entry import SHIPS, Entry, LedgerAction
from publisher.wire.version import Version

TakenBack = Mapping[str, Mapping[Version, Entry]]
"""Channel role -> version -> the entry that took it back."""


def withdrawals(live: Repository | None, product: str | None = None) -> tuple[Withdrawal, ...]:
    """What the channels of a verified repository have taken back, by channel and version; of one product, or of all.

    Nothing where none is live. Raises VerificationError for metadata that names no versions where it should.
    """
    return tuple(_withdrawals(live, product)) if live is not None else ()


def _withdrawals(live: Repository, product: str | None) -> Iterator[Withdrawal]:
    for role in sorted(set(live.roles) - set(SHARED_ROLES)):
        owner, _, channel = role.partition(".")
        if product in (None, owner):
            for version in withdrawn_by(live.roles[role].signed):
                yield Withdrawal(product=owner, channel=channel, version=version)


def dated(
    withdrawn: Iterable[Withdrawal],
    live: Repository,
    latest: Iterable[Logged],
    signers: Signers,
    only: Version | None = None,
) -> tuple[Withdrawal, ...]:
    """The same, with the day of each whose entry is among `latest`: entries of the ledger, the last first.

    No more entries are asked for than it takes to know every day, or those of the version `only`. Entries are believed
    by keys that count today.
    """
    withdrawn = tuple(withdrawn)
    missing = {_key(withdrawal) for withdrawal in withdrawn if only in (None, withdrawal.version)}
    days: dict[tuple[str, Version], datetime] = {}
    rollbacks = _rollbacks(latest, live, signers)
    while missing and (entry := next(rollbacks, None)) is not None:
        if (key := entry.release) is not None and key in missing:
            missing.remove(key)
            days[key] = entry.at
    return tuple(withdrawal.model_copy(update={"at": days.get(_key(withdrawal))}) for withdrawal in withdrawn)


def _key(withdrawal: Withdrawal) -> tuple[str, Version]:
    return channel_role(withdrawal.product, withdrawal.channel), withdrawal.version


def _rollbacks(latest: Iterable[Logged], live: Repository, signers: Signers) -> Iterator[Entry]:
    """Rollbacks that clients have seen, the last first: what each made live is live, or was built on later."""
    current_keys = CurrentKeys(live.root.signed, live.targets.signed, signers)
    seen = {live.stamp.sha256}
    for logged in latest:
        with suppress(VerificationError):
            entry = current_keys.entry(logged)
            if entry.action is LedgerAction.ROLLBACK and entry.result is not None and entry.result.sha256 in seen:
                yield entry
            if entry.base is not None:
                seen.add(entry.base.sha256)


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
            if entry.action is LedgerAction.RECOVER and entry.restored is not None:
                before = bisect_right(numbers, entry.restored)
                now = states[before - 1] if before else {}
            elif entry.release is not None and entry.action in (*SHIPS, LedgerAction.ROLLBACK):
                role, version = entry.release
                others = {other: past for other, past in now.get(role, {}).items() if other != version}
                now = {**now, role: {**others, version: entry} if entry.action is LedgerAction.ROLLBACK else others}
        numbers.append(entry.number)
        states.append(now)
    return now
