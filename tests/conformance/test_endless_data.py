"""Answers that do not end are cut off at our limits, whatever signed metadata claims (`publisher.wire.limits`)."""

from __future__ import annotations

import pytest

from publisher.wire.limits import LIMITS
from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import ENDLESS_BYTES, MemoryRepository

pytestmark = pytest.mark.loopback

MUCH = "the server sends too much data"


@pytest.mark.parametrize(
    "path",
    ["metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json"],
)
def test_endless_metadata_is_cut_off(client: ConformanceClient, repository: MemoryRepository, path: str) -> None:
    repository.endless.add(path)
    with pytest.raises(RefusedError, match=MUCH):
        client.refresh()
    assert path.removeprefix("metadata/") in repository.requests
    assert repository.sent < ENDLESS_BYTES / 2
    assert path.removeprefix("metadata/").split(".")[-2] not in client.versions.keys() - {"root"}


def test_an_endless_delegated_role_is_cut_off(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.publish_all()
    repository.endless.add("metadata/1.a.json")
    with pytest.raises(RefusedError, match=MUCH):
        client.download("file")
    assert repository.requests[-1] == "1.a.json"
    assert repository.sent < ENDLESS_BYTES / 2


def test_an_endless_file_is_cut_off_at_its_signed_length(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    target = repository.add_file("file", b"content")
    repository.publish_all()
    repository.endless.add(repository.file_address(target))
    with pytest.raises(RefusedError, match=MUCH):
        client.download("file")
    assert repository.requests[-1] == repository.file_address(target)
    assert repository.sent < ENDLESS_BYTES / 2
    assert client.files == {}


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_signed_length_above_our_limit_is_not_asked_for(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    repository.publish_all()
    listed = repository.timestamp.snapshot_meta if role == "snapshot" else repository.snapshot.meta["targets.json"]
    listed.length = LIMITS.targets_max_length + 1
    repository.publish(*({"snapshot": (), "targets": ("snapshot",)}[role]), "timestamp")
    with pytest.raises(RefusedError, match="the limit is"):
        client.refresh()
    assert not any(path.endswith(f"{role}.json") for path in repository.requests)
