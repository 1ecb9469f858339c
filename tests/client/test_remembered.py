"""Holds and withdrawals that a client has seen stay in force until the channel lifts them (R82)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.client import session
from publisher.client.brakes.remembered import (
    MAX_BYTES,
    RememberedBrake,
    after_check,
    in_force,
    read_remembered,
    write_remembered,
)
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientInputError, ClientVerificationError
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.brakes import BRAKES_FIELD, LIFTED_FIELD, MOST, Brake, ChannelBrakes, brakes_of
from publisher.wire.version import Version
from tests.client.conftest import ASK, Run
from tests.client.test_brakes_field import role
from tests.support.tuf_repository import ALICE, BOB, CAROL, PAST, Bucket

VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "remembered.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]

NEW = Version.parse("4.1.0")


def remembered_in(case: list[dict[str, Any]], directory: Path) -> tuple[RememberedBrake, ...]:
    """What the file with these brakes gives."""
    path = directory / "node.stable.json"
    path.write_text(json.dumps({"format": "tidegate-remembered/1", "brakes": case}))
    return read_remembered(path)


def listed_in(channel: dict[str, Any]) -> ChannelBrakes:
    return brakes_of(role(**{BRAKES_FIELD: {"node.stable": channel}}), "node.stable")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any], tmp_path: Path) -> None:
    before, listed = remembered_in(case["remembered"], tmp_path), listed_in(case["listed"])
    after = after_check(before, listed, case["signed_by"], case["keys"], case["lifted"])
    assert after == remembered_in(case["answer"]["remembered"], tmp_path)
    assert in_force(after, listed, case["lifted"]) == listed_in(case["answer"]["in_force"])


def test_the_names_of_the_vectors_are_their_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) > 15


ids = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])
keys = st.frozensets(st.sampled_from(["k1", "k2", "k3"]))
brakes = st.lists(st.builds(Brake, ids, st.sampled_from([NEW, Version.parse("4.0")])), max_size=3, unique=True).map(
    tuple
)
listings = st.builds(ChannelBrakes, holds=brakes, withdrawn=brakes)


@given(listings, listings, keys, keys, st.sets(ids))
def test_r82_what_was_seen_stays_until_it_is_lifted_or_nobody_vouches_for_it(
    seen: ChannelBrakes,
    listed: ChannelBrakes,
    signed_before: frozenset[str],
    counting: frozenset[str],
    lifted: set[str],
) -> None:
    before = after_check((), seen, signed_before, signed_before, ())
    after = after_check(before, listed, counting, counting, lifted)
    stopped = in_force(after, listed, lifted)
    for brake in seen.holds:
        stays = brake.id not in lifted and (signed_before & counting or brake in listed.holds)
        assert (brake in stopped.holds) == bool(stays)
    assert {brake.id for brake in (*stopped.holds, *stopped.withdrawn)}.isdisjoint(lifted)


def holds(client: UpdateClient) -> list[str]:
    return [brake.id for brake in client.fetch_channel(*ASK).brakes.holds]


def test_r82_a_hold_stays_when_the_brakes_no_longer_list_it_until_the_channel_lifts_it(
    bucket: Bucket, client: UpdateClient
) -> None:
    hold = bucket.brake("hold")
    assert holds(client) == [hold]
    bucket.stopped()["holds"] = []
    bucket.publish()
    assert holds(client) == [hold]
    bucket.role_fields = {LIFTED_FIELD: ["0" * 64, hold]}
    bucket.publish()
    assert holds(client) == []
    bucket.role_fields = {}
    bucket.publish()
    assert holds(client) == []


def test_the_brakes_of_a_thief_go_when_targets_removes_the_key(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes_keys, bucket.brakes_signers = (CAROL, BOB), (CAROL,)
    stolen = bucket.brake("hold")
    bucket.brakes_signers = (BOB,)
    bucket.stopped()["holds"] = []
    ours = bucket.brake("withdrawal", "4.0.2")
    channel = client.fetch_channel(*ASK)
    # This client has never seen what the thief listed, so it takes nobody's word for it.
    assert ([brake.id for brake in channel.brakes.withdrawn], channel.brakes.holds) == ([ours], ())
    bucket.brakes_signers = (CAROL,)
    bucket.stopped()["holds"] = [{"id": stolen, "version": "4.1.0"}]
    bucket.publish()
    assert holds(client) == [stolen]
    bucket.stopped()["holds"] = []
    bucket.brakes_keys, bucket.brakes_signers = (BOB,), (BOB,)
    bucket.publish()
    channel = client.fetch_channel(*ASK)
    assert ([brake.id for brake in channel.brakes.withdrawn], channel.brakes.holds) == ([ours], ())


def test_with_expired_brakes_what_was_stopped_is_kept_and_said(bucket: Bucket, client: UpdateClient) -> None:
    hold = bucket.brake("hold")
    assert holds(client) == [hold]
    bucket.stopped()["holds"] = []
    bucket.expires["brakes"] = PAST
    bucket.publish()
    reported = client.fetch_or_recall(*ASK)
    assert reported.silenced
    assert [brake.id for brake in reported.brakes.holds] == [hold]


def record(tmp_path: Path) -> Path:
    return tmp_path / "state/brakes/btfs-node.stable.json"


def test_the_file_names_who_signed_and_is_written_only_when_something_changed(
    bucket: Bucket, client: UpdateClient, tmp_path: Path
) -> None:
    client.fetch_channel(*ASK)
    assert not record(tmp_path).exists()
    hold = bucket.brake("hold")
    client.fetch_channel(*ASK)
    written = record(tmp_path).stat()
    assert json.loads(record(tmp_path).read_bytes()) == {
        "format": "tidegate-remembered/1",
        "brakes": [
            {
                "kind": "hold",
                "id": hold,
                "version": "4.1.0",
                "keys": sorted(person.public.keyid for person in (ALICE, BOB)),
            }
        ],
    }
    client.fetch_channel(*ASK)
    assert (record(tmp_path).stat().st_ino, record(tmp_path).stat().st_mtime_ns) == (
        written.st_ino,
        written.st_mtime_ns,
    )


def test_what_a_killed_run_left_is_removed(bucket: Bucket, client: UpdateClient, tmp_path: Path) -> None:
    client.fetch_channel(*ASK)
    left = record(tmp_path).with_name(f".tidegate-{'0' * 16}")
    left.write_bytes(b"half of it")
    bucket.brake("hold")
    client.fetch_channel(*ASK)
    assert [path.name for path in record(tmp_path).parent.iterdir()] == [record(tmp_path).name]


def test_nothing_is_answered_before_the_disk_has_it(
    bucket: Bucket, client: UpdateClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.brake("hold")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(session, "write_remembered", full)
    with pytest.raises(Exception, match="disk is full"):
        client.fetch_channel(*ASK)
    monkeypatch.undo()
    bucket.stopped()["holds"] = []
    bucket.publish()
    # The check that failed has answered nothing, and so has promised nothing.
    assert holds(client) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"format":"tidegate-remembered/2","brakes":[]}',
        b'{"format":"tidegate-remembered/1"}',
        b'{"format":"tidegate-remembered/1","brakes":[{"kind":"hold","id":"a","version":"1","keys":["k"]}]}',
        b'{"format":"tidegate-remembered/1","brakes":[{"kind":"hold","id":"%s","version":"1","keys":[]}]}'
        % (b"a" * 64),
        b'{"format":"tidegate-remembered/1","brakes":[{"kind":"stop","id":"%s","version":"1","keys":["k"]}]}'
        % (b"a" * 64),
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_damaged_file_is_refused_with_what_to_do(run: Run, bucket: Bucket, tmp_path: Path, content: bytes) -> None:
    bucket.brake("hold")
    assert run("check", "--current", "4.0.2")[0] == 0
    [path] = tmp_path.rglob("brakes/btfs-node.stable.json")
    path.write_bytes(content)
    code, out, err = run("check", "--current", "4.0.2")
    assert (code, out) == (1, "")
    assert "the record of holds and withdrawals that this machine has seen, is damaged" in err
    assert f"remove {path}" in err
    path.unlink()
    assert run("check", "--current", "4.0.2")[0] == 0


def test_a_link_in_its_place_is_not_followed(client: UpdateClient, tmp_path: Path) -> None:
    client.fetch_channel(*ASK)
    record(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClientInputError, match="symbolic link"):
        client.fetch_channel(*ASK)


def test_who_has_seen_too_many_is_offered_nothing_and_forgets_none(tmp_path: Path) -> None:
    path = tmp_path / "node.stable.json"
    most = [
        RememberedBrake(BrakeKind.HOLD, Brake(f"{number:064x}", NEW), frozenset({"k"})) for number in range(2 * MOST)
    ]
    write_remembered(path, most)
    assert read_remembered(path) == tuple(most)
    more = RememberedBrake(BrakeKind.WITHDRAWAL, Brake("f" * 64, NEW), frozenset({"k"}))
    with pytest.raises(ClientVerificationError, match="cannot remember them all"):
        write_remembered(path, [*most, more])
    assert read_remembered(path) == tuple(most)
    # Within their number, but with more keys than fit.
    large = [RememberedBrake(item.kind, item.brake, frozenset(f"{key:0200}" for key in range(9))) for item in most]
    with pytest.raises(ClientVerificationError, match="cannot remember them all"):
        write_remembered(path, large)
    assert read_remembered(path) == tuple(most)
