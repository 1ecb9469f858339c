"""What somebody with stolen keys and write access makes of a bucket, by TUF's own means."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta

from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key, target_key
from publisher.channel.ledger.entries import PAYLOAD_TYPE
from publisher.channel.repository import Repository, read_repository
from publisher.pipeline.bucket_reader import reader
from publisher.signing.envelope import payload_of, seal
from publisher.signing.key_files import OpenSigner
from publisher.storage.protocol import Body, ObjectMeta, Storage
from tests.support.project import Project

FAR = 2_000_000_000
"""A number that honest work never reaches; publishers still parse it, as MAX_VERSION allows."""


def forged(entry: bytes, key: OpenSigner, **changes: object) -> bytes:
    """An entry of the ledger with changes, signed again; also what `LedgerEntryBody` lets nobody say."""
    payload = {**json.loads(payload_of(entry, PAYLOAD_TYPE)), **changes}
    return seal(json.dumps(payload).encode(), PAYLOAD_TYPE, key)


@dataclass
class Thief:
    """Holds copies of keys, opened before anybody changed them, and can write any object."""

    project: Project
    keys: dict[str, OpenSigner]
    """By name."""
    written: set[str] = field(default_factory=set)
    """Keys of objects that the thief made."""
    store: Storage | None = None
    """Another bucket than the project's own directory."""

    @classmethod
    def of(cls, project: Project, *names: str) -> Thief:
        """A thief of these keys."""
        return cls(project, {name: project.key(name) for name in names})

    def live(self) -> Repository:
        """What is live, as everybody can read it."""
        found = read_repository(reader(self.store or self.project.storage()), self.project.root)
        assert found is not None
        return found

    def write(self, key: str, data: bytes) -> None:
        """Any object, over what is there."""
        self.written.add(key)
        if self.store is not None:
            stat = self.store.stat(key)
            self.store.replace(key, Body.from_bytes(data), ObjectMeta(), stat.tag if stat else None)
            return
        path = self.project.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def flip(
        self,
        timestamp: int,
        snapshot: int,
        *,
        replaced: dict[str, Metadata[Targets]] | None = None,
        announced: dict[str, int] | None = None,
        timestamp_key: str = "timestamp-ben",
        snapshot_key: str = "snapshot-ben",
    ) -> None:
        """Make live what is live, with these roles in place of theirs, under these numbers.

        `announced` are versions that the snapshot names and nobody has: clients remember them all the same.
        """
        live, expires = self.live(), self.project.now + timedelta(days=1)
        meta = dict(live.snapshot.signed.meta)
        for role, metadata in (replaced or {}).items():
            data = to_bytes(metadata)
            self.write(metadata_key(role, metadata.signed.version), data)
            meta[f"{role}.json"] = _meta(metadata.signed.version, data)
        meta |= {f"{role}.json": MetaFile(version) for role, version in (announced or {}).items()}
        made = Metadata(Snapshot(version=snapshot, expires=expires, meta=meta))
        made.sign(self.keys[snapshot_key])
        self.write(metadata_key("snapshot", snapshot), to_bytes(made))
        self.stamp(timestamp, _meta(snapshot, to_bytes(made)), timestamp_key)

    def stamp(self, version: int, snapshot: MetaFile, key: str = "timestamp-ben") -> None:
        """Sign a timestamp alone."""
        expires = self.project.now + timedelta(days=1)
        made = Metadata(Timestamp(version=version, expires=expires, snapshot_meta=snapshot))
        made.sign(self.keys[key])
        self.write(TIMESTAMP_KEY, to_bytes(made))

    def malware(self, role: str, version: int, *names: str) -> Metadata[Targets]:
        """A channel's role that ships bytes of the thief's own, signed with the keys named."""
        product, _, channel = role.partition(".")
        evil = f"artifacts/{product}/{channel}/6.6.6/evil.bin"
        payload = b"evil\n"
        digest = hashlib.sha256(payload).hexdigest()
        self.write(target_key(evil, digest), payload)
        targets = {evil: TargetFile.from_data(evil, payload, ["sha256"])}
        for platform in ("linux-amd64", "windows-amd64"):
            path, data = f"feed/{role.replace('.', '/')}/{platform}.json", self._feed(product, channel, platform, evil)
            self.write(target_key(path, hashlib.sha256(data).hexdigest()), data)
            targets[path] = TargetFile.from_data(path, data, ["sha256"])
        made = Metadata(Targets(version=version, expires=self.project.now + timedelta(days=1), targets=targets))
        for name in names:
            made.sign(self.keys[name], append=True)
        return made

    def _feed(self, product: str, channel: str, platform: str, evil: str) -> bytes:
        """The feed that is live, with its release exchanged."""
        live = self.live().roles[f"{product}.{channel}"].signed.targets
        path = f"feed/{product}/{channel}/{platform}.json"
        feed = json.loads((self.project.bucket / target_key(path, live[path].hashes["sha256"])).read_bytes())
        digest = hashlib.sha256(b"evil\n").hexdigest()
        feed["release"]["version"] = "6.6.6"
        feed["release"]["artifact"] |= {"file": "evil.bin", "target": evil, "size": 5, "sha256": digest}
        feed["release"]["artifact"]["urls"] = [
            f"{url.partition('/tuf/')[0]}/{target_key(evil, digest)}" for url in feed["release"]["artifact"]["urls"]
        ]
        return json.dumps(feed).encode()


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
