"""Versions that channels have taken back: what their metadata says, and what the ledger tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.channel.ledger.entries import NO_ENTRY, Logged, seal_entry
from publisher.channel.ledger.withdrawals import dated, taken_back, withdrawals
from publisher.errors import VerificationError
from publisher.model.records.channel_state import Withdrawal
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody, Stamp
from publisher.wire.version import Version
from publisher.wire.withdrawn import BACK_FIELD, WITHDRAWN_FIELD
from tests.support.channel import STABLE, MemoryChannel
from tests.support.ledger import BEGUN, flip, stamp

RELEASED = (flip(1, LedgerAction.RELEASE, "1.0.0"), flip(2, LedgerAction.PROMOTE, "1.1.0"))


def told(*entries: Entry, live: int | None = None) -> dict[str, list[str]]:
    last = stamp(live if live is not None else entries[-1].number).sha256
    return {role: [str(one) for one in sorted(found)] for role, found in taken_back(entries, last).items() if found}


def test_nothing_was_taken_back() -> None:
    assert told(*RELEASED) == {}


def test_r17_the_ledger_remembers_what_was_taken_back_and_when() -> None:
    rollback = flip(3, LedgerAction.ROLLBACK, "1.1.0")
    assert told(*RELEASED, rollback) == {"node.stable": ["1.1.0"]}
    later = (flip(4, LedgerAction.RELEASE, "1.2.0"), flip(5, LedgerAction.REFRESH), flip(6, LedgerAction.KEYS))
    found = taken_back((*RELEASED, rollback, *later), stamp(6).sha256)
    assert found["node.stable"][Version.parse("1.1.0")].at == rollback.at


def test_a_rollback_that_lost_its_race_took_nothing_back() -> None:
    lost = flip(3, LedgerAction.ROLLBACK, "1.1.0")
    won = flip(4, LedgerAction.REFRESH, base=stamp(2))
    assert told(*RELEASED, lost, won) == {}
    assert told(*RELEASED, lost, live=2) == {}


def test_each_channel_takes_back_its_own() -> None:
    beta = flip(3, LedgerAction.RELEASE, "1.1.0", "beta")
    assert told(*RELEASED, beta, flip(4, LedgerAction.ROLLBACK, "1.1.0", "beta")) == {"node.beta": ["1.1.0"]}


def test_what_an_older_program_shipped_again_is_live_and_not_taken_back() -> None:
    again = flip(4, LedgerAction.RELEASE, "1.1.0")
    assert told(*RELEASED, flip(3, LedgerAction.ROLLBACK, "1.1.0"), again) == {}


def test_a_recovery_puts_back_what_held_then() -> None:
    stolen = flip(3, LedgerAction.ROLLBACK, "1.1.0")
    disowned = flip(4, LedgerAction.RECOVER, restored=2)
    assert told(*RELEASED, stolen, disowned) == {}
    ours = (flip(3, LedgerAction.ROLLBACK, "1.1.0"), flip(4, LedgerAction.RELEASE, "1.2.0"))
    assert told(*RELEASED, *ours, flip(5, LedgerAction.RECOVER, restored=3)) == {"node.stable": ["1.1.0"]}
    assert told(*RELEASED, *ours, flip(5, LedgerAction.RECOVER)) == {"node.stable": ["1.1.0"]}


# --- what the metadata says, and the days that the ledger knows


ONCE = (Withdrawal(product="node", channel="stable", version=Version.parse("1.1.0")),)
TWICE = (*ONCE, Withdrawal(product="node", channel="stable", version=Version.parse("1.2.0")))


@pytest.fixture
def channel() -> MemoryChannel:
    """Stable ships 1.0.0 again: it has taken back 1.2.0, and 1.1.0 before."""
    channel = MemoryChannel()
    channel.publish()
    back = channel.release("1.0.0", 2)
    back.unrecognized_fields |= {BACK_FIELD: "1.2.0", WITHDRAWN_FIELD: ["1.1.0"]}
    channel.store(channel.plan(stable=channel.signed(STABLE, back)))
    return channel


def test_the_metadata_of_a_channel_names_all_that_it_has_taken_back(channel: MemoryChannel) -> None:
    assert withdrawals(channel.live()) == TWICE
    assert withdrawals(channel.live(), "node") == TWICE
    assert withdrawals(channel.live(), "desktop") == ()
    assert withdrawals(None) == ()


def test_metadata_that_names_no_versions_where_it_should_is_refused(channel: MemoryChannel) -> None:
    nonsense = channel.release("1.0.0", 3)
    nonsense.unrecognized_fields[WITHDRAWN_FIELD] = ["not a version"]
    live = channel.live()
    broken = replace(live, roles={**live.roles, STABLE: channel.signed(STABLE, nonsense)})
    with pytest.raises(VerificationError, match="is not a list of versions"):
        withdrawals(broken)


def log(channel: MemoryChannel, *bodies: LedgerEntryBody, key: str = "timestamp-ben") -> list[Logged]:
    """Entries about the channel's own timestamps, the last of which is live; the last first."""
    entries: list[Logged] = []
    for body in bodies:
        head = entries[-1].head if entries else NO_ENTRY
        at = BEGUN + timedelta(hours=len(entries) + 1)
        entries.append(Logged(len(entries) + 1, seal_entry(body, head, at, channel.key(key))[1]))
    return entries[::-1]


def rollback(version: str, base: Stamp, result: Stamp, channel: str = "stable") -> LedgerEntryBody:
    about = {"product": "node", "channel": channel, "version": Version.parse(version)}
    return LedgerEntryBody.routine(LedgerAction.ROLLBACK, None, **about, base=base, result=result)


def days(channel: MemoryChannel, latest: Iterable[Logged], only: str | None = None) -> list[int | None]:
    """Hours after the first entry's, by withdrawal."""
    version = Version.parse(only) if only else None
    found = dated(TWICE, channel.live(), latest, channel.signers, version)
    assert [(entry.channel, entry.version) for entry in found] == [(entry.channel, entry.version) for entry in TWICE]
    return [None if entry.at is None else (entry.at - BEGUN) // timedelta(hours=1) for entry in found]


def test_each_day_is_that_of_the_rollback_which_clients_have_seen(channel: MemoryChannel) -> None:
    live = channel.live().stamp
    first, second = rollback("1.1.0", stamp(1), stamp(2)), rollback("1.2.0", stamp(2), live)
    lost = rollback("1.2.0", stamp(2), stamp(99))
    assert days(channel, log(channel, first, lost, second)) == [1, 3]
    assert days(channel, log(channel, first, second, lost)) == [1, 2]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], [None, None]),
        ([("1.2.0", "stable")], [None, 1]),
        ([("1.2.0", "beta")], [None, None]),
        ([("1.3.0", "stable")], [None, None]),
    ],
)
def test_a_day_that_no_entry_tells_stays_unknown(
    channel: MemoryChannel, entries: list[tuple[str, str]], told: list[int | None]
) -> None:
    bodies = [rollback(version, stamp(1), channel.live().stamp, name) for version, name in entries]
    assert days(channel, log(channel, *bodies)) == told


def test_an_entry_by_a_key_that_makes_nothing_live_tells_no_day(channel: MemoryChannel) -> None:
    body = rollback("1.2.0", stamp(1), channel.live().stamp)
    assert days(channel, log(channel, body, key="channels-ana")) == [None, None]


def test_no_more_of_the_ledger_is_read_than_it_takes(channel: MemoryChannel) -> None:
    older = [rollback("1.0.1", stamp(number), stamp(number + 1)) for number in range(1, 5)]
    first = rollback("1.1.0", stamp(5), stamp(6))
    second = rollback("1.2.0", stamp(6), channel.live().stamp)
    latest = iter(log(channel, *older, first, second))
    assert days(channel, latest) == [5, 6]
    assert len(list(latest)) == 4
    latest = iter(log(channel, *older, first, second))
    assert days(channel, latest, only="1.2.0") == [None, 6]
    assert len(list(latest)) == 5
