"""The chain of roots (TUF specification, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from publisher.wire.limits import LIMITS
from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository
from tests.support.tuf_repository import PAST, Person

pytestmark = pytest.mark.loopback


def test_every_root_between_is_followed(client: ConformanceClient, repository: MemoryRepository) -> None:
    for _ in range(4):
        repository.publish("root")
    client.refresh()
    assert repository.requests[:6] == [*(f"{number}.root.json" for number in range(2, 7)), "timestamp.json"]
    assert (client.metadata_dir / "root.json").read_bytes() == repository.served["metadata/5.root.json"]


def test_the_next_update_starts_after_the_newest_root(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.publish("root", "root")
    client.refresh()
    repository.requests.clear()
    client.refresh()
    assert repository.requests == ["4.root.json", "timestamp.json"]


def test_a_missing_root_ends_the_chain_before_it(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.publish("root", "root", "root")
    del repository.served["metadata/3.root.json"]
    client.refresh()
    assert client.versions["root"] == 2
    assert "4.root.json" not in repository.requests


def test_a_root_with_a_number_other_than_the_next_is_refused(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.publish("root", "root")
    repository.served["metadata/2.root.json"] = repository.served["metadata/3.root.json"]
    with pytest.raises(RefusedError, match="replays an old state or mixes two"):
        client.refresh()
    assert client.versions == {"root": 1}


def test_a_root_served_again_as_the_next_is_refused(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.served["metadata/2.root.json"] = repository.served["metadata/1.root.json"]
    with pytest.raises(RefusedError, match="replays an old state or mixes two"):
        client.refresh()
    assert client.versions == {"root": 1}


def test_an_expired_root_between_is_followed(client: ConformanceClient, repository: MemoryRepository) -> None:
    """Only the newest root must not have expired (5.3.10)."""
    good = repository.root.expires
    repository.root.expires = PAST
    repository.publish("root")
    repository.root.expires = good
    repository.publish("root")
    client.refresh()
    assert client.versions["root"] == 3


@pytest.mark.parametrize("extra", [0, 1])
def test_a_chain_longer_than_our_limit_is_refused(
    client: ConformanceClient, repository: MemoryRepository, extra: int
) -> None:
    repository.publish(*["root"] * (LIMITS.max_root_rotations + extra))
    if extra:
        with pytest.raises(RefusedError, match=f"more than {LIMITS.max_root_rotations} root files"):
            client.refresh()
    else:
        client.refresh()
        assert client.versions["root"] == LIMITS.max_root_rotations + 1


@dataclass(frozen=True)
class SignedRoot:
    """Keys that a root lists, how many must sign, and who does."""

    keys: str
    threshold: int
    signers: str


@pytest.mark.parametrize(
    ("roots", "accepted"),
    [
        pytest.param([("a", 1, "a"), ("b", 1, "ab"), ("b", 1, "b")], 3, id="old-and-new-key-sign"),
        pytest.param([("a", 1, "a"), ("b", 1, "b")], 1, id="only-the-new-key-signs"),
        pytest.param([("a", 1, "a"), ("b", 1, "a")], 1, id="only-the-old-key-signs"),
        pytest.param([("a", 1, "ax"), ("b", 1, "xaby")], 2, id="further-signatures-do-not-matter"),
        pytest.param([("abcde", 3, "ace"), ("abcde", 3, "bcd")], 2, id="any-three-of-five"),
        pytest.param([("abcde", 3, "ace"), ("abdef", 3, "abd")], 2, id="three-that-are-old-and-new"),
        pytest.param([("abcde", 3, "ace"), ("abdef", 3, "ace")], 1, id="three-old-two-new"),
        pytest.param([("abcde", 3, "ace"), ("abdef", 3, "aef")], 1, id="two-old-three-new"),
        pytest.param([("abc", 1, "a"), ("abc", 2, "ab")], 2, id="raised-threshold-met"),
        pytest.param([("abc", 1, "a"), ("abc", 2, "b")], 1, id="raised-threshold-not-met"),
        pytest.param([("abc", 2, "ab"), ("abc", 1, "ab"), ("abc", 1, "c")], 3, id="lowered-threshold-met"),
        pytest.param([("abc", 2, "ab"), ("abc", 1, "a")], 1, id="lowered-threshold-old-not-met"),
    ],
)
def test_a_root_is_signed_by_the_keys_before_and_its_own(
    client: ConformanceClient, repository: MemoryRepository, roots: list[tuple[str, int, str]], accepted: int
) -> None:
    for number, root in enumerate(SignedRoot(*fields) for fields in roots):
        repository.root.version = number + 1
        for keyid in list(repository.root.roles["root"].keyids):
            repository.root.revoke_key(keyid, "root")
        for name in root.keys:
            repository.root.add_key(Person(name).public, "root")
        repository.root.roles["root"].threshold = root.threshold
        repository.signers["root"] = tuple(Person(name) for name in root.signers)
        repository.serve("root")
    client.init(repository.served["metadata/1.root.json"])
    if accepted == len(roots):
        client.refresh()
    else:
        with pytest.raises(RefusedError, match="signatures are missing or wrong"):
            client.refresh()
    assert (client.metadata_dir / "root.json").read_bytes() == repository.served[f"metadata/{accepted}.root.json"]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_metadata_of_a_removed_key_is_refused(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    client.refresh()
    former = repository.signers[role]
    repository.rotate(role)
    repository.publish("root")
    repository.signers[role] = former
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.refresh()
    assert client.versions["root"] == 2
