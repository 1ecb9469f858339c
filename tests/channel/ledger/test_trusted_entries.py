"""Whose key may tell what: an entry counts when a key signed it that may do today what the entry says was done."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.channel.ledger.entries import NO_ENTRY, Logged, seal_entry
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.errors import VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody, Stamp
from tests.support.channel import NOW, SIGNERS, MemoryChannel, opened, signer

ABOUT: dict[str, Any] = {"product": "node", "version": "1.0.0", "channel": "stable"}
VERDICT = {"at": NOW, "outcome": Outcome.PASS, "verdicts": (), "policy_version": 1, "policy_digest": "b" * 64}
DECIDED = {**ABOUT, "decision": Decision.model_validate({**ABOUT, **VERDICT})}
SHIPPED = {**DECIDED, "candidate": "c" * 64}
OF_A_ROLE: dict[str, Any] = {"candidate": "c" * 64}
LIVE: dict[str, Any] = {"result": Stamp(version=1, sha256="a" * 64)}
KEYS = ("root-ana", "targets-ana", "channels-ana", "brakes-ben", "snapshot-ben", "timestamp-ben", "minisign-ben")
ONLINE = {"snapshot-ben", "timestamp-ben"}


def entry(action: LedgerAction, key: str, signers: Signers = SIGNERS, **fields: Any) -> Logged:
    body = LedgerEntryBody(action=action, policy_version=1, policy_digest="b" * 64, **fields)
    return Logged(1, seal_entry(body, NO_ENTRY, NOW, opened(key, signers))[1])


@pytest.fixture(scope="module")
def current() -> CurrentKeys:
    """The keys of a channel that nobody has changed yet."""
    channel = MemoryChannel()
    return CurrentKeys(channel.root.signed, channel.targets(), Signers(roles={}))


def believed(current: CurrentKeys, action: LedgerAction, **fields: Any) -> set[str]:
    """Names of the keys whose entry counts."""
    names = set()
    for name in KEYS:
        try:
            current.entry(entry(action, name, **fields))
        except VerificationError:
            continue
        names.add(name)
    return names


@pytest.mark.parametrize(
    ("action", "fields", "names"),
    [
        (LedgerAction.PROMOTE, {**SHIPPED, **LIVE}, ONLINE),
        (LedgerAction.RELEASE, {**SHIPPED, **LIVE}, ONLINE),
        (LedgerAction.ROLLBACK, {**ABOUT, **LIVE}, ONLINE),
        (LedgerAction.REFRESH, LIVE, ONLINE),
        (LedgerAction.RECOVER, LIVE, ONLINE),
        (LedgerAction.KEYS, LIVE, {*ONLINE, "root-ana"}),
        (LedgerAction.KEYS, {}, {*ONLINE, "root-ana"}),
        (LedgerAction.SIGN_SITE, {}, ONLINE),
        (LedgerAction.PROMOTE, {**DECIDED, "refused": True}, {*ONLINE, "channels-ana"}),
        (LedgerAction.STAGE, SHIPPED, {"channels-ana"}),
        (LedgerAction.STAGE, {**OF_A_ROLE, "roles": {"brakes": 2}}, {*ONLINE, "brakes-ben"}),
        (LedgerAction.STAGE, {**OF_A_ROLE, "roles": {"targets": 2, "root": 2}}, {*ONLINE, "root-ana", "targets-ana"}),
    ],
)
def test_an_entry_counts_by_the_keys_of_what_it_tells(
    current: CurrentKeys, action: LedgerAction, fields: dict[str, Any], names: set[str]
) -> None:
    assert believed(current, action, **fields) == names


def test_what_is_no_entry_is_refused(current: CurrentKeys) -> None:
    with pytest.raises(VerificationError, match="cannot be read as an entry"):
        current.entry(Logged(1, b"junk"))


def test_an_entry_under_another_number_is_refused(current: CurrentKeys) -> None:
    moved = Logged(2, entry(LedgerAction.REFRESH, "timestamp-ben").data)
    with pytest.raises(VerificationError, match="contains entry 1"):
        current.entry(moved)


def test_a_key_that_was_replaced_no_longer_counts() -> None:
    changed = Signers(roles=SIGNERS.roles, signers=(*SIGNERS.signers[:-2], signer("timestamp-ben-2")))
    root = MemoryChannel(changed).root.signed
    of_before = entry(LedgerAction.REFRESH, "timestamp-ben")
    with pytest.raises(VerificationError, match="a key that this channel has never named"):
        CurrentKeys(root, None, Signers(roles={})).entry(of_before)
    successor = entry(LedgerAction.REFRESH, "timestamp-ben-2", changed)
    assert CurrentKeys(root, None, Signers(roles={})).entry(successor).number == 1


def test_before_anything_is_published_the_configuration_says_whose_keys_count() -> None:
    root = MemoryChannel().root.signed
    staging = entry(LedgerAction.STAGE, "channels-ana", **SHIPPED)
    assert CurrentKeys(root, None, SIGNERS).entry(staging).action is LedgerAction.STAGE
    with pytest.raises(VerificationError, match="a key that this channel has never named"):
        CurrentKeys(root, None, Signers(roles={})).entry(staging)
