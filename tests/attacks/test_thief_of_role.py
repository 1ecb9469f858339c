"""Each row of the table of roles: what a thief of its key can do, and that it is not more than that.

The thief also has the keys of snapshot and timestamp, which are online, and write access to the bucket, unless a test
says otherwise: without these no other key changes anything that clients read.
"""

from __future__ import annotations

import copy
import hashlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key, release_key
from publisher.signing.digests import digest_bytes
from publisher.wire.errors import Code
from publisher.wire.stopping.brakes import BRAKES
from tests.support.braking import hold
from tests.support.machine import Machine, machine_for
from tests.support.project import Project
from tests.support.rotating import add_key, edit_signers
from tests.support.thief import Thief

ONLINE = ("snapshot-ben", "timestamp-ben")
STABLE = "node.stable"
NEWS = r"state/.*/metadata/(timestamp|snapshot)\.json"
"""What verifies before a role that is refused."""
UNSIGNED = "signatures are missing or wrong"


def own_key() -> CryptoSigner:
    """A key that is nobody's."""
    return CryptoSigner.generate_ed25519()


@pytest.fixture
def restore(live: Project) -> Callable[[], None]:
    """Puts the bucket back as it was before the thief."""
    before = Path(shutil.copytree(live.bucket, live.base / "before"))

    def restore() -> None:
        shutil.rmtree(live.bucket)
        shutil.copytree(before, live.bucket)

    return restore


def ships_malware(thief: Thief, *names: str) -> None:
    """The channel's next metadata with a program of the thief's, signed with these keys."""
    number = thief.live().roles[STABLE].signed.version + 1
    thief.flip(40, 50, replaced={STABLE: thief.malware(STABLE, number, *names)})


# --- root


def test_a_thief_of_too_few_root_keys(live: Project, machine: Machine, restore: Callable[[], None]) -> None:
    """Root needs two here. One key names the thief's own for everything else, and no client follows."""
    thief, own = Thief.of(live, "root-ana", *ONLINE), own_key()
    root = copy.deepcopy(thief.live().root)
    root.signed.version += 1
    for role in ("targets", "snapshot", "timestamp"):
        root.signed.roles[role].keyids, root.signed.roles[role].threshold = [own.public_key.keyid], 1
    root.signed.keys[own.public_key.keyid] = own.public_key
    root.signatures.clear()
    root.sign(thief.keys["root-ana"])
    thief.write(metadata_key("root", root.signed.version), to_bytes(root))
    machine.refuses(UNSIGNED)
    restore()
    assert machine.offered() == "1.1.0"


# --- targets


def test_a_thief_of_one_targets_key(live: Project, machine: Machine, restore: Callable[[], None]) -> None:
    """Targets needs two. One key delegates the channel to the thief, and no client follows."""
    thief, own = Thief.of(live, "targets-ana", *ONLINE), own_key()
    targets = copy.deepcopy(thief.live().targets)
    delegations = targets.signed.delegations
    assert delegations is not None and delegations.roles is not None
    role = delegations.roles[STABLE]
    role.keyids, role.threshold = [own.public_key.keyid], 1
    role.unrecognized_fields.clear()
    delegations.keys[own.public_key.keyid] = own.public_key
    targets.signed.version += 1
    targets.signatures.clear()
    targets.sign(thief.keys["targets-ana"])
    malware = thief.malware(STABLE, thief.live().roles[STABLE].signed.version + 1)
    malware.sign(own)
    thief.flip(40, 50, replaced={"targets": targets, STABLE: malware})
    machine.refuses(UNSIGNED, newer=NEWS)
    restore()


# --- the channel


@pytest.mark.parametrize("name", ["channels-ana", "channels-ben", "channels-eva"])
def test_a_thief_of_one_key_of_a_channel(live: Project, machine: Machine, name: str) -> None:
    """Two persons must sign; one of them signs alone."""
    ships_malware(Thief.of(live, name, *ONLINE), name)
    machine.refuses(f"{UNSIGNED} .*1/2 keys", newer=NEWS)


@pytest.mark.parametrize(
    ("second", "person", "words"),
    [
        ("channels-eva", "eva", r"needs the signature of a person with the duty operations"),
        ("channels-ana-more", "dan", r"needs the signature of a person with the duty operations"),
        ("channels-ana-more", "ana", "2 persons, but only ana signed"),
    ],
    ids=["two duties, not the right ones", "two keys of one duty", "one person with two keys"],
)
def test_a_thief_of_two_keys_of_a_channel(
    project: Project, tmp_path: Path, second: str, person: str, words: str
) -> None:
    """The number of signatures is right. Whose they are is not, which our client checks beside TUF."""
    added = add_key(project, "channels-ana")
    if person == "dan":
        edit_signers(project, lambda data: data["signers"][-1].update(person=person))
    project.publish("1.0.0")
    assert added in {signer.name for signer in project.catalog.signers.keys_of("channels")}
    machine = machine_for(project, tmp_path / "machine")
    assert machine.offered() == "1.0.0"
    ships_malware(Thief.of(project, "channels-ana", second, *ONLINE), "channels-ana", second)
    machine.refuses(words, newer=r"state/.*/metadata/.*")


# --- rollout, brakes and notes


@pytest.mark.parametrize(
    ("role", "key"), [("rollout", "rollout-ben"), ("brakes", "brakes-ben"), ("notes", "notes-coco")]
)
def test_a_thief_of_a_shared_role_ships_nothing(live: Project, machine: Machine, role: str, key: str) -> None:
    """The role lists a feed and a program of the channel; clients take these from the channel's own role alone."""
    thief = Thief.of(live, key, *ONLINE)
    malware = thief.malware(STABLE, 9, key)
    malware.signed.unrecognized_fields = dict(thief.live().roles[STABLE].signed.unrecognized_fields)
    malware.signatures.clear()
    malware.sign(thief.keys[key])
    thief.flip(40, 50, replaced={role: malware})
    ran = machine.download()
    assert (ran.exit_code, ran.offers) == (0, "1.1.0")
    assert [file.name for file in machine.downloads.iterdir()] == ["node-1.1.0-linux-amd64.tar.gz"]
    assert not [path for path in machine.wire.asked if "evil" in path]


# --- snapshot


def older_state(thief: Thief) -> dict[str, Metadata[Targets]]:
    """The channel's role as it shipped 1.0.0, properly signed."""
    return {STABLE: Metadata[Targets].from_file(str(thief.project.bucket / metadata_key(STABLE, 1)))}


@pytest.mark.parametrize(("role", "name"), [("brakes", "brakes-ben"), ("notes", "notes-coco")])
def test_a_thief_of_a_shared_role_has_no_further_roles_fetched(
    live: Project, machine: Machine, role: str, name: str
) -> None:
    """Delegating on, a thief could fill the disk of every machine, with as many files of 2 MB at each check."""
    thief = Thief.of(live, name, *ONLINE)
    key, kept = thief.keys[name], set(machine.kept())
    delegating = copy.deepcopy(thief.live().roles[role])
    delegating.signed.version += 1
    delegated = DelegatedRole("further", [key.public_key.keyid], 1, terminating=False, paths=[f"{role}/*/*/*"])
    delegating.signed.delegations = Delegations({key.public_key.keyid: key.public_key}, {"further": delegated})
    further = Metadata(Targets(version=1, expires=live.now + timedelta(days=1)))
    for metadata in (delegating, further):
        metadata.sign(key)
    thief.flip(40, 50, replaced={role: delegating, "further": further})
    assert machine.download().offers == "1.1.0"
    assert not [path for path in machine.wire.asked if "further" in path]
    assert not [path for path in set(machine.kept()) - kept if "metadata" in path]


def test_a_thief_of_the_snapshot_key_alone(live: Project, fresh: Machine) -> None:
    """Only the timestamp leads clients to a snapshot, and it names the digest."""
    thief = Thief.of(live, "snapshot-ben", "notes-coco")
    honest = (live.bucket / TIMESTAMP_KEY).read_bytes()
    number = thief.live().snapshot.signed.version
    # The timestamp that goes with it cannot be signed.
    thief.flip(40, number, replaced=older_state(thief), timestamp_key="notes-coco")
    thief.write(TIMESTAMP_KEY, honest)
    fresh.refuses("differs from what was signed", newer=r"state/.*/(metadata/.*|lock)")


def test_a_thief_of_both_online_keys_shows_an_older_state(live: Project, machine: Machine, fresh: Machine) -> None:
    """A machine that has seen the newer one refuses. A fresh one is offered what was signed once, and nothing else."""
    thief = Thief.of(live, *ONLINE)
    thief.flip(40, 50, replaced=older_state(thief))
    machine.refuses("replays an old state or mixes two", Code.OLDER_THAN_SEEN, newer=NEWS)
    ran = fresh.download()
    assert ran.offers == "1.0.0"
    assert [signature["person"] for signature in ran.answer["signed_by"]] == ["ana", "ben", "eva"]
    [file] = fresh.downloads.iterdir()
    assert file.read_bytes() == b"node 1.0.0 linux-amd64.tar.gz \n" * 100


@pytest.mark.parametrize("role", [STABLE, BRAKES])
def test_a_thief_of_both_online_keys_drops_a_role(live: Project, machine: Machine, role: str) -> None:
    """A channel would look as if nothing had been published, or as if nothing were on hold."""
    thief = Thief.of(live, *ONLINE)
    snapshot = copy.deepcopy(thief.live().snapshot)
    del snapshot.signed.meta[f"{role}.json"]
    snapshot.signed.version = 50
    snapshot.signatures.clear()
    snapshot.sign(thief.keys["snapshot-ben"])
    data = to_bytes(snapshot)
    thief.write(metadata_key("snapshot", 50), data)
    thief.stamp(40, MetaFile(50, len(data), {"sha256": hashlib.sha256(data).hexdigest()}))
    machine.refuses(f"metadata is not valid .*{role}.json", newer=NEWS)


def test_a_thief_of_both_online_keys_puts_brakes_back(live: Project, machine: Machine) -> None:
    """The brakes of before a hold, beside everything else as it is now."""
    thief = Thief.of(live, *ONLINE)
    before = copy.deepcopy(thief.live().roles[BRAKES])
    hold(live, "1.1.0")
    assert machine.offered() is None
    thief.flip(40, 50, replaced={BRAKES: before})
    machine.refuses("replays an old state or mixes two", Code.OLDER_THAN_SEEN, newer=NEWS)


# --- timestamp


def test_a_thief_of_the_timestamp_key_withholds_news_until_the_snapshot_ends(live: Project, machine: Machine) -> None:
    """A timestamp of every day for the same snapshot: nothing new for seven days, then the client says why."""
    thief = Thief.of(live, "timestamp-ben")
    listed = thief.live().timestamp.signed.snapshot_meta
    live.publish("1.2.0")
    expires = thief.live().snapshot.signed.expires
    for day in range(1, 8):
        machine.now = live.now = expires - timedelta(days=8 - day, hours=1)
        thief.stamp(40 + day, listed)
        assert machine.offered() == "1.1.0"
    machine.now = live.now = expires + timedelta(minutes=1)
    thief.stamp(48, listed)
    machine.refuses("signatures have expired .*snapshot", Code.EXPIRED, newer=r"state/.*/(seen|timestamp)\.json")


# --- minisign


def test_a_thief_of_the_minisign_key_fools_no_client(live: Project, machine: Machine) -> None:
    """Plain names, checksums and their signatures are the thief's; the client asks for none of these."""
    key, evil = live.key_ring().minisign(), b"evil\n"
    name = "node-1.1.0-linux-amd64.tar.gz"
    sums = f"{hashlib.sha256(evil).hexdigest()}  {name}\n".encode()
    thief = Thief.of(live)
    for file, data in {name: evil, "SHA256SUMS": sums}.items():
        comment = f"product:node version:1.1.0 file:{file}"
        signature = key.sign(digest_bytes(data).blake2b512, trusted_comment=comment)
        thief.write(release_key("node", "1.1.0", file), data)
        thief.write(release_key("node", "1.1.0", f"{file}.minisig"), signature)
    assert machine.download().offers == "1.1.0"
    assert (machine.downloads / name).read_bytes() == b"node 1.1.0 linux-amd64.tar.gz \n" * 100
    assert not [path for path in machine.wire.asked if path.startswith("releases/")]
