"""The search through delegated roles (TUF specification, 5.6.7), and who may sign what."""

from __future__ import annotations

import hashlib

import pytest

from publisher.wire.limits import LIMITS
from tests.support.conformance_client import ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository
from tests.support.tuf_repository import Person

pytestmark = pytest.mark.loopback

NOBODY = "no role that may sign 'file' lists it"


def visited(repository: MemoryRepository) -> str:
    """The delegated roles that were asked for, in order; in these tests each is one letter."""
    return "".join(path.split(".")[1] for path in repository.requests[4:])


@pytest.mark.parametrize(
    ("delegations", "roles"),
    [
        pytest.param("targets>a targets>b", "ab", id="in-order-of-appearance"),
        pytest.param("targets>a targets>b b>c", "abc", id="deeper-roles-last"),
        pytest.param("targets>a targets>b a>c a>d", "acdb", id="depth-first"),
        pytest.param("targets>a targets>b a>c c>d", "acdb", id="three-levels"),
        pytest.param("targets>a targets>b a>c! a>d", "ac", id="terminating-ends-the-search"),
        pytest.param("targets>a targets>b a>c! c>d", "acd", id="terminating-still-descends"),
        pytest.param("targets>a/other targets>b a>c", "b", id="paths-that-do-not-match"),
        pytest.param("targets>a targets>b a>c/other c>d", "ab", id="paths-that-do-not-match-below"),
        pytest.param("targets>a/other! targets>b", "b", id="terminating-for-another-path"),
        pytest.param("targets>a a>b b>a", "ab", id="circle"),
        pytest.param("targets>a targets>b a>c b>c", "acb", id="role-of-two-parents"),
    ],
)
def test_roles_are_asked_for_in_order(
    client: ConformanceClient, repository: MemoryRepository, delegations: str, roles: str
) -> None:
    for words in delegations.split():
        parent, _, rest = words.partition(">")
        role, _, paths = rest.rstrip("!").partition("/")
        repository.delegate(role, paths or "*", by=parent, terminating=words.endswith("!"))
    repository.publish_all()
    with pytest.raises(RefusedError, match=NOBODY):
        client.download("file")
    assert visited(repository) == roles
    assert client.versions.keys() == {"root", "timestamp", "snapshot", "targets", *roles}


@pytest.mark.parametrize("role", ["a", "c"])
def test_a_file_of_a_delegated_role_is_stored(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    repository.delegate("a", "releases/*")
    repository.delegate("b", "*/*")
    repository.delegate("c", "releases/*", by="b")
    repository.add_file("releases/file", b"content", role)
    repository.publish_all()
    client.download("releases/file")
    assert client.files == {"releases/file": b"content"}


def test_the_earlier_role_decides_which_file_it_is(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.delegate("b")
    repository.add_file("file", b"of b", "b")
    repository.add_file("file", b"of a", "a")
    repository.publish_all()
    client.download("file")
    assert client.files == {"file": b"of a"}
    assert visited(repository)[0] == "a"
    assert "b" not in client.versions


def test_a_file_outside_of_the_delegated_paths_is_refused(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.delegate("a", "releases/*")
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    with pytest.raises(RefusedError, match=NOBODY):
        client.download("file")
    assert client.files == {}


def test_a_file_outside_of_the_paths_of_a_role_above_is_refused(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.delegate("a", "releases/*")
    repository.delegate("b", "*", by="a")
    repository.add_file("file", b"content", "b")
    repository.publish_all()
    with pytest.raises(RefusedError, match=NOBODY):
        client.download("file")
    assert visited(repository) == ""


@pytest.mark.parametrize("signers", [(), ("stranger",), ("targets",), ("b",)], ids=str)
def test_a_role_that_its_keys_did_not_sign_is_refused(
    client: ConformanceClient, repository: MemoryRepository, signers: tuple[str, ...]
) -> None:
    repository.delegate("a")
    repository.delegate("b")
    repository.add_file("file", b"content", "a")
    repository.signers["a"] = tuple(Person(name) for name in signers)
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.download("file")
    assert "a" not in client.versions
    assert client.files == {}


def test_a_threshold_of_a_delegation_must_be_met(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a", threshold=2)
    repository.targets.add_key(Person("second").public, "a")
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.download("file")
    repository.signers["a"] = (Person("a"), Person("second"))
    repository.publish_all()
    client.download("file")
    assert client.files == {"file": b"content"}


def test_new_keys_of_a_delegation_count_at_once(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    client.download("file")
    repository.targets.revoke_key(Person("a").public.keyid, "a")
    repository.targets.add_key(Person("next").public, "a")
    repository.add_file("file", b"newer", "a")
    repository.publish_all()
    with pytest.raises(RefusedError, match="signatures are missing or wrong"):
        client.download("file")
    repository.signers["a"] = (Person("next"),)
    repository.publish_all()
    client.download("file")
    assert client.files == {"file": b"newer"}


def test_a_role_that_the_snapshot_lacks_is_refused(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.add_file("file", b"content", "a")
    repository.publish("a", "targets")
    del repository.snapshot.meta["a.json"]
    repository.publish("snapshot", "timestamp")
    with pytest.raises(RefusedError, match="not part of snapshot"):
        client.download("file")
    assert visited(repository) == ""


def test_an_older_delegated_role_is_refused(client: ConformanceClient, repository: MemoryRepository) -> None:
    repository.delegate("a")
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    repository.add_file("file", b"newer", "a")
    repository.publish_all()
    client.download("file")
    old = repository.served["metadata/1.a.json"]
    repository.publish_all()
    repository.served["metadata/3.a.json"] = old
    with pytest.raises(RefusedError, match="replays an old state or mixes two"):
        client.download("file")
    assert client.versions["a"] == 2
    repository.delegated["a"].version = 1
    repository.serve("a")
    repository.publish("snapshot", "timestamp")
    with pytest.raises(RefusedError, match="replays an old state or mixes two"):
        client.download("file")
    assert client.versions["a"] == 2
    assert client.files == {"file": b"newer"}


def test_roles_without_consistent_snapshots_have_no_number(
    client: ConformanceClient, repository: MemoryRepository
) -> None:
    repository.root.consistent_snapshot = False
    repository.publish("root")
    repository.delegate("a")
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    client.download("file")
    assert repository.requests[-2:] == ["a.json", "targets/file"]
    assert client.files == {"file": b"content"}


@pytest.mark.parametrize("bits", [1, 4])
def test_a_bin_is_chosen_by_the_digest_of_the_path(
    client: ConformanceClient, repository: MemoryRepository, bits: int
) -> None:
    """Succinct delegations (TAP 15)."""
    number = int.from_bytes(hashlib.sha256(b"file").digest()[:4], "big") >> (32 - bits)
    repository.delegate_bins("bin", bits)
    repository.add_file("file", b"content", f"bin-{number:x}")
    repository.publish_all()
    client.download("file")
    assert client.files == {"file": b"content"}
    assert client.versions.keys() == {"root", "timestamp", "snapshot", "targets", f"bin-{number:x}"}


@pytest.mark.parametrize("prefix_matches", [True, False])
def test_paths_may_be_delegated_by_the_prefix_of_their_digest(
    client: ConformanceClient, repository: MemoryRepository, prefix_matches: bool
) -> None:
    prefix = hashlib.sha256(b"file").hexdigest()[:2]
    repository.delegate("a")
    assert repository.targets.delegations
    assert repository.targets.delegations.roles
    delegation = repository.targets.delegations.roles["a"]
    delegation.paths, delegation.path_hash_prefixes = None, [prefix if prefix_matches else f"{prefix}0"[::-1]]
    repository.add_file("file", b"content", "a")
    repository.publish_all()
    if prefix_matches:
        client.download("file")
    else:
        with pytest.raises(RefusedError, match=NOBODY):
            client.download("file")
    assert client.files == ({"file": b"content"} if prefix_matches else {})


@pytest.mark.parametrize("role", ["?", "#", "/a", "../a", ".", "..", "a b", "%2F", "ä"])
def test_odd_names_of_roles_stay_in_their_place(
    client: ConformanceClient, repository: MemoryRepository, role: str
) -> None:
    repository.delegate(role)
    repository.add_file("file", b"content", role)
    repository.publish_all()
    client.download("file")
    assert repository.address(role).removeprefix("metadata/") in repository.requests
    assert client.versions.keys() == {"root", "timestamp", "snapshot", "targets", role}
    assert {path.name for path in client.metadata_dir.parent.iterdir()} == {"initial_root", "metadata", "files"}


@pytest.mark.parametrize("extra", [0, 1])
def test_no_more_roles_than_our_limit_are_searched(
    client: ConformanceClient, repository: MemoryRepository, extra: int
) -> None:
    parent = "targets"
    for number in range(LIMITS.max_delegations + extra):
        repository.delegate(f"r{number}", by=parent)
        parent = f"r{number}"
    repository.add_file("file", b"content", parent)
    repository.publish_all()
    if extra:
        with pytest.raises(RefusedError, match=NOBODY):
            client.download("file")
    else:
        client.download("file")
    assert client.files == ({} if extra else {"file": b"content"})
