"""What can be proven of the past: which old metadata was ours, and which binaries its people vouched for."""

from __future__ import annotations

import copy
import hashlib

import pytest
from tuf.api.metadata import TargetFile

from publisher.channel.layout import metadata_key, target_key
from publisher.channel.metadata_history import FEW, ProvenHistory, read_history, released_file
from publisher.channel.repository import Repository, follow_roots
from publisher.channel.roles import first_root
from publisher.model.config.signer import Signers
from publisher.signing.minisign import public_file
from tests.support.channel import ROLES, SIGNERS, STABLE, MemoryChannel, signer


@pytest.fixture
def channel() -> MemoryChannel:
    """1.0.0 was live, and 1.1.0 is."""
    channel = MemoryChannel()
    channel.publish()
    channel.publish("1.1.0", 2)
    return channel


def history(
    channel: MemoryChannel, *, listed: bool = True, live: Repository | None = None, trusted: int = 1
) -> ProvenHistory:
    """What an auditor can prove who trusts that root; `live` where what is live can no longer be read."""
    roots = tuple(follow_roots(channel.objects.get, channel.objects[metadata_key("root", trusted)]))
    keys = list(channel.objects) if listed else None
    return read_history(channel.objects.get, live or channel.live(), keys, roots)


def binary(version: str) -> tuple[tuple[str, str, str], str]:
    """Product, version and file name of a release, and the digest of its bytes."""
    return ("node", version, "node.bin"), hashlib.sha256(f"node {version}\n".encode()).hexdigest()


def vouches(channel: MemoryChannel, version: str) -> str:
    """Whose keys have signed the binary of a version: today's, earlier ones, or nobody's."""
    file, sha256 = binary(version)
    proven = history(channel)
    if sha256 in proven.vouched.get(file, {}):
        return "today"
    return "before" if sha256 in proven.vouched_before.get(file, {}) else "nobody"


def replace_signer(channel: MemoryChannel, name: str) -> str:
    """The key is lost and a successor takes its place; returns its name."""
    others = tuple(known for known in channel.signers.signers if known.name != name)
    number = sum(known.name.startswith(name) for known in SIGNERS.signers) + 1
    channel.signers = Signers(roles=ROLES, signers=(*others, signer(f"{name}-{number}")))
    return f"{name}-{number}"


def test_every_version_and_what_it_listed_is_ours(channel: MemoryChannel) -> None:
    proven = history(channel)
    assert proven.keys == set(channel.objects) - {"tuf/metadata/timestamp.json"}
    assert proven.coming == set()
    assert (vouches(channel, "1.0.0"), vouches(channel, "1.1.0"), vouches(channel, "1.2.0")) == (
        "today",
        "today",
        "nobody",
    )


def test_without_a_listing_only_what_is_live_is_known(channel: MemoryChannel) -> None:
    proven = history(channel, listed=False)
    assert proven.keys == set()
    assert binary("1.1.0")[0] in proven.vouched
    assert binary("1.0.0")[0] not in proven.vouched


def test_the_largest_size_that_was_vouched_for_is_the_limit(channel: MemoryChannel) -> None:
    content = channel.release("1.2.0", 3)
    path = "artifacts/node/stable/1.1.0/node.bin"
    content.targets[path] = TargetFile(length=999, hashes={"sha256": "a" * 64}, path=path)
    channel.store(channel.plan(stable=channel.signed(STABLE, content)))
    assert history(channel).size_of(binary("1.1.0")[0]) == 999
    assert history(channel).size_of(binary("1.0.0")[0]) == len("node 1.0.0\n")
    assert history(channel).size_of(("node", "9.9.9", "node.bin")) is None


def test_what_is_signed_and_not_live_yet_is_coming_and_vouches_too(channel: MemoryChannel) -> None:
    """Plain names are made just before the flip."""
    content = channel.release("1.2.0", 3)
    channel.write(STABLE, content)
    [path] = content.targets
    assert history(channel).coming == {metadata_key(STABLE, 3), target_key(path, binary("1.2.0")[1])}
    assert vouches(channel, "1.2.0") == "today"


@pytest.mark.parametrize(
    ("role", "number", "names"),
    [
        (STABLE, 3, ["channels-ana"]),
        (STABLE, 3, ["brakes-ben", "rollout-ben"]),
        (STABLE, 1, ["channels-ben"]),
        ("targets", 2, ["targets-ana"]),
        ("node.nightly", 1, ["channels-ana", "channels-ben"]),
    ],
)
def test_what_too_few_of_its_people_signed_is_not_ours(
    channel: MemoryChannel, role: str, number: int, names: list[str]
) -> None:
    channel.write(role, channel.release("6.6.6", number), *names)
    assert metadata_key(role, number) not in history(channel).keys | history(channel).coming
    assert vouches(channel, "6.6.6") == "nobody"


@pytest.mark.parametrize("role", [STABLE, "snapshot", "targets", "brakes"])
@pytest.mark.parametrize("data", [b"", b"junk", b"{}"])
def test_junk_under_a_number_is_not_ours(channel: MemoryChannel, role: str, data: bytes) -> None:
    channel.objects[metadata_key(role, 7)] = data
    assert metadata_key(role, 7) not in history(channel).keys | history(channel).coming


@pytest.mark.parametrize("role", [STABLE, "snapshot"])
def test_a_version_under_another_number_is_not_ours(channel: MemoryChannel, role: str) -> None:
    channel.objects[metadata_key(role, 7)] = channel.objects[metadata_key(role, 1)]
    assert metadata_key(role, 7) not in history(channel).keys | history(channel).coming


# --- keys that were replaced


def test_what_earlier_keys_of_the_channel_signed_stays_ours(channel: MemoryChannel) -> None:
    replace_signer(channel, "channels-ben")
    channel.publish("1.2.0", 3)
    assert (vouches(channel, "1.1.0"), vouches(channel, "1.2.0")) == ("before", "today")
    assert metadata_key(STABLE, 2) in history(channel).keys


def test_earlier_keys_vouch_for_nothing_after_their_time(channel: MemoryChannel) -> None:
    stolen = channel.signed(STABLE, channel.release("6.6.6", 9))
    replace_signer(channel, "channels-ben")
    channel.publish("1.2.0", 3)
    channel.objects[metadata_key(STABLE, 9)] = stolen.to_bytes()
    assert vouches(channel, "6.6.6") == "nobody"
    assert metadata_key(STABLE, 9) not in history(channel).keys | history(channel).coming


def next_root(channel: MemoryChannel) -> None:
    """A root for the keys that the configuration names now."""
    root = first_root(channel.signers, channel.now)
    root.version = channel.root.signed.version + 1
    channel.sign_root(root)


def test_what_earlier_keys_of_targets_and_snapshot_signed_stays_ours(channel: MemoryChannel) -> None:
    live = channel.live()
    for name in ("targets-ana", "snapshot-ben", "timestamp-ben"):
        replace_signer(channel, name)
    next_root(channel)
    content = copy.deepcopy(live.targets.signed)
    content.version = 2
    channel.write("targets", content)
    proven = history(channel, live=live)
    assert {metadata_key("targets", 1), metadata_key("snapshot", 1), metadata_key("root", 2)} <= proven.keys


def roots_proven(channel: MemoryChannel, live: Repository) -> set[int]:
    """Which of three roots are ours for an auditor who trusts the third."""
    proven = history(channel, live=live, trusted=3)
    return {number for number in (1, 2, 3) if metadata_key("root", number) in proven.keys}


def test_roots_before_the_trusted_one_are_ours_as_far_as_each_signed_the_next(channel: MemoryChannel) -> None:
    next_root(channel)
    next_root(channel)
    live = channel.live()
    assert roots_proven(channel, live) == {1, 2, 3}
    strangers = tuple(signer(f"root-{person}-9") for person in ("ana", "ben"))
    theirs = MemoryChannel(Signers(roles=ROLES, signers=(*strangers, *SIGNERS.signers[2:])))
    channel.objects[metadata_key("root", 1)] = theirs.trusted_root
    assert roots_proven(channel, live) == {2, 3}


def test_a_minisign_key_that_was_replaced_is_known_for_checks_by_hand(channel: MemoryChannel) -> None:
    before = public_file(signer("minisign-ben", "minisign"))
    channel.minisign = "minisign-ben-2"
    channel.publish("1.2.0", 3)
    assert history(channel).minisign_before == (before,)
    assert history(channel, listed=False).minisign_before == (before,)
    digest = hashlib.sha256(before).hexdigest()
    channel.objects[target_key("keys/minisign.pub", digest)] = b"damaged"
    assert history(channel).minisign_before == ()


def test_without_a_listing_only_so_many_earlier_targets_are_asked_for(channel: MemoryChannel) -> None:
    channel.minisign = "minisign-ben-2"
    channel.store(channel.plan())
    for number in range(FEW):
        channel.origins = (f"https://dl{number}.btfs.test",)
        channel.store(channel.plan())
    assert channel.live().targets.signed.version == FEW + 2
    assert len(history(channel).minisign_before) == 1
    assert history(channel, listed=False).minisign_before == ()


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("artifacts/node/stable/1.0.0/node.bin", ("node", "1.0.0", "node.bin")),
        ("feed/node/stable/linux-amd64.json", None),
        ("artifacts/node/stable/1.0.0", None),
        ("artifacts/node/stable/1.0.0/a/b", None),
        ("keys/minisign.pub", None),
    ],
)
def test_a_binary_is_known_by_its_path(path: str, file: tuple[str, str, str] | None) -> None:
    assert released_file(path) == file
