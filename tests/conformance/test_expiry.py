"""Freezes: metadata that has expired, at once or while the client was away (TUF specification, 5.3.10, 5.4.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository
from tests.support.tuf_repository import PAST

pytestmark = pytest.mark.loopback

EXPIRED = "the channel's signatures have expired"


@pytest.mark.parametrize(
    ("role", "trusted"),
    [
        ("root", {"root": 2, "timestamp": 1, "snapshot": 1, "targets": 1}),
        ("timestamp", {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}),
        ("snapshot", {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1}),
        ("targets", {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}),
    ],
)
def test_new_metadata_that_has_expired_is_refused(
    client: ConformanceClient, repository: MemoryRepository, role: str, trusted: dict[str, int]
) -> None:
    client.refresh()
    repository.signed(role).expires = PAST
    if role == "root":
        repository.publish("root")
    repository.publish_all()
    with pytest.raises(RefusedError, match=EXPIRED):
        client.refresh()
    assert client.versions == trusted


def test_below_an_expired_root_nothing_is_asked_for(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.root.expires = PAST
    repository.publish("root")
    with pytest.raises(RefusedError, match=EXPIRED):
        client.refresh()
    assert repository.requests[:2] == ["2.root.json", "3.root.json"]
    assert not any("snapshot" in path or "targets" in path for path in repository.requests)


def test_an_expired_delegated_role_is_refused(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.add_file("file", b"content", "a")
    repository.delegated["a"].expires = PAST
    repository.publish_all()
    client.refresh()
    with pytest.raises(RefusedError, match=EXPIRED):
        client.download("file")
    assert "a" not in client.versions
    assert client.files == {}


# A clock that runs on, which takes the executable and faketime.


def _in(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


@pytest.mark.system
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_frozen_repository_is_refused_when_its_metadata_ends(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    repository.signed(role).expires = _in(7)
    repository.publish_all()
    client.refresh(days=6)
    with pytest.raises(RefusedError, match=EXPIRED):
        client.refresh(days=8)
    assert client.versions == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}


@pytest.mark.system
def test_kept_metadata_that_has_expired_still_leads_to_new_metadata(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    for role in ("timestamp", "snapshot", "targets"):
        repository.signed(role).expires = _in(7)
    repository.publish_all()
    client.refresh()
    for role in ("timestamp", "snapshot", "targets"):
        repository.signed(role).expires = _in(21)
    repository.publish_all()
    client.refresh(days=18)
    assert client.versions == {"root": 1, "timestamp": 3, "snapshot": 3, "targets": 3}


@pytest.mark.system
def test_an_expired_snapshot_still_protects_against_older_targets(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.snapshot.expires = _in(7)
    repository.publish_all()
    client.refresh()
    repository.targets.version = 1
    repository.serve("targets")
    repository.snapshot.expires = _in(21)
    repository.publish("snapshot", "timestamp")
    with pytest.raises(RefusedError, match="replays an old state"):
        client.refresh(days=18)
    assert client.versions["targets"] == 2


@pytest.mark.system
def test_a_kept_delegated_role_ends_too(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.add_file("first", b"1", "a")
    repository.add_file("second", b"2", "a")
    repository.delegated["a"].expires = _in(7)
    repository.publish_all()
    client.download("first")
    with pytest.raises(RefusedError, match=EXPIRED):
        client.download("second", days=8)
    assert client.files == {"first": b"1"}
