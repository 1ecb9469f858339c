"""A small real project in a directory: content, configuration, keys from fixed seeds, built files, an empty bucket."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from publisher.channel.candidates.staged import StagedRelease
from publisher.content.load import load_catalog
from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty, RolePolicy
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.model.records.attested_fact import Fact
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable
from publisher.pipeline.candidates.review import sign
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.keys.ceremony import Person, ceremony, write_ceremony
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.release.approve import ReleaseReview, review
from publisher.pipeline.release.release import ReleasePlan, apply_release, plan_release
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.signing.key_files import NewKey, OpenSigner, write_private_key
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import Storage
from tests.support.command import Ran
from tests.support.remembered import remembered

T = TypeVar("T")

PROOFS = {fact: f"runbook, {fact}" for fact in Fact}
"""What operations attest in tests that are not about it."""

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)

PEOPLE = (
    Person("ana", (Duty.ENGINEERING,)),
    Person("ben", (Duty.OPERATIONS, Duty.AUTOMATION)),
    Person("eva", (Duty.EXECUTIVE,)),
    Person("coco", (Duty.COMMS,)),
)

_PRODUCTS = """\
products:
  - id: node
    name: Node
    summary: A storage node.
    client_type: daemon
    plane: data
    platforms: [linux-amd64, windows-amd64]
    channels: [stable, beta]
    blast_radius: 4
    event_sensitivity: 4
"""
_CHANNELS = """\
channels:
  - {id: stable, name: Stable, summary: For everybody.}
  - {id: beta, name: Beta, summary: For the brave., prereleases: true}
"""
_ENDPOINTS = """\
site: https://updates.btfs.test
downloads: [https://dl.btfs.test, https://mirror.btfs.test/tidegate]
"""
_ROLES = """\
roles:
  root: {threshold: 2, expires: 365 d}
  targets: {threshold: 2, expires: 365 d}
  channels: {threshold: 2, expires: 365 d, duties: [engineering, operations]}
  rollout: {threshold: 1, expires: 30 d}
  brakes: {threshold: 1, expires: 14 d}
  notes: {threshold: 1, expires: 90 d}
  snapshot: {threshold: 1, expires: 7 d}
  timestamp: {threshold: 1, expires: 48 h}
  minisign: {threshold: 1, expires: 3650 d}
"""
_POLICY = """\
version: 1
effective: 2026-01-01T00:00:00Z
profile: team
summary: Keep clear of events.
freeze:
  soft_allows: [docs, patch, security, hotfix]
  base:
    - events: [exchange-listing]
      band: {hard_before: 7 d, soft_after: 72 h}
      because: exchange listing
"""
_RELEASE = """\
product: {product}
version: "{version}"
channels: [{channels}]
change_class: {change_class}
sentence: Version {version} of the node.
notes:
  action: recommended
  restart: service
  symptoms: [The first start takes a minute.]
  first_24h: [Check the signature before you install.]
artifacts:
  - {{file: "node-{{version}}-linux-amd64.tar.gz", platform: linux-amd64}}
  - {{file: "node-{{version}}-windows-amd64.zip", platform: windows-amd64}}
"""
LISTING = """\
id: listing
title: A listing
type: exchange-listing
ecosystem: btt
starts: {starts}
ends: {ends}
severity: {{score: 3, because: logins surge}}
lead_time: {{score: 3, because: three weeks}}
impact: {{client_load: 1, node_churn: 1, support_traffic: 2, compatibility_risk: 0}}
summary: A pair opens.
"""


def seeded_keys() -> Callable[[], NewKey]:
    """Keys that are the same in every run, in the order in which they are asked for."""
    numbers: Iterator[int] = count()

    def generate() -> NewKey:
        seed = hashlib.sha256(f"tidegate test project key {next(numbers)}".encode()).digest()
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return NewKey(private.public_key().public_bytes_raw().hex(), private)

    return generate


@dataclass
class Project:
    """Paths and shortcuts; tests change the files below `base` as they like."""

    base: Path
    now: datetime = NOW
    passphrase: str | None = None
    disk: Path | None = None
    """Where the bucket lies, if not beside the content."""
    _catalog: Catalog | None = field(default=None, repr=False)
    _overridden: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self.base.mkdir(parents=True, exist_ok=True)
        remembered(self.base, ("project", self.now, self.passphrase), self._begin)

    def _begin(self) -> None:
        for folder in (self.content / "events", self.content / "releases" / "node", self.config):
            folder.mkdir(parents=True)
        (self.content / "policy.yaml").write_text(_POLICY)
        for name, text in (
            ("products", _PRODUCTS),
            ("channels", _CHANNELS),
            ("endpoints", _ENDPOINTS),
            ("roles", _ROLES),
            ("signers", "signers: []\n"),
        ):
            (self.config / f"{name}.yaml").write_text(text)
        self.make_keys()

    def copied(self, base: Path) -> Project:
        """The same project elsewhere, with all its files."""
        other = copy(self)
        other.base, other._catalog = base, None
        shutil.copytree(self.base, base)
        return other

    @property
    def content(self) -> Path:
        return self.base / "content"

    @property
    def config(self) -> Path:
        return self.base / "site_config"

    @property
    def keys(self) -> Path:
        return self.base / "keys"

    @property
    def bucket(self) -> Path:
        return (self.disk or self.base) / "bucket"

    @property
    def root(self) -> bytes:
        return (self.config / "root.json").read_bytes()

    def make_keys(self) -> None:
        """The ceremony with seeded keys, at the project's time."""
        template = load_catalog([self.content], self.config).signers
        passphrases = {person.name: self.passphrase for person in PEOPLE} if self.passphrase else {}
        write_ceremony(ceremony(template, PEOPLE, self.now, seeded_keys()), self.keys, self.config, passphrases)

    def lock(self, name: str, passphrase: str) -> None:
        """Give a key a passphrase of its own."""
        public = next(signer.public for signer in self.catalog.signers.signers if signer.name == name)
        generate = seeded_keys()
        key = next(key for key in (generate() for _ in range(30)) if key.public == public)
        (self.keys / f"{name}.pem").unlink()
        write_private_key(self.keys / f"{name}.pem", key, passphrase)

    def add_release(
        self, version: str, *, change_class: str = "patch", channels: str = "stable", product: str = "node"
    ) -> None:
        """Write the release's YAML."""
        text = _RELEASE.format(product=product, version=version, change_class=change_class, channels=channels)
        (self.content / "releases" / product / f"{version}.yaml").write_text(text)
        self.forget()

    def add_listing(self, starts: str, ends: str) -> None:
        """Write an exchange listing's YAML."""
        (self.content / "events" / "listing.yaml").write_text(LISTING.format(starts=starts, ends=ends))
        self.forget()

    def build(self, version: str, *, extra: str = "") -> Path:
        """Files as a build would leave them, one a platform."""
        directory = self.base / "artifacts" / version
        directory.mkdir(parents=True, exist_ok=True)
        for suffix in ("linux-amd64.tar.gz", "windows-amd64.zip"):
            (directory / f"node-{version}-{suffix}").write_bytes(f"node {version} {suffix} {extra}\n".encode() * 100)
        return directory

    @property
    def catalog(self) -> Catalog:
        """The content as it is now."""
        if self._catalog is None:
            self._catalog = load_catalog([self.content], self.config)
        return self._catalog

    def with_roles(self, **changes: RolePolicy) -> Catalog:
        """The catalog with other thresholds; for tests of what roles.yaml could say."""
        signers: Signers = self.catalog.signers
        roles = {**signers.roles, **changes}
        return replace(self.catalog, signers=signers.model_copy(update={"roles": roles}))

    def forget(self) -> None:
        """Read content and configuration again when they are asked for next."""
        self._catalog, self._overridden = None, False

    def override(self, catalog: Catalog) -> None:
        """Go on with this catalog, until content is added."""
        self._catalog, self._overridden = catalog, True

    def release(self, version: str) -> Release:
        """A release of the content."""
        release = self.catalog.find("node", version)
        assert release is not None
        return release

    def request(self, version: str, *, channel: str = "stable", artifacts: Path | None = None) -> ReleaseRequest:
        """A request to publish a version that was built."""
        return ReleaseRequest(self.release(version), channel, artifacts or self.build(version))

    def key_ring(self) -> KeyRing:
        """All keys of the project."""
        return KeyRing(self.catalog.signers, self.keys, lambda _name: self.passphrase)

    def storage(self) -> DirectoryStorage:
        """The bucket, ready to write."""
        storage = DirectoryStorage(self.bucket)
        storage.prepare()
        return storage

    def look(self, storage: Readable | None = None) -> Bucket:
        """The bucket as a command sees it that begins now."""
        return Bucket(storage or self.storage(), self.root)

    def plan(self, request: ReleaseRequest, storage: Storage | None = None) -> ReleasePlan:
        """Plan at the project's time."""
        return plan_release(request, self.catalog, self.look(storage), self.key_ring(), self.now)

    def staged(self, channel: str = "stable", storage: Storage | None = None) -> StagedRelease:
        """What the channel works on."""
        found = staged_release(storage or self.storage(), f"node.{channel}", self.catalog.signers)
        assert found is not None
        return found

    def key(self, name: str) -> OpenSigner:
        """The private key of a signer."""
        signer = next(one for one in self.catalog.signers.signers if one.name == name)
        return self.key_ring().open(signer)

    def review(self, version: str, channel: str = "stable", storage: Storage | None = None) -> ReleaseReview:
        """The staged release as a person reads it."""
        where = storage or self.storage()
        return review(self.release(version), channel, self.look(where), self.catalog, self.now)

    def approve(
        self,
        version: str,
        *names: str,
        facts: Mapping[Fact, str] | None = None,
        channel: str = "stable",
        storage: Storage | None = None,
    ) -> None:
        """Sign what is staged, each with the named key; with those of ana and ben where none is named."""
        for name in names or ("channels-ana", "channels-ben"):
            where = storage or self.storage()
            attested = PROOFS if facts is None else facts
            write_objects(sign(self.review(version, channel, where), self.key(name), attested, self.now), where, silent)

    def stage(self, version: str, storage: Storage | None = None, supersede: Supersede = Supersede.NOTHING) -> None:
        """Stage a version at the project's time."""
        where = storage or self.storage()
        request, look = self.request(version), self.look(where)
        apply_stage(plan_stage(request, self.catalog, look, self.key_ring(), self.now, supersede), where)

    def publish(self, version: str, *, channel: str = "stable", storage: Storage | None = None) -> Written:
        """Write the YAML if needed, build, plan and apply; to the project's own bucket or to another store."""
        if storage is not None:
            return self._publish(version, channel, storage)
        return self.step(("publish", version, channel), lambda: self._publish(version, channel, self.storage()))

    def step(self, what: Hashable, take: Callable[[], T]) -> T:
        """Do what depends on the project's files alone, once in a process; the content is read again after it."""
        if self._overridden or self.disk is not None:
            return take()
        result = remembered(self.base, (what, self.now, self.passphrase), take)
        self._catalog = None
        return result

    def _publish(self, version: str, channel: str, storage: Storage) -> Written:
        if self.catalog.find("node", version) is None:
            self.add_release(version)
        plan = self.plan(self.request(version, channel=channel), storage)
        return apply_release(plan, self.catalog, storage, lambda: self.now)


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, without a store's own hidden ones."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.relative_to(directory).parts[0].startswith(".")
    }


PERSONS = ("--person", "ana:engineering", "--person", "ben:operations,automation", "--person", "coco:comms")


def with_todays_keys(base: Path, publish: Callable[..., Ran], *versions: str) -> Project:
    """A project whose keys were made by the command, at the real time and unencrypted, with these releases built."""
    project = Project(base)

    def make() -> None:
        (project.config / "root.json").unlink()
        for key in project.keys.iterdir():
            key.unlink()
        ran = publish("keys", "init", "--no-passphrase", *PERSONS, cwd=project.base)
        assert ran.code == 0, ran.err
        for version in versions:
            project.add_release(version)
            project.build(version)

    project.step(("keys of today", versions), make)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with keys and no release."""
    return Project(tmp_path / "project")
