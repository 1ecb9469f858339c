"""Older states, mixed states, and how a repository recovers from numbers far ahead (5.4.3, 5.5.5, 5.6.4)."""

from __future__ import annotations

import pytest

from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository

pytestmark = pytest.mark.loopback

SECOND = {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}

OLDER = "the server replays an old state or mixes two"


@pytest.fixture(params=[False, True], ids=["versions", "digests"])
def second(request: pytest.FixtureRequest, client: ConformanceClient, repository: MemoryRepository) -> MemoryRepository:
    """The repository, whose second state the client has."""
    repository.digests = request.param
    repository.publish_all()
    client.refresh()
    assert client.versions == SECOND
    return repository


def test_an_older_timestamp_is_refused(client: ConformanceClient, second: MemoryRepository) -> None:
    second.timestamp.version = 1
    second.serve("timestamp")
    with pytest.raises(RefusedError, match=OLDER):
        client.refresh()
    assert client.versions == SECOND


def test_another_timestamp_under_the_same_number_is_left_alone(
    client: ConformanceClient, second: MemoryRepository
) -> None:
    kept = (client.metadata_dir / "timestamp.json").read_bytes()
    second.publish("snapshot")
    second.serve("timestamp")
    second.requests.clear()
    client.refresh()
    assert second.requests == ["2.root.json", "timestamp.json"]
    assert (client.metadata_dir / "timestamp.json").read_bytes() == kept


def test_an_older_snapshot_under_a_newer_timestamp_is_refused(
    client: ConformanceClient, second: MemoryRepository
) -> None:
    second.snapshot.version = 1
    second.serve("snapshot")
    second.publish("timestamp")
    with pytest.raises(RefusedError, match=OLDER):
        client.refresh()
    assert client.versions == SECOND


def test_an_older_snapshot_in_place_of_the_newer_one_is_refused(
    client: ConformanceClient, second: MemoryRepository
) -> None:
    second.publish_all()
    second.served["metadata/3.snapshot.json"] = second.served["metadata/2.snapshot.json"]
    with pytest.raises(RefusedError, match=f"{OLDER}|differs from what was signed"):
        client.refresh()
    assert client.versions == SECOND | {"timestamp": 3}


def test_older_targets_under_a_newer_snapshot_are_refused(client: ConformanceClient, second: MemoryRepository) -> None:
    second.targets.version = 1
    second.serve("targets")
    second.publish("snapshot", "timestamp")
    with pytest.raises(RefusedError, match=OLDER):
        client.refresh()
    assert client.versions["targets"] == 2


def test_a_snapshot_that_has_lost_a_role_is_refused(client: ConformanceClient, second: MemoryRepository) -> None:
    second.delegate("a")
    second.publish_all()
    client.refresh()
    del second.snapshot.meta["a.json"]
    second.publish("snapshot", "timestamp")
    with pytest.raises(RefusedError, match="not valid"):
        client.refresh()
    assert client.versions["snapshot"] == 3


def test_targets_of_another_state_than_the_snapshot_are_refused(
    client: ConformanceClient, second: MemoryRepository
) -> None:
    second.publish_all()
    second.served["metadata/3.targets.json"] = second.served["metadata/2.targets.json"]
    with pytest.raises(RefusedError, match=f"{OLDER}|differs from what was signed"):
        client.refresh()
    assert client.versions == {"root": 1, "timestamp": 3, "snapshot": 3, "targets": 2}


def test_newer_targets_that_no_snapshot_lists_are_not_asked_for(
    client: ConformanceClient, second: MemoryRepository
) -> None:
    second.publish("targets")
    second.requests.clear()
    client.refresh()
    assert second.requests == ["2.root.json", "timestamp.json"]
    assert client.versions == SECOND


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_bytes_that_differ_from_the_listed_digest_are_refused(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    client.refresh()
    repository.digests = True
    repository.publish_all()
    # Signed and of the right version and length, with another end of its life.
    draft = repository.signed(role)
    draft.expires = draft.expires.replace(year=2998)
    listed = repository.timestamp.snapshot_meta, dict(repository.snapshot.meta)
    repository.serve(role)
    repository.timestamp.snapshot_meta, repository.snapshot.meta = listed
    with pytest.raises(RefusedError, match="differs from what was signed"):
        client.refresh()
    assert client.versions[role] == 1


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_length_other_than_the_listed_one_is_refused(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    repository.digests = True
    repository.publish_all()
    repository.served[repository.address(role)] += b" "
    with pytest.raises(RefusedError, match="the server sends too much data"):
        client.refresh()
    assert role not in client.versions


@pytest.mark.parametrize(
    ("ahead", "rotated"),
    [
        ("timestamp", ("timestamp",)),
        ("snapshot", ("snapshot", "timestamp")),
        ("targets", ("snapshot",)),
        ("targets", ("snapshot", "targets", "timestamp")),
    ],
)
def test_new_keys_bring_a_number_far_ahead_back(
    client: ConformanceClient, repository: MemoryRepository, ahead: str, rotated: tuple[str, ...]
) -> None:
    """Fast-forward attack and its recovery (specification, 5.3.11)."""
    repository.signed(ahead).version = 100_000
    repository.serve(ahead)
    repository.publish(*{"targets": ("snapshot", "timestamp"), "snapshot": ("timestamp",)}.get(ahead, ()))
    client.refresh()
    assert client.versions[ahead] == 100_000
    repository.signed(ahead).version = 1
    for role in rotated:
        repository.rotate(role)
    repository.publish("root")
    for role in ("targets", "snapshot", "timestamp"):
        if role == ahead:
            repository.serve(role)
        else:
            repository.publish(role)
    client.refresh()
    assert client.versions[ahead] == 1


@pytest.mark.parametrize("ahead", ["timestamp", "snapshot", "targets"])
def test_without_new_keys_a_number_far_ahead_stays(
    client: ConformanceClient, repository: MemoryRepository, ahead: str
) -> None:
    repository.signed(ahead).version = 100_000
    repository.serve(ahead)
    repository.publish(*{"targets": ("snapshot", "timestamp"), "snapshot": ("timestamp",)}.get(ahead, ()))
    client.refresh()
    repository.signed(ahead).version = 1
    repository.serve(ahead)
    repository.publish(*{"targets": ("snapshot", "timestamp"), "snapshot": ("timestamp",)}.get(ahead, ()))
    with pytest.raises(RefusedError, match=OLDER):
        client.refresh()
    assert client.versions[ahead] == 100_000
