"""A channel in memory: real keys and real metadata, planned as publishing plans it. No content, no files.

The product `node` has the channels stable and beta. What a test wants to be otherwise, it changes: `signers` and
`origins` are the configuration, `away` names the keys that are elsewhere, `objects` is the bucket.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.advance import Advance, NewMetadata, to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, metadata_key, target_key
from publisher.channel.repository import Repository, read_repository
from publisher.channel.roles import first_root, listed_targets, targets_role
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.role import Duty, RolePolicy
from publisher.model.config.signer import Signer, Signers
from publisher.model.configuration import Configuration
from publisher.signing.key_files import OpenSigner
from publisher.signing.minisign import MinisignKey, public_file
from tests.support.build import product
from tests.support.keys import seeded

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
STABLE = "node.stable"

ROLES = {
    "root": RolePolicy(threshold=2, expires=YEAR),
    "targets": RolePolicy(threshold=2, expires=YEAR),
    "channels": RolePolicy(threshold=2, expires=YEAR, duties=(Duty.ENGINEERING, Duty.OPERATIONS)),
    "rollout": RolePolicy(threshold=1, expires=timedelta(days=30)),
    "brakes": RolePolicy(threshold=1, expires=timedelta(days=14), expires_empty=timedelta(days=28)),
    "notes": RolePolicy(threshold=1, expires=timedelta(days=90)),
    "snapshot": RolePolicy(threshold=1, expires=timedelta(days=7)),
    "timestamp": RolePolicy(threshold=1, expires=timedelta(hours=48)),
    "minisign": RolePolicy(threshold=1, expires=10 * YEAR),
}
BOTH = ("ana", "ben")


def signer(name: str, *roles: str, duty: Duty = Duty.OPERATIONS, person: str | None = None) -> Signer:
    """The key ROLE-PERSON or ROLE-PERSON-NUMBER; it signs for ROLE, unless told otherwise."""
    role, who, *_ = name.split("-")
    return Signer(
        name=name,
        person=person or who,
        duty=Duty.ENGINEERING if who == "ana" else duty,
        roles=roles or (role,),
        public=seeded(name).public,
        uri=f"file:{name}.pem",
    )


SIGNERS = Signers(
    roles=ROLES,
    signers=(
        *(signer(f"{role}-{person}") for role in ("root", "targets", "channels") for person in BOTH),
        *(signer(f"{role}-ben") for role in ("rollout", "brakes", "notes", "snapshot", "timestamp", "minisign")),
    ),
)


def opened(name: str, signers: Signers = SIGNERS) -> OpenSigner:
    """What signs with the key of that name."""
    return seeded(name).open(next(signer for signer in signers.signers if signer.name == name))


def minisign_key(name: str = "minisign-ben") -> MinisignKey:
    """The key for checks by hand."""
    return MinisignKey(signer(name, "minisign"), seeded(name).open(signer(name, "minisign")))


@dataclass
class MemoryChannel:
    """The bucket, and who may publish there."""

    signers: Signers = SIGNERS
    origins: tuple[str, ...] = ("https://dl.btfs.test",)
    channels: tuple[str, ...] = ("stable", "beta")
    minisign: str = "minisign-ben"
    now: datetime = NOW
    away: set[str] = field(default_factory=set)
    """Names of keys that are not here."""
    objects: dict[str, bytes] = field(default_factory=dict)
    root: Metadata[Root] = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.sign_root(first_root(self.signers, self.now))

    @property
    def trusted_root(self) -> bytes:
        """What clients start from."""
        return self.objects[metadata_key(Root.type, 1)]

    @property
    def configuration(self) -> Configuration:
        """What the files of site_config/ would say."""
        endpoints = Endpoints(site="https://updates.btfs.test", downloads=self.origins)
        products = {"node": product("daemon", id="node", channels=list(self.channels))}
        return Configuration(products=products, channels={}, endpoints=endpoints, signers=self.signers)

    def sign_root(self, root: Root, *names: str) -> Metadata[Root]:
        """Sign a root with the keys named, or with all of its own, and make it the newest."""
        metadata = Metadata(copy.deepcopy(root))
        for key in [self.key(name) for name in names] or self.keys("root"):
            metadata.sign(key, append=True)
        self.root = metadata
        self.objects[metadata_key(Root.type, root.version)] = to_bytes(metadata)
        return metadata

    def key(self, name: str) -> OpenSigner:
        """A key of the configuration."""
        return opened(name, self.signers)

    def keys(self, role: str) -> list[OpenSigner]:
        """The keys of a role that are here, those on their way out too."""
        signers = (*self.signers.keys_of(role), *self.signers.retired_of(role))
        return [self.key(signer.name) for signer in signers if signer.name not in self.away]

    def targets(self) -> Targets:
        """What `targets` says by the configuration."""
        public = public_file(signer(self.minisign, "minisign"))
        path = hashlib.sha256(public).hexdigest()
        self.objects[target_key("keys/minisign.pub", path)] = public
        return targets_role(self.configuration, public, self.now)

    def release(self, version: str = "1.0.0", number: int = 1, *, role: str = STABLE, days: int = 365) -> Targets:
        """A channel's role, as version `number`, that ships one file; the file is stored too."""
        data = f"node {version}\n".encode()
        path, sha256 = f"artifacts/{role.replace('.', '/')}/{version}/node.bin", hashlib.sha256(data).hexdigest()
        self.objects[target_key(path, sha256)] = data
        shipped = listed_targets({path: (len(data), sha256)}, version, self.now + timedelta(days=days))
        shipped.version = number
        return shipped

    def signed(self, role: str, content: Targets, *names: str) -> Metadata[Targets]:
        """Metadata of a role, signed with the keys named, or with all that are here."""
        metadata = Metadata(copy.deepcopy(content))
        for key in [self.key(name) for name in names] or self.keys(role):
            metadata.sign(key, append=True)
        return metadata

    def repository(self) -> Repository | None:
        """What is live, verified from the first root."""
        return read_repository(self.objects.get, self.trusted_root)

    def live(self) -> Repository:
        """The same, where something is."""
        repository = self.repository()
        assert repository is not None
        return repository

    def advance(self) -> Advance:
        """The planner, on what is live now."""
        return Advance(self.repository(), self.root, self.signers, self.keys, self.objects.get, self.now)

    def plan(self, **roles: Metadata[Targets]) -> NewMetadata:
        """New metadata with these roles, named as stable=... or beta=...; nothing is stored."""
        signed = {f"node.{channel}": metadata for channel, metadata in roles.items()}
        return self.advance().to(self.targets(), signed)

    def store(self, new: NewMetadata) -> NewMetadata:
        """Make a plan live."""
        for key, data in new.objects:
            assert self.objects.setdefault(key, data) == data, f"{key} is written once"
        if new.timestamp is not None:
            self.objects[TIMESTAMP_KEY] = new.timestamp
        return new

    def publish(self, version: str = "1.0.0", number: int = 1) -> NewMetadata:
        """Make a release live in the channel stable."""
        return self.store(self.plan(stable=self.signed(STABLE, self.release(version, number))))

    def write(self, role: str, content: Targets, *names: str) -> bytes:
        """Lay metadata down under its number, as a killed run or a stranger leaves it."""
        data = to_bytes(self.signed(role, content, *names))
        self.objects[metadata_key(role, content.version)] = data
        return data
