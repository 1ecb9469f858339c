"""A small real TUF repository in a directory, laid out as Tidegate publishes it; for tests only.

Keys come from fixed seeds. `Bucket.publish` signs and writes a whole new state; its parts (`files`, `keys`,
`signers`, `expires`, ...) are plain attributes that a test may bend before it publishes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

FAR = datetime(2999, 1, 1, tzinfo=UTC)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """One key of one person; the same name always makes the same key."""

    key: str
    person: str = ""
    duty: str = ""
    ecdsa: bool = False

    @property
    def signer(self) -> CryptoSigner:
        seed = hashlib.sha256(f"tidegate test key {self.key}".encode()).digest()
        if self.ecdsa:
            return CryptoSigner(derive_private_key(int.from_bytes(seed[:16], "big"), SECP256R1()))
        return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> SSlibKey:
        key = self.signer.public_key
        assert isinstance(key, SSlibKey)
        fields = {"x-tidegate-person": self.person, "x-tidegate-duty": self.duty}
        extra = {name: value for name, value in fields.items() if value}
        return SSlibKey(key.keyid, key.keytype, key.scheme, key.keyval, extra)


ALICE = Person("alice", "alice", "engineering")
BOB = Person("bob", "bob", "operations")
ALICE_TOO = Person("alice-second", "alice", "operations")
CAROL = Person("carol", "carol", "engineering")
ROOT, TARGETS, SNAPSHOT, TIMESTAMP = (Person(name) for name in ("root", "targets", "snapshot", "timestamp"))


def delegation(
    keys: Iterable[Person],
    *,
    role: str = "btfs-node.stable",
    threshold: int = 2,
    duties: object = ("engineering", "operations"),
    paths: list[str] | None = None,
) -> tuple[DelegatedRole, dict[str, SSlibKey]]:
    """A delegated role of a product's channel and its keys."""
    product, channel = role.split(".")
    public = {person.public.keyid: person.public for person in keys}
    fields = {} if duties is None else {"x-tidegate-duties": list(duties) if isinstance(duties, tuple) else duties}
    default = [f"feed/{product}/{channel}/*", f"artifacts/{product}/{channel}/*/*"]
    return DelegatedRole(role, list(public), threshold, True, paths or default, None, fields), public


def a_feed(artifact: bytes = b"the program", version: str = "4.1.0", **changes: Any) -> dict[str, Any]:
    """A good feed for `artifact`; `changes` replace its top-level keys."""
    file = f"btfs-{version}-linux-amd64.tar.gz"
    feed: dict[str, Any] = {
        "format": "tidegate-feed/1",
        "product": "btfs-node",
        "channel": "stable",
        "platform": "linux-amd64",
        "release": {
            "version": version,
            "sentence": "Fixes a crash when a peer leaves in the middle of a transfer.",
            "action": "recommended",
            "restart": "service",
            "symptoms": ["The node stops about once a day."],
            "notes_url": f"https://updates.example/notes/{version}/",
            "artifact": {
                "file": file,
                "size": len(artifact),
                "sha256": hashlib.sha256(artifact).hexdigest(),
                "target": f"artifacts/btfs-node/stable/{version}/{file}",
                "urls": [f"https://updates.example/releases/btfs-node/{version}/{file}"],
            },
        },
        "deprecations": [],
    }
    return feed | changes


class Bucket:
    """The repository. Bend it, then `publish()`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.version = 0
        self.expires = dict.fromkeys(("root", "targets", "role", "brakes", "notes", "snapshot", "timestamp"), FAR)
        self.keys = (ALICE, BOB)
        """The keys that the role accepts."""
        self.signers: tuple[Person, ...] = (ALICE, BOB)
        """Those who sign it."""
        self.threshold = 2
        self.duties: object = ("engineering", "operations")
        self.paths: list[str] | None = None
        self.files: dict[str, bytes] = {}
        """Target files of the role, by target path."""
        self.role_fields: dict[str, Any] = {}
        """Further signed fields of the role."""
        self.foreign: dict[str, bytes] = {}
        """Target files that the top-level targets role lists itself."""
        self.brakes = False
        """Whether the snapshot lists the role brakes."""
        self.brakes_keys: tuple[Person, ...] | None = None
        """The keys that the role brakes accepts; None: those of the channel."""
        self.brakes_signers: tuple[Person, ...] | None = None
        """Those who sign it; None: those of the channel."""
        self.brakes_duties: tuple[str, ...] = ()
        self.brakes_fields: dict[str, Any] = {}
        """Further signed fields of the role brakes."""
        self.notes: dict[str, Any] | None = None
        """Signed fields of the role notes; None: there is none."""
        self.notes_keys: tuple[Person, ...] = (CAROL,)
        """The keys that notes accept, all of which have to sign."""
        self.notes_signers: tuple[Person, ...] = (CAROL,)
        self.extra_metas: tuple[str, ...] = ()
        """Roles that the snapshot lists though nobody delegates to them."""
        self.claims: dict[str, int] = {}
        """Lengths that signed metadata claims for files, by role; no length by default."""
        self.top_level = {"root": ROOT, "targets": TARGETS, "snapshot": SNAPSHOT, "timestamp": TIMESTAMP}
        """The keys of the top-level roles."""
        self.root = Metadata(Root(version=1, expires=FAR, consistent_snapshot=True))
        for name, person in self.top_level.items():
            self.root.signed.add_key(person.public, name)
        self.write_root()

    def replace_key(self, role: str, new: Person) -> None:
        """Give an online role another key by a new root; `publish` signs with it."""
        self.root.signed.revoke_key(self.top_level[role].public.keyid, role)
        self.root.signed.add_key(new.public, role)
        self.root.signed.version += 1
        self.top_level[role] = new
        self.write_root()

    @property
    def url(self) -> str:
        return self.directory.as_uri()

    @property
    def root_bytes(self) -> bytes:
        return (self.directory / "tuf/metadata/1.root.json").read_bytes()

    def write_root(self) -> None:
        """Sign and write the root as it is now."""
        self.root.sign(ROOT.signer)
        self.write(f"tuf/metadata/{self.root.signed.version}.root.json", self.root.to_bytes())

    def write(self, path: str, data: bytes) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def path(self, pattern: str) -> Path:
        """The one file of the bucket that matches."""
        (found,) = self.directory.glob(pattern)
        return found

    def release(self, feed: dict[str, Any], artifact: bytes | None = b"the program", at: str | None = None) -> None:
        """Replace what the role lists by this feed and its artifact, and publish."""
        at = at or f"feed/{feed['product']}/{feed['channel']}/{feed['platform']}.json"
        self.files = {at: json.dumps(feed).encode()}
        if artifact is not None and feed["release"]:
            self.files[feed["release"]["artifact"]["target"]] = artifact
        self.publish()

    def require(self, *requirements: dict[str, Any], version: str = "4.1.0", **changes: Any) -> None:
        """Publish this version, with what events require."""
        self.release(a_feed(version=version, requirements=list(requirements), **changes))

    def brake(
        self,
        kind: str,
        version: str = "4.1.0",
        *,
        platforms: tuple[str, ...] = (),
        notice: dict[str, Any] | None = None,
    ) -> str:
        """Publish a hold or a withdrawal of a version; its id. `notice` has what its notice says otherwise."""
        words: dict[str, Any] = {
            "format": "tidegate-notice/1",
            "kind": kind,
            "product": "btfs-node",
            "channel": "stable",
            "version": version,
            "at": "2027-01-14T08:00:00Z",
            "because": "It deletes wallets when it starts.",
        }
        words |= {"platforms": list(platforms)} if platforms else {}
        words |= {"next_update": "2027-01-16T12:00:00Z"} if kind == "hold" else {"action": "stop"}
        data = json.dumps(words | (notice or {})).encode()
        brake: dict[str, Any] = {"id": hashlib.sha256(data).hexdigest(), "version": version}
        brake |= {"platforms": list(platforms)} if platforms else {}
        self.write(f"tuf/targets/brakes/btfs-node/stable/{brake['id']}.notice.json", data)
        channel = self.stopped()
        channel.setdefault({"hold": "holds", "withdrawal": "withdrawn"}[kind], []).append(brake)
        self.brakes = True
        self.publish()
        return str(brake["id"])

    def stopped(self) -> dict[str, Any]:
        """What the brakes list for btfs-node stable; change it, then publish."""
        channel: dict[str, Any] = self.brakes_fields.setdefault("x-tidegate-brakes", {}).setdefault(
            "btfs-node.stable", {}
        )
        return channel

    def renew(self) -> None:
        """Sign and write snapshot and timestamp as the next version, over the same roles of people."""
        self.version += 1
        listed = Metadata[Snapshot].from_bytes(self.path(f"tuf/metadata/{self.version - 1}.snapshot.json").read_bytes())
        self._publish_online(listed.signed.meta)

    def publish(self) -> None:
        """Sign and write everything as the next version; timestamp last."""
        self.version += 1
        role, keys = delegation(self.keys, threshold=self.threshold, duties=self.duties, paths=self.paths)
        roles = {role.name: role}
        if self.brakes:
            brakes_keys = [person.public for person in self.brakes_keys or self.keys]
            keys |= {key.keyid: key for key in brakes_keys}
            ids, duties = [key.keyid for key in brakes_keys], {"x-tidegate-duties": list(self.brakes_duties)}
            roles["brakes"] = DelegatedRole("brakes", ids, 1, True, ["brakes/*/*/*"], None, duties)
        if self.notes is not None:
            notes_keys = {person.public.keyid: person.public for person in self.notes_keys}
            roles["notes"] = DelegatedRole("notes", list(notes_keys), len(notes_keys), True, ["notes/*/*/*", "site/*"])
            keys = {**keys, **notes_keys}
        targets = Metadata(Targets(version=self.version, expires=self.expires["targets"]))
        targets.signed.delegations = Delegations(dict(keys), roles)
        targets.signed.targets = self._write_targets(self.foreign)
        fields = dict(self.role_fields)
        delegated = Metadata(Targets(version=self.version, expires=self.expires["role"], unrecognized_fields=fields))
        delegated.signed.targets = self._write_targets(self.files)
        self._write_metadata("targets", targets, (self.top_level["targets"],))
        self._write_metadata(role.name, delegated, self.signers)
        if self.brakes:
            fields = dict(self.brakes_fields)
            brakes = Metadata(Targets(self.version, expires=self.expires["brakes"], unrecognized_fields=fields))
            self._write_metadata("brakes", brakes, self.brakes_signers or self.signers)
        if self.notes is not None:
            notes = Targets(version=self.version, expires=self.expires["notes"], unrecognized_fields=dict(self.notes))
            self._write_metadata("notes", Metadata(notes), self.notes_signers)

        metas = {
            f"{name}.json": MetaFile(self.version, self.claims.get(name))
            for name in ("targets", *roles, *self.extra_metas)
        }
        self._publish_online(metas)

    def _publish_online(self, metas: dict[str, MetaFile]) -> None:
        snapshot = Metadata(Snapshot(version=self.version, expires=self.expires["snapshot"], meta=metas))
        self._write_metadata("snapshot", snapshot, (self.top_level["snapshot"],))
        meta = MetaFile(self.version, self.claims.get("snapshot"))
        timestamp = Metadata(Timestamp(version=self.version, expires=self.expires["timestamp"], snapshot_meta=meta))
        timestamp.sign(self.top_level["timestamp"].signer)
        self.write("tuf/metadata/timestamp.json", timestamp.to_bytes())

    def _write_targets(self, files: dict[str, bytes]) -> dict[str, TargetFile]:
        infos = {path: TargetFile.from_data(path, data) for path, data in files.items()}
        for path, data in files.items():
            self.write(f"tuf/targets/{infos[path].get_prefixed_paths()[0]}", data)
        return infos

    def _write_metadata(self, name: str, metadata: Metadata[Any], signers: tuple[Person, ...]) -> None:
        for person in signers:
            metadata.sign(person.signer, append=True)
        self.write(f"tuf/metadata/{self.version}.{name}.json", metadata.to_bytes())


def expired(bucket: Bucket) -> None:
    """Publish once more, with a timestamp that is long over."""
    bucket.expires["timestamp"] = PAST
    bucket.publish()
