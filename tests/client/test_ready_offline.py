"""`tidegate ready` without a network: what was verified last, as long as it is valid, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError

from publisher.client.network.http import DirectoryFetcher
from tests.client.conftest import Run, SetClock
from tests.support.requirements import NOW, contract_closes
from tests.support.tuf_repository import Bucket

Unplug = Callable[[], None]


@pytest.fixture(autouse=True)
def now(set_clock: SetClock) -> None:
    """The client's clock is NOW."""
    set_clock(NOW)


@pytest.fixture
def unplug(monkeypatch: pytest.MonkeyPatch) -> Unplug:
    """Makes the channel unreachable from now on."""

    def refuse(_self: DirectoryFetcher, url: str) -> Iterator[bytes]:
        raise DownloadError(f"{url}: connection refused")

    return lambda: monkeypatch.setattr(DirectoryFetcher, "_fetch", refuse)


def test_without_a_network_it_answers_from_what_was_verified_and_says_how_old_that_is(
    run: Run, bucket: Bucket, unplug: Unplug, set_clock: SetClock, tmp_path: Path
) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    assert run("ready", "--current", "4.1.0")[0] == 10
    unplug()
    set_clock("2027-01-18T06:00:00Z")
    code, out, err = run("ready", "--current", "4.1.0")
    assert (code, err) == (10, "")
    assert "(72 days left)" in out
    assert (
        "The channel cannot be reached. This is its state of 2027-01-15 00:00 UTC, 3 days ago. It can be relied on"
        " until 2999-01-01 00:00 UTC. Signed by"
    ) in " ".join(out.split())
    answer = json.loads(run("ready", "--current", "5.0.0", "--json")[1])
    assert (answer["readiness"], answer["reached_at"], answer["checked_at"]) == (
        "ready", NOW, "2027-01-18T06:00:00Z",
    )  # fmt: skip
    # Only `ready` answers so: nothing is offered or installed from a state that may be old.
    assert run("check", "--current", "4.1.0")[0] == 5


def test_without_a_network_what_has_expired_is_not_believed(
    run: Run, bucket: Bucket, unplug: Unplug, set_clock: SetClock
) -> None:
    bucket.expires["timestamp"] = datetime.fromisoformat("2027-01-16T00:00:00Z")
    bucket.require(contract_closes(), version="5.0.0")
    assert run("ready", "--current", "5.0.0")[0] == 0
    unplug()
    set_clock("2027-01-16T00:00:01Z")
    code, out, err = run("ready", "--current", "5.0.0")
    assert (code, out) == (4, "")
    assert "the state that this machine verified last has expired" in err
    # Nor does a clock that is set back bring it to life again.
    set_clock(NOW)
    assert run("ready", "--current", "5.0.0")[0] == 4


@pytest.mark.parametrize("role", ["targets", "role", "snapshot"])
def test_without_a_network_every_signature_has_its_own_end(
    run: Run, bucket: Bucket, unplug: Unplug, set_clock: SetClock, role: str
) -> None:
    bucket.expires[role] = datetime.fromisoformat("2027-01-16T00:00:00Z")
    bucket.require(contract_closes(), version="5.0.0")
    assert run("ready", "--current", "5.0.0")[0] == 0
    unplug()
    set_clock("2027-01-16T00:00:01Z")
    code, _, err = run("ready", "--current", "5.0.0")
    assert code == 4
    assert err.endswith("expired\n")


def forged(state: Path) -> None:
    timestamp = state / "metadata" / "timestamp.json"
    timestamp.write_bytes(timestamp.read_bytes().replace(b"2999", b"2998"))


def without_feed(state: Path) -> None:
    [feed] = (state / "feeds").iterdir()
    feed.unlink()


def other_feed(state: Path) -> None:
    [feed] = (state / "feeds").iterdir()
    feed.write_bytes(feed.read_bytes().replace(b"4.1.0", b"4.1.1"))


def without_record(state: Path) -> None:
    (state / "seen.json").unlink()


@pytest.mark.parametrize("spoil", [forged, without_feed, other_feed, without_record])
def test_without_a_network_what_does_not_verify_is_no_answer(
    run: Run, bucket: Bucket, unplug: Unplug, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    bucket.require(contract_closes())
    assert run("ready", "--current", "5.0.0")[0] == 0
    unplug()
    [seen] = (tmp_path / "state").rglob("seen.json")
    spoil(seen.parent)
    code, out, err = run("ready", "--current", "5.0.0")
    assert (code, out) == (5, "")
    assert err.endswith("\nunreachable\n")


def test_without_a_network_a_machine_that_never_asked_has_no_answer(run: Run, bucket: Bucket, unplug: Unplug) -> None:
    unplug()
    assert run("ready", "--current", "5.0.0")[0] == 5


def test_a_server_that_lost_its_timestamp_is_not_taken_for_a_network_that_is_down(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes())
    assert run("ready", "--current", "5.0.0")[0] == 0
    bucket.path("tuf/metadata/timestamp.json").unlink()
    code, _, err = run("ready", "--current", "5.0.0")
    assert code == 5
    assert "a file is missing on the server" in err


def test_a_network_that_fails_midway_leaves_no_older_state_to_answer_from(
    run: Run, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new timestamp has come, and what it vouches for has not: what is kept is known to be old."""
    bucket.require(contract_closes(), version="5.0.0")
    assert run("ready", "--current", "5.0.0")[0] == 0
    bucket.require(contract_closes("5.1.0"), version="5.1.0")
    fetch = DirectoryFetcher._fetch

    def refuse(self: DirectoryFetcher, url: str) -> Iterator[bytes]:
        if url.endswith("snapshot.json"):
            raise DownloadError(f"{url}: connection reset")
        return fetch(self, url)

    monkeypatch.setattr(DirectoryFetcher, "_fetch", refuse)
    code, out, err = run("ready", "--current", "5.0.0")
    assert (code, out) == (5, "")
    assert "connection reset" in err
