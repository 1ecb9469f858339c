"""Versions that channels have taken back: what their metadata says, and what the ledger tells of it."""

from __future__ import annotations

from publisher.channel.ledger.withdrawals import taken_back
from publisher.model.records.ledger_entry import Entry, LedgerAction
from publisher.wire.version import Version
from tests.support.ledger import flip, stamp

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
