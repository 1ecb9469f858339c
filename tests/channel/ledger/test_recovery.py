"""States that entries tell of, put together again, and what a thief who jumped ahead can take away by that."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, Targets, Timestamp

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.channel.ledger.recovery import AHEAD, NO_NUMBER, distrusted, read_claimed, state_of, versions_at
from publisher.channel.repository import MAX_VERSION, Repository, follow_roots
from publisher.errors import InputError, StorageForeign, VerificationError
from publisher.model.records.ledger_entry import Entry, LedgerAction
from publisher.wire.limits import LIMITS
from tests.support.channel import NOW, STABLE, MemoryChannel, opened
from tests.support.ledger import flip, stamp

FIRST = {"root": 1, "targets": 1, STABLE: 1, "rollout": 1, "brakes": 1, "notes": 1, "snapshot": 1, "timestamp": 1}


@pytest.fixture
def channel() -> MemoryChannel:
    """1.0.0 was live, and 1.1.0 is."""
    channel = MemoryChannel()
    channel.publish()
    channel.publish("1.1.0", 2)
    return channel


# --- versions that entries tell


def entries() -> tuple[Entry, ...]:
    """A release, another one, a refresh that lost its race, a refresh, and a recovery of the second entry."""
    return (
        flip(1, LedgerAction.RELEASE, "1.0.0", roles=FIRST),
        flip(2, LedgerAction.RELEASE, "1.1.0", roles={STABLE: 2, "snapshot": 2, "timestamp": 2}),
        flip(3, LedgerAction.REFRESH, base=stamp(2), result=stamp(99), roles={"snapshot": 3, "timestamp": 3}),
        flip(4, LedgerAction.REFRESH, base=stamp(2), roles={"timestamp": 3}),
        flip(5, LedgerAction.RECOVER, base=stamp(77), restored=2, roles={**FIRST, STABLE: 2, "timestamp": 9}),
        flip(6, LedgerAction.REFRESH, roles={"timestamp": 10}),
    )


@pytest.mark.parametrize(
    ("number", "versions"),
    [
        (1, FIRST),
        (2, {**FIRST, STABLE: 2, "snapshot": 2, "timestamp": 2}),
        (4, {**FIRST, STABLE: 2, "snapshot": 2, "timestamp": 3}),
        (5, {**FIRST, STABLE: 2, "timestamp": 9}),
        (6, {**FIRST, STABLE: 2, "timestamp": 10}),
    ],
)
def test_an_entry_with_those_that_it_builds_on_tells_a_whole_state(number: int, versions: dict[str, int]) -> None:
    assert versions_at(entries(), number) == versions


def test_of_a_change_of_keys_nothing_before_is_asked() -> None:
    change = flip(2, LedgerAction.KEYS, roles={**FIRST, "root": 2, "targets": 2})
    assert versions_at([change], 2)["root"] == 2


@pytest.mark.parametrize("number", [3, 9])
def test_an_entry_that_made_nothing_live_is_no_state(number: int) -> None:
    refused = flip(3, LedgerAction.RELEASE, "1.2.0", result=None)
    with pytest.raises(InputError, match=f"entry {number} made nothing live"):
        versions_at([*entries()[:2], refused], number)


def test_a_way_back_with_a_hole_is_refused() -> None:
    with pytest.raises(VerificationError, match="entry 2 builds on timestamp 1, which no earlier entry announces"):
        versions_at(entries()[1:], 2)


# --- what lies there


def test_what_is_live_is_read_without_any_trust(channel: MemoryChannel) -> None:
    claimed = read_claimed(channel.objects.get)
    assert claimed.stamp == channel.live().stamp
    assert {role: claimed.version_of(role) for role in ("timestamp", "snapshot", STABLE, "node.beta")} == {
        "timestamp": 2, "snapshot": 2, STABLE: 2, "node.beta": None,
    }  # fmt: skip


@pytest.mark.parametrize("data", [None, b"", b"junk", b"{}", b'{"signed": {"version": 1}, "signatures": []}'])
def test_a_timestamp_that_cannot_be_read_claims_nothing(data: bytes | None) -> None:
    claimed = read_claimed({TIMESTAMP_KEY: data}.get)
    assert (claimed.data, claimed.timestamp, claimed.snapshot, claimed.stamp) == (data, None, None, None)
    assert [claimed.version_of(role) for role in ("timestamp", "snapshot", STABLE)] == [None, None, None]


@pytest.mark.parametrize("refused", [TIMESTAMP_KEY, metadata_key("snapshot", 2)])
def test_what_is_too_large_or_no_object_claims_nothing(channel: MemoryChannel, refused: str) -> None:
    def read(key: str) -> bytes | None:
        if key == refused:
            raise StorageForeign("has 99999999 bytes")
        return channel.objects.get(key)

    claimed = read_claimed(read)
    assert claimed.snapshot is None
    assert (claimed.timestamp is None) is (refused == TIMESTAMP_KEY)


def test_a_snapshot_with_an_impossible_number_is_not_looked_for(channel: MemoryChannel) -> None:
    channel.objects[metadata_key("snapshot", MAX_VERSION + 1)] = channel.objects[metadata_key("snapshot", 2)]
    stamped(channel, 3, MAX_VERSION + 1)
    claimed = read_claimed(channel.objects.get)
    assert claimed.snapshot is None
    assert claimed.version_of("snapshot") == MAX_VERSION + 1


def test_a_timestamp_numbered_beyond_all_sense_cannot_be_read(channel: MemoryChannel) -> None:
    stamped(channel, NO_NUMBER, 2)
    assert read_claimed(channel.objects.get).timestamp is None
    stamped(channel, NO_NUMBER - 1, 2)
    assert read_claimed(channel.objects.get).version_of("timestamp") == NO_NUMBER - 1


# --- the state that is put back


def stamped(channel: MemoryChannel, timestamp: int, snapshot: int, key: str = "timestamp-ben") -> None:
    """A timestamp of a thief, for a snapshot of this number."""
    made = Metadata(Timestamp(version=1, expires=NOW, snapshot_meta=MetaFile(1)))
    made.signed.version, made.signed.snapshot_meta.version = timestamp, snapshot
    made.sign(opened(key))
    channel.objects[TIMESTAMP_KEY] = to_bytes(made)


def restored(channel: MemoryChannel) -> Repository:
    roots = tuple(follow_roots(channel.objects.get, channel.trusted_root))
    return state_of(channel.objects.get, roots, FIRST, read_claimed(channel.objects.get))


def test_a_state_is_what_people_signed_under_those_numbers(channel: MemoryChannel) -> None:
    state = restored(channel)
    assert state.roles[STABLE].signed.unrecognized_fields["x-tidegate-release"] == "1.0.0"
    assert set(state.roles) == {STABLE, "rollout", "brakes", "notes"}
    assert state.stamp == channel.live().stamp, "what it replaces is what lies there"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (2, 2),
        (1 + AHEAD, 1 + AHEAD),
        (2 + AHEAD, 1),
        (MAX_VERSION, 1),
    ],
)
def test_numbers_go_on_above_a_thiefs_unless_that_uses_them_up(channel: MemoryChannel, theirs: int, ours: int) -> None:
    stamped(channel, theirs, theirs)
    state = restored(channel)
    assert (state.timestamp.signed.version, state.snapshot.signed.version) == (ours, ours)


def test_numbers_that_no_key_of_ours_signed_were_seen_by_no_client(channel: MemoryChannel) -> None:
    stamped(channel, 7, 7, key="brakes-ben")
    state = restored(channel)
    assert (state.timestamp.signed.version, state.snapshot.signed.version) == (1, 1)


def test_a_lost_timestamp_is_no_obstacle(channel: MemoryChannel) -> None:
    del channel.objects[TIMESTAMP_KEY]
    state = restored(channel)
    assert (state.timestamp.signed.version, state.stamp.version) == (1, 1)


BRING_BACK = "bring it back from the bucket's version history"


@pytest.mark.parametrize(
    ("key", "data", "what"),
    [
        (metadata_key(STABLE, 1), None, r"1\.node\.stable\.json is missing"),
        (metadata_key("targets", 1), None, r"1\.targets\.json is missing"),
        (metadata_key("brakes", 1), b" " * (LIMITS.targets_max_length + 1), "somebody has overwritten it"),
    ],
)
def test_a_file_that_was_taken_away_or_blown_up_is_named(
    channel: MemoryChannel, key: str, data: bytes | None, what: str
) -> None:
    channel.objects.pop(key)
    if data is not None:
        channel.objects[key] = data
    with pytest.raises(VerificationError, match=what) as refused:
        restored(channel)
    assert refused.value.fix == BRING_BACK


def test_a_file_under_another_number_is_named(channel: MemoryChannel) -> None:
    channel.objects[metadata_key(STABLE, 1)] = channel.objects[metadata_key(STABLE, 2)]
    with pytest.raises(VerificationError, match=r"1\.node\.stable\.json says that it is version 2"):
        restored(channel)


def test_a_role_of_which_nothing_is_told_stops_it(channel: MemoryChannel) -> None:
    with pytest.raises(VerificationError, match="the entries give no version of targets"):
        roots = tuple(follow_roots(channel.objects.get, channel.trusted_root))
        state_of(channel.objects.get, roots, {STABLE: 1}, read_claimed(channel.objects.get))


def test_a_role_that_too_few_have_signed_stops_it(channel: MemoryChannel) -> None:
    channel.write(STABLE, channel.release(), "channels-ana")
    with pytest.raises(VerificationError, match=r"node\.stable 1 is not signed by enough of its keys"):
        restored(channel)


def test_targets_of_before_a_change_of_keys_cannot_be_put_back(channel: MemoryChannel) -> None:
    root = copy.deepcopy(channel.root.signed)
    root.revoke_key(channel.key("targets-ana").public_key.keyid, "targets")
    root.add_key(channel.key("brakes-ben").public_key, "targets")
    root.version = 2
    channel.sign_root(root)
    with pytest.raises(VerificationError, match="targets 1 is not signed by keys that clients accept today"):
        restored(channel)


# --- whose keys a thief has shown to have


def forged(channel: MemoryChannel, role: str, version: int, *names: str) -> None:
    """A role of the thief, announced by a snapshot and a timestamp of theirs."""
    content = Targets(version=version, expires=NOW + timedelta(days=1))
    channel.write(role, content, *names)
    first = Metadata[Snapshot].from_bytes(channel.objects[metadata_key("snapshot", 1)])
    meta = {**first.signed.meta, f"{role}.json": MetaFile(version)}
    snapshot = Metadata(Snapshot(version=50, expires=NOW, meta=meta))
    snapshot.sign(channel.key("snapshot-ben"))
    channel.objects[metadata_key("snapshot", 50)] = to_bytes(snapshot)
    stamped(channel, 50, 50)


def distrust(channel: MemoryChannel) -> dict[str, set[str]]:
    state = restored(channel)
    names = {opened(signer.name).public_key.keyid: signer.name for signer in channel.signers.signers}
    found = distrusted(channel.objects.get, read_claimed(channel.objects.get), state, FIRST)
    return {role: {names[keyid] for keyid in keyids} for role, keyids in found.items()}


ONLINE = {"timestamp": {"timestamp-ben"}, "snapshot": {"snapshot-ben"}}


@pytest.mark.parametrize(
    ("role", "names", "more"),
    [
        (STABLE, ["channels-ana", "channels-ben"], {STABLE: {"channels-ana", "channels-ben"}}),
        (STABLE, ["channels-ana"], {STABLE: {"channels-ana"}}),
        (STABLE, ["brakes-ben"], {}),
        ("targets", ["targets-ana"], {"targets": {"targets-ana"}}),
    ],
)
def test_keys_whose_signatures_are_on_a_thiefs_metadata_are_distrusted(
    channel: MemoryChannel, role: str, names: list[str], more: dict[str, set[str]]
) -> None:
    forged(channel, role, 40, *names)
    assert distrust(channel) == {**ONLINE, **more}


@pytest.mark.parametrize("data", [None, b"junk"])
def test_metadata_that_is_announced_and_cannot_be_read_shows_no_key(channel: MemoryChannel, data: bytes | None) -> None:
    forged(channel, STABLE, 40, "channels-ana")
    channel.objects.pop(metadata_key(STABLE, 40))
    if data is not None:
        channel.objects[metadata_key(STABLE, 40)] = data
    assert distrust(channel) == ONLINE


def test_a_role_under_its_old_number_was_signed_by_us(channel: MemoryChannel) -> None:
    forged(channel, STABLE, 1, "channels-ana", "channels-ben")
    assert distrust(channel) == ONLINE


def test_an_older_snapshot_put_back_shows_only_the_key_of_the_timestamp(channel: MemoryChannel) -> None:
    stamped(channel, 50, 1)
    assert distrust(channel) == {"timestamp": {"timestamp-ben"}}
