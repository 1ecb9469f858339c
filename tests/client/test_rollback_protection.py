"""What a client remembers: an older state never verifies in silence, and new keys let numbers start again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.client.metadata.rollback_protection import RoleSeen, Seen, read_seen, write_seen
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientError, ClientInputError, ClientVerificationError, Code, ExpiredError
from tests.client.conftest import ASK
from tests.support.tuf_repository import Bucket, Person, a_feed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DIGEST = "0" * 64


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def client(bucket: Bucket, state: Path, clock: Clock) -> UpdateClient:
    return UpdateClient(bucket.url, bucket.root_bytes, state, fetcher_for(bucket.url), clock)


def copied_to(bucket: Bucket, name: str) -> Path:
    """A copy of the bucket as it is, such as whoever replays it has kept."""
    return Path(shutil.copytree(bucket.directory, bucket.directory.with_name(name)))


def put_back(bucket: Bucket, old: Path) -> None:
    shutil.rmtree(bucket.directory)
    shutil.copytree(old, bucket.directory)


def lose_timestamp(state: Path) -> None:
    (state / "metadata/timestamp.json").unlink()


def cut_timestamp(state: Path) -> None:
    os.truncate(state / "metadata/timestamp.json", 10)


def lose_all_metadata(state: Path) -> None:
    shutil.rmtree(state / "metadata")


@pytest.mark.parametrize("damage", [lose_timestamp, cut_timestamp, lose_all_metadata])
@pytest.mark.parametrize("change", ["a release", "a renewal"])
def test_a_replayed_state_is_refused_though_the_kept_metadata_is_damaged(
    bucket: Bucket, client: UpdateClient, state: Path, damage: Callable[[Path], None], change: str
) -> None:
    old = copied_to(bucket, "old")
    if change == "a renewal":
        bucket.renew()
    else:
        bucket.release(a_feed(version="4.1.1"))
    feed = client.fetch_feed(*ASK)
    new = copied_to(bucket, "new")
    put_back(bucket, old)
    damage(state)
    for _ in range(2):
        with pytest.raises(ClientVerificationError, match="replays an old state") as caught:
            client.fetch_feed(*ASK)
        assert caught.value.code is Code.OLDER_THAN_SEEN
        assert "keep what you run" in caught.value.fix
    put_back(bucket, new)
    assert client.fetch_feed(*ASK) == feed


def test_the_error_says_when_the_record_may_be_removed(bucket: Bucket, client: UpdateClient, state: Path) -> None:
    old = copied_to(bucket, "old")
    bucket.renew()
    client.fetch_feed(*ASK)
    put_back(bucket, old)
    lose_all_metadata(state)
    with pytest.raises(
        ClientVerificationError, match="offers version 1 of timestamp, but this machine has already seen"
    ) as caught:
        client.fetch_feed(*ASK)
    assert (
        f"remove {state / 'seen.json'} only if the publisher says that the channel was started afresh"
        in caught.value.fix
    )


def test_without_metadata_but_nothing_older_the_client_goes_on(client: UpdateClient, state: Path) -> None:
    client.fetch_feed(*ASK)
    lose_all_metadata(state)
    client.fetch_feed(*ASK)


@pytest.mark.parametrize("online", [("timestamp", "snapshot"), ("timestamp",)])
def test_after_new_online_keys_numbers_may_start_again(
    bucket: Bucket, client: UpdateClient, online: tuple[str, ...]
) -> None:
    bucket.version = 10**6
    bucket.release(a_feed(version="4.1.1"))
    client.fetch_feed(*ASK)
    for role in online:
        bucket.replace_key(role, Person(f"new {role}"))
    if "snapshot" in online:
        bucket.version = 5
    bucket.release(a_feed(version="4.1.2"))
    feed = client.fetch_feed(*ASK)
    assert feed.release is not None
    assert str(feed.release.version) == "4.1.2"


SAME = frozenset({"a"})


def seen(**versions: int) -> dict[str, RoleSeen]:
    return {name: RoleSeen(version, SAME, DIGEST) for name, version in versions.items()}


@pytest.mark.parametrize(
    ("changed", "free"),
    [
        ("root", set()),
        ("timestamp", {"timestamp", "snapshot"}),
        ("snapshot", {"snapshot", "targets", "role", "brakes"}),
        ("targets", {"targets"}),
        ("role", {"role"}),
    ],
)
@pytest.mark.parametrize("lost", [True, False], ids=["a key is lost", "a key is added"])
def test_which_numbers_a_changed_key_frees(changed: str, free: set[str], lost: bool) -> None:
    names = ("root", "timestamp", "snapshot", "targets", "role", "brakes")
    before = Seen(NOW, seen(**dict.fromkeys(names, 9)))
    refused = set()
    for name in names:
        offered = seen(**dict.fromkeys(names, 9))
        offered[changed] = RoleSeen(9, frozenset({"b"}) if lost else frozenset({"a", "b"}), DIGEST)
        offered[name] = RoleSeen(8, offered[name].keys, DIGEST)
        try:
            before.refuse_older(offered, Path("seen.json"))
        except ClientVerificationError:
            refused.add(name)
    assert refused == set(names) - (free if lost else set())


def test_what_new_keys_made_void_is_forgotten_for_other_channels_too() -> None:
    before = Seen(NOW, seen(timestamp=9, snapshot=9, targets=9, other=9))
    after = before.with_roles(seen(timestamp=9, targets=1) | {"snapshot": RoleSeen(1, frozenset({"b"}), DIGEST)})
    assert after.roles == seen(timestamp=9, targets=1) | {"snapshot": RoleSeen(1, frozenset({"b"}), DIGEST)}


def test_the_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = Seen(NOW, seen(root=1, targets=7))
    write_seen(tmp_path / "seen.json", record)
    assert read_seen(tmp_path / "seen.json") == record
    assert [path.name for path in tmp_path.iterdir()] == ["seen.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="directories cannot be synced there")
def test_the_record_and_its_name_are_on_the_disk_before_an_answer(
    client: UpdateClient, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    client.fetch_feed(*ASK)
    assert {(state / "seen.json").stat().st_ino, state.stat().st_ino} <= set(synced)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'{"format": "tidegate-seen/2"}',
        b'{"format": "tidegate-seen/1", "last_seen": "yesterday", "roles": {}}',
        b'{"format": "tidegate-seen/1", "last_seen": "2026-11-20T12:00:00Z", "roles": {"root": {"version": true}}}',
        b'{"format": "tidegate-seen/1", "last_seen": "2026-11-20T12:00:00Z", "roles": []}',
        b" " * 70_000,
    ],
)
def test_a_damaged_record_is_named_with_what_to_do(client: UpdateClient, state: Path, data: bytes) -> None:
    client.fetch_feed(*ASK)
    (state / "seen.json").write_bytes(data)
    with pytest.raises(ClientInputError, match="is damaged") as caught:
        client.fetch_feed(*ASK)
    assert caught.value.fix.startswith(f"remove {state / 'seen.json'}")
    (state / "seen.json").unlink()
    client.fetch_feed(*ASK)


# The clock.


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "role", "brakes"])
def test_a_clock_that_is_set_back_does_not_revive_an_expired_channel(
    bucket: Bucket, client: UpdateClient, clock: Clock, role: str
) -> None:
    bucket.brakes = True
    bucket.expires["timestamp"] = NOW + 9 * DAY
    bucket.expires[role] = NOW + DAY
    if role == "root":
        bucket.root.signed.expires = NOW + DAY
        bucket.root.signed.version = 2
        bucket.write_root()
    bucket.publish()
    client.fetch_feed(*ASK)
    clock.now = NOW + 2 * DAY
    with pytest.raises(ExpiredError):
        client.fetch_feed(*ASK)
    clock.now = NOW
    with pytest.raises(ExpiredError, match="clock shows 2026-11-20 12:00") as caught:
        client.fetch_feed(*ASK)
    assert caught.value.fix.startswith("set the clock")


def test_a_clock_that_goes_back_a_little_stops_nobody(client: UpdateClient, clock: Clock) -> None:
    client.fetch_feed(*ASK)
    clock.now -= timedelta(hours=3)
    client.fetch_feed(*ASK)


def test_a_clock_that_was_far_ahead_harms_until_the_next_renewal_only(
    bucket: Bucket, client: UpdateClient, clock: Clock
) -> None:
    bucket.expires["timestamp"] = NOW + 2 * DAY
    bucket.publish()
    client.fetch_feed(*ASK)
    clock.now = NOW + timedelta(days=9000)
    with pytest.raises(ExpiredError):
        client.fetch_feed(*ASK)
    clock.now = NOW + DAY
    with pytest.raises(ExpiredError, match="clock"):
        client.fetch_feed(*ASK)
    bucket.expires["timestamp"] = NOW + 3 * DAY
    bucket.publish()
    client.fetch_feed(*ASK)


# Odd files: nothing is waited for.


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_directory(path: Path) -> None:
    path.mkdir()


def as_link(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
@pytest.mark.parametrize("odd", [as_pipe, as_directory, as_link])
@pytest.mark.parametrize(
    "name",
    [
        "lock",
        "seen.json",
        "metadata/timestamp.json",
        "metadata/snapshot.json",
        "metadata/targets.json",
        "metadata/btfs-node.stable.json",
        "metadata/root_history/1.root.json",
        "metadata/root_history/2.root.json",
    ],
)
def test_an_odd_file_in_the_state_is_named_and_not_waited_for(
    client: UpdateClient, state: Path, name: str, odd: Callable[[Path], None]
) -> None:
    client.fetch_feed(*ASK)
    path = state / name
    path.unlink(missing_ok=True)
    odd(path)
    with pytest.raises(ClientError) as caught:
        client.fetch_feed(*ASK)
    assert str(path) in caught.value.what
    assert caught.value.fix


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
@pytest.mark.parametrize(
    "pattern", ["tuf/metadata/timestamp.json", "tuf/metadata/1.targets.json", "tuf/targets/feed/**/*.json"]
)
def test_a_pipe_in_a_bucket_is_named_and_not_waited_for(bucket: Bucket, client: UpdateClient, pattern: str) -> None:
    path = bucket.path(pattern)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ClientError, match="not a plain file") as caught:
        client.fetch_feed(*ASK)
    assert caught.value.verdict == "failed here"


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_in_place_of_an_artifact_is_not_waited_for(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    feed = client.fetch_feed(*ASK)
    path = bucket.path("tuf/targets/artifacts/**/*.tar.gz")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ClientError, match="not a plain file"):
        client.download(feed, to)
    assert not list(to.iterdir())


def test_other_bytes_under_the_number_that_was_seen_are_refused(tmp_path: Path) -> None:
    """Two candidates of one number: a client that knows the one which shipped refuses the other."""
    before = Seen(roles=seen(targets=3))
    before.refuse_older(seen(targets=3), tmp_path)
    other = {"targets": RoleSeen(3, SAME, "1" * 64)}
    with pytest.raises(ClientVerificationError, match="offers a version 3 of targets that differs"):
        before.refuse_older(other, tmp_path)
    before.refuse_older({"targets": RoleSeen(3, frozenset({"z"}), "1" * 64)}, tmp_path)


def test_a_record_keeps_the_digests(tmp_path: Path) -> None:
    write_seen(tmp_path / "seen.json", Seen(NOW, seen(targets=3)))
    assert read_seen(tmp_path / "seen.json").roles == seen(targets=3)
