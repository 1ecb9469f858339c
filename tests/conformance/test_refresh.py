"""The update of top-level metadata (TUF specification, 5.3 to 5.6), and who may sign it."""

from __future__ import annotations

import json
from functools import cache

import pytest
from securesystemslib.signer import CryptoSigner

from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import TOP_LEVEL, MemoryRepository
from tests.support.tuf_repository import Person

pytestmark = pytest.mark.loopback

FIRST = {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}


def test_the_trusted_root_is_copied_without_a_request(client: ConformanceClient, repository: MemoryRepository) -> None:
    assert (client.metadata_dir / "root.json").read_bytes() == repository.served["metadata/1.root.json"]
    assert client.versions == {"root": 1}
    assert repository.requests == []


def test_a_refresh_asks_in_the_order_of_the_specification(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    client.refresh()
    assert repository.requests == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    assert client.versions == FIRST


def test_nothing_new_takes_two_requests(client: ConformanceClient, repository: MemoryRepository) -> None:
    client.refresh()
    repository.requests.clear()
    client.refresh()
    assert repository.requests == ["2.root.json", "timestamp.json"]
    assert client.versions == FIRST


def test_a_new_state_replaces_the_old_one(client: ConformanceClient, repository: MemoryRepository) -> None:
    client.refresh()
    repository.publish_all()
    client.refresh()
    assert client.versions == FIRST | {"timestamp": 2, "snapshot": 2, "targets": 2}


def test_without_consistent_snapshots_only_roots_have_a_number(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.root.consistent_snapshot = False
    repository.publish("root")
    repository.publish_all()
    client.refresh()
    assert repository.requests == [
        *("2.root.json", "3.root.json"),
        *("timestamp.json", "snapshot.json", "targets.json"),
    ]
    assert client.versions == {"root": 2, "timestamp": 2, "snapshot": 2, "targets": 2}


def test_fields_that_the_specification_does_not_know_are_signed_along(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    keyid = repository.root.roles["root"].keyids[0]
    repository.root.keys[keyid].unrecognized_fields["x-key"] = {"a": [1, 2]}
    repository.root.unrecognized_fields["x-root"] = "value"
    repository.targets.unrecognized_fields["x-targets"] = None
    repository.publish("root")
    repository.publish_all()
    client.refresh()
    assert client.versions == {"root": 2, "timestamp": 2, "snapshot": 2, "targets": 2}


@pytest.mark.parametrize("root", [b"", b"no json", b"{}"])
def test_what_is_no_root_leads_to_no_request(
    client: ConformanceClient, repository: MemoryRepository, root: bytes
) -> None:
    client.init(root)
    with pytest.raises(RefusedError, match="the trusted root is not TUF root metadata"):
        client.refresh()
    assert repository.requests == []


def test_a_root_that_its_own_keys_did_not_sign_leads_to_no_request(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.signers["root"] = (Person("stranger"),)
    repository.serve("root")
    client.init(repository.served["metadata/1.root.json"])
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.refresh()
    assert repository.requests == []


@pytest.mark.parametrize("signer", ["stranger", None], ids=["stranger", "nobody"])
@pytest.mark.parametrize("role", TOP_LEVEL)
def test_metadata_that_its_role_did_not_sign_is_refused(
    client: ConformanceClient, repository: MemoryRepository, role: str, signer: str | None
) -> None:
    client.refresh()
    repository.signers[role] = (Person(signer),) if signer else ()
    if role == "root":
        repository.publish("root")
    else:
        repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.refresh()
    before = TOP_LEVEL[1 : TOP_LEVEL.index(role)]
    assert client.versions == FIRST | dict.fromkeys(before, 2)


def test_a_signature_of_another_role_does_not_count(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.signers["targets"] = (Person("timestamp"), Person("snapshot"))
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.refresh()
    assert "targets" not in client.versions


@pytest.mark.parametrize("signers", [("a", "b"), ("b", "c", "stranger")])
def test_a_threshold_of_two_is_met_by_two(
    client: ConformanceClient, repository: MemoryRepository, signers: tuple[str, ...]
) -> None:
    _two_of_three(repository, "snapshot")
    repository.signers["snapshot"] = tuple(Person(name) for name in signers)
    repository.publish_all()
    client.refresh()
    assert client.versions["snapshot"] == 2


@pytest.mark.parametrize("signers", [("a",), ("a", "stranger"), ("a", "snapshot")])
def test_a_threshold_of_two_is_not_met_by_one(
    client: ConformanceClient, repository: MemoryRepository, signers: tuple[str, ...]
) -> None:
    client.refresh()
    _two_of_three(repository, "snapshot")
    repository.signers["snapshot"] = tuple(Person(name) for name in signers)
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.refresh()
    assert client.versions == FIRST | {"root": 2, "timestamp": 2}


def _two_of_three(repository: MemoryRepository, role: str) -> None:
    repository.root.revoke_key(Person(role).public.keyid, role)
    for name in ("a", "b", "c"):
        repository.root.add_key(Person(name).public, role)
    repository.root.roles[role].threshold = 2
    repository.publish("root")


def test_a_signature_that_is_repeated_counts_once(client: ConformanceClient, repository: MemoryRepository) -> None:
    _two_of_three(repository, "snapshot")
    repository.signers["snapshot"] = (Person("a"),)
    repository.publish_all()
    snapshot = json.loads(repository.served["metadata/2.snapshot.json"])
    snapshot["signatures"] *= 2
    repository.served["metadata/2.snapshot.json"] = json.dumps(snapshot).encode()
    with pytest.raises(RefusedError, match="the channel's metadata is not valid"):
        client.refresh()
    assert "snapshot" not in client.versions


def test_a_role_that_lists_a_key_twice_is_refused(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.root.roles["snapshot"].keyids *= 2
    repository.root.roles["snapshot"].threshold = 2
    repository.publish("root")
    with pytest.raises(RefusedError, match="the channel's metadata is not valid"):
        client.refresh()
    assert client.versions == {"root": 1}


@cache
def _rsa_signer(scheme: str) -> CryptoSigner:
    return CryptoSigner.generate_rsa(scheme=scheme)


class RsaKey(Person):
    """An RSA key, with its scheme as its name: the default of the suite's own repositories."""

    @property
    def signer(self) -> CryptoSigner:
        return _rsa_signer(self.key)


@pytest.mark.parametrize(
    "key",
    [Person("ecdsa", ecdsa=True), RsaKey("rsa-pkcs1v15-sha256"), RsaKey("rsassa-pss-sha256")],
    ids=lambda key: key.key,
)
def test_keys_other_than_ed25519_count(client: ConformanceClient, repository: MemoryRepository, key: Person) -> None:
    for role in ("timestamp", "snapshot", "targets"):
        repository.root.revoke_key(Person(role).public.keyid, role)
        repository.root.add_key(key.public, role)
        repository.signers[role] = (key,)
    repository.publish("root")
    repository.publish_all()
    client.refresh()
    assert client.versions == {"root": 2, "timestamp": 2, "snapshot": 2, "targets": 2}
