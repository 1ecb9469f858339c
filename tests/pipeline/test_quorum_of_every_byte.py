"""Whatever path a byte takes to a client or a reader, it needed the quorum of its role: shown for any set of keys."""

from __future__ import annotations

import copy
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from publisher.channel.advance import to_bytes
from publisher.channel.audit.channel import audit
from publisher.channel.layout import (
    MINISIGN_TARGET,
    SITE_ROLE,
    SITE_TARGET,
    TIMESTAMP_KEY,
    metadata_key,
    release_key,
    target_key,
)
from publisher.channel.repository import Repository, read_repository
from publisher.channel.state import feeds, read_target
from publisher.errors import VerificationError
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.operate.verify import StoreSource
from publisher.signing.key_files import OpenSigner
from publisher.storage.directory.store import DirectoryStorage
from tests.support.examples import examples
from tests.support.project import Project
from tests.support.thief import Thief

ROLE = "node.stable"
ONLINE = frozenset({"snapshot-ben", "timestamp-ben"})
EVIL = b"evil\n"


@dataclass
class Bucket:
    """A bucket that somebody with some keys may write to as they like."""

    project: Project
    directory: Path
    keys: dict[str, OpenSigner]
    """Those that were stolen, by name."""
    own: OpenSigner
    """A key of the thief's own."""

    @property
    def storage(self) -> DirectoryStorage:
        return DirectoryStorage(self.directory)

    def live(self) -> Repository:
        repository = read_repository(reader(self.storage), self.project.root)
        assert repository is not None
        return repository

    def write(self, key: str, data: bytes) -> None:
        path = self.directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def add_target(self, signed: Targets, path: str, data: bytes) -> None:
        signed.targets[path] = TargetFile.from_data(path, data, ["sha256"])
        self.write(target_key(path, hashlib.sha256(data).hexdigest()), data)

    def sign(self, metadata: Metadata[Targets] | Metadata[Root], role: str) -> None:
        """With every stolen key of the role; where there is none, with the thief's own."""
        metadata.signatures.clear()
        prefix = {ROLE: "channels"}.get(role, role)
        for name, key in self.keys.items():
            if name.startswith(f"{prefix}-"):
                metadata.sign(key, append=True)
        metadata.sign(self.own, append=True)

    def flip(self, replaced: dict[str, Metadata[Targets]], *, with_own: bool = False) -> None:
        """A newer snapshot and timestamp with these roles, signed with what the thief has."""
        live, expires = self.live(), self.project.now + timedelta(days=1)
        meta = dict(live.snapshot.signed.meta)
        for role, metadata in replaced.items():
            data = to_bytes(metadata)
            self.write(metadata_key(role, metadata.signed.version), data)
            meta[f"{role}.json"] = _meta(metadata.signed.version, data)
        snapshot = Metadata(Snapshot(version=live.snapshot.signed.version + 1, expires=expires, meta=meta))
        snapshot.sign(self.own if with_own else self.keys.get("snapshot-ben", self.own))
        self.write(metadata_key("snapshot", snapshot.signed.version), to_bytes(snapshot))
        named = _meta(snapshot.signed.version, to_bytes(snapshot))
        stamp = Timestamp(version=live.timestamp.signed.version + 1, expires=expires, snapshot_meta=named)
        timestamp = Metadata(stamp)
        timestamp.sign(self.own if with_own else self.keys.get("timestamp-ben", self.own))
        self.write(TIMESTAMP_KEY, to_bytes(timestamp))

    def next(self, role: str) -> Metadata[Targets]:
        """The role as it is, under the next number, for the thief to change."""
        live = self.live()
        metadata = copy.deepcopy(live.targets if role == "targets" else live.roles[role])
        metadata.signed.version += 1
        return metadata


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})


# --- how a thief tries it, and how it would show


def malware(bucket: Bucket) -> Metadata[Targets]:
    """The channel's role, with another binary and a feed that offers it."""
    thief = Thief(bucket.project, {})
    metadata = thief.malware(ROLE, bucket.live().roles[ROLE].signed.version + 1)
    for key in thief.written:
        bucket.write(key, (bucket.project.bucket / key).read_bytes())
    return metadata


def by_the_channel(bucket: Bucket) -> None:
    metadata = malware(bucket)
    bucket.sign(metadata, ROLE)
    bucket.flip({ROLE: metadata})


def by_delegation(bucket: Bucket) -> None:
    """`targets` names the thief's key for the channel, without duties."""
    targets = bucket.next("targets")
    delegations = targets.signed.delegations
    assert delegations is not None and delegations.roles is not None
    role, own = delegations.roles[ROLE], bucket.own.public_key
    role.keyids, role.threshold = [own.keyid], 1
    role.unrecognized_fields.clear()
    delegations.keys[own.keyid] = own
    bucket.sign(targets, "targets")
    metadata = malware(bucket)
    metadata.sign(bucket.own)
    bucket.flip({"targets": targets, ROLE: metadata})


def by_root(bucket: Bucket) -> None:
    """A root that names the thief's key for everything below it."""
    root = copy.deepcopy(bucket.live().root)
    root.signed.version += 1
    for name in ("targets", "snapshot", "timestamp"):
        role = root.signed.roles[name]
        role.keyids, role.threshold = [bucket.own.public_key.keyid], 1
    root.signed.keys[bucket.own.public_key.keyid] = bucket.own.public_key
    bucket.sign(root, "root")
    targets, metadata = bucket.next("targets"), malware(bucket)
    delegations = targets.signed.delegations
    assert delegations is not None and delegations.roles is not None
    channel = delegations.roles[ROLE]
    channel.keyids, channel.threshold = [bucket.own.public_key.keyid], 1
    channel.unrecognized_fields.clear()
    delegations.keys[bucket.own.public_key.keyid] = bucket.own.public_key
    for signed in (targets, metadata):
        signed.signatures.clear()
        signed.sign(bucket.own)
    bucket.flip({"targets": targets, ROLE: metadata}, with_own=True)
    bucket.write(metadata_key("root", root.signed.version), to_bytes(root))


def by_notes(bucket: Bucket) -> None:
    """Another manifest of the site's pages."""
    metadata = bucket.next(SITE_ROLE)
    bucket.add_target(metadata.signed, SITE_TARGET, EVIL)
    bucket.sign(metadata, "notes")
    bucket.flip({SITE_ROLE: metadata})


def by_the_pinned_key(bucket: Bucket) -> None:
    """`targets` pins another minisign key."""
    targets = bucket.next("targets")
    bucket.add_target(targets.signed, MINISIGN_TARGET, EVIL)
    bucket.sign(targets, "targets")
    bucket.flip({"targets": targets})


def offers_malware(bucket: Bucket) -> bool:
    """Whether the feed that a verified state leads to offers the thief's file."""
    live = bucket.live()
    offered = feeds(reader(bucket.storage), live, "node", "stable")
    return any(feed.release is not None and str(feed.release.version) == "6.6.6" for feed in offered.values())


def vouches_for(role: str, path: str) -> Callable[[Bucket], bool]:
    def vouches(bucket: Bucket) -> bool:
        live = bucket.live()
        metadata = live.targets if role == "targets" else live.roles[role]
        target = metadata.signed.targets.get(path)
        if target is None:
            return False
        return read_target(reader(bucket.storage), path, target.length, target.hashes["sha256"]) == EVIL

    return vouches


ON_CALL = {"notes-ana", "notes-ben", "notes-coco"}
"""Each of them alone may sign notes."""

Attack = Callable[[Bucket], None]
ATTACKS: tuple[tuple[Attack, Callable[[Bucket], bool], Callable[[frozenset[str]], bool]], ...] = (
    (
        by_the_channel,
        offers_malware,
        # Two persons, one of engineering and one of operations: eva, an executive, replaces neither.
        lambda stolen: ONLINE | {"channels-ana", "channels-ben"} <= stolen,
    ),
    (by_delegation, offers_malware, lambda stolen: ONLINE | {"targets-ana", "targets-ben"} <= stolen),
    (by_root, offers_malware, lambda stolen: len(stolen & {"root-ana", "root-ben", "root-eva"}) >= 2),
    (by_notes, vouches_for(SITE_ROLE, SITE_TARGET), lambda stolen: stolen >= ONLINE and bool(stolen & ON_CALL)),
    (
        by_the_pinned_key,
        vouches_for("targets", MINISIGN_TARGET),
        lambda stolen: ONLINE | {"targets-ana", "targets-ben"} <= stolen,
    ),
)
KEYS = (
    *("root-ana", "root-ben", "root-eva", "targets-ana", "targets-ben"),
    *("channels-ana", "channels-ben", "channels-eva", "rollout-ben", "brakes-ben", *sorted(ON_CALL)),
    *("snapshot-ben", "timestamp-ben", "minisign-ben"),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("published"))
    project.publish("1.0.0")
    return project


def stolen_keys() -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(KEYS), max_size=len(KEYS))


@given(stolen=stolen_keys())
@example(stolen=frozenset(KEYS))
@example(stolen=frozenset(KEYS) - {"channels-ben", "targets-ben", "root-eva", "root-ben"})
@example(stolen=frozenset(KEYS) - {"channels-ana", "targets-ana", "root-ana", "root-ben"})
@example(stolen=frozenset(KEYS) - {"timestamp-ben", "root-ana", "root-ben"})
@example(stolen=frozenset(KEYS) - {"snapshot-ben", "root-ana", "root-ben"})
@examples(40, suppress=(HealthCheck.function_scoped_fixture,))
def test_r47_a_byte_reaches_clients_only_with_the_quorum_of_its_role(
    published: Project, tmp_path: Path, stolen: frozenset[str]
) -> None:
    ring = {name: published.key(name) for name in stolen if name != "minisign-ben"}
    for number, (attack, reached, quorum) in enumerate(ATTACKS):
        for bucket in fresh_buckets(published, tmp_path / f"attack-{number}", ring):
            attack(bucket)
            assert accepted(bucket, reached) == quorum(stolen), (attack.__name__, sorted(stolen))


def fresh_buckets(project: Project, directory: Path, keys: dict[str, OpenSigner]) -> Iterator[Bucket]:
    """A copy of what is live, which is removed afterwards."""
    shutil.copytree(project.bucket, directory)
    yield Bucket(project, directory, keys, CryptoSigner.generate_ed25519())
    shutil.rmtree(directory)


def accepted(bucket: Bucket, reached: Callable[[Bucket], bool]) -> bool:
    """Whether whoever verifies from the trusted root is led to the thief's bytes."""
    try:
        return reached(bucket)
    except VerificationError:
        return False


@pytest.mark.parametrize("file", ["SHA256SUMS", "release.json", "node-1.0.0-linux-amd64.tar.gz"])
def test_r46_files_for_people_need_the_minisign_key_and_the_channels_quorum(
    published: Project, tmp_path: Path, file: str
) -> None:
    for bucket in fresh_buckets(published, tmp_path / "bucket", {}):
        bucket.write(release_key("node", "1.0.0", file), EVIL)
        suspects = {release_key("node", "1.0.0", name) for name in (file, "SHA256SUMS")}
        assert places_of_errors(bucket) & suspects


def places_of_errors(bucket: Bucket) -> set[str]:
    findings = audit(StoreSource(bucket.storage), bucket.project.root, bucket.project.now).findings
    return {finding.where for finding in findings if finding.level == "error"}
