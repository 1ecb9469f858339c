"""Audit of a published channel from outside: what a stranger with nothing but the first root can prove or refute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tuf.api.metadata import Metadata, Targets

from publisher.channel.layout import (
    LEDGER,
    METADATA,
    MINISIGN_TARGET,
    RELEASES,
    STAGING,
    TARGETS,
    TIMESTAMP_KEY,
    channel_role,
    metadata_key,
    release_key,
    target_key,
)
from publisher.channel.manifests import (
    MANIFEST_FILE,
    SIGNATURE_SUFFIX,
    SUMS_FILE,
    manifest_bytes,
    parse_sums,
    trusted_comment,
)
from publisher.channel.repository import Repository, delegated_versions, parse, read_delegated, read_top
from publisher.channel.roles import ENDPOINTS_FIELD
from publisher.channel.state import feeds, read_target
from publisher.client.feed import Feed
from publisher.errors import VerificationError
from publisher.model.published import Manifest
from publisher.model.signer import SHARED_ROLES
from publisher.signing.digests import FileDigests, digest_bytes
from publisher.signing.minisign import verify as verify_minisign

WORKSHOP = (STAGING, LEDGER)
"""Where publishers work; the public reads nothing there, and nothing there is trusted."""

BROKEN_OFF = "a publication that was broken off leaves such; running it again completes it"


class Level(StrEnum):
    """An error refutes the channel; a warning asks for a look; a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that an auditor would write down."""

    level: Level
    what: str
    where: str = ""
    """The object's key."""


@dataclass(frozen=True)
class Audit:
    """The result: what was looked at, and what was found."""

    findings: tuple[Finding, ...]
    signatures: int
    """Metadata and minisign signatures that verified."""
    objects: int
    """Objects whose bytes were hashed."""

    @property
    def sound(self) -> bool:
        """Whether nothing refutes the channel."""
        return not any(finding.level is Level.ERROR for finding in self.findings)

    def and_also(self, other: Audit) -> Audit:
        """With what another look found."""
        findings = self.findings + other.findings
        return Audit(findings, self.signatures + other.signatures, self.objects + other.objects)


class Source(Protocol):
    """A bucket as an auditor sees it."""

    def read(self, key: str) -> bytes | None:
        """A small object; None when there is none."""
        ...

    def digest(self, key: str) -> FileDigests | None:
        """Size and digests of an object of any size; None when there is none."""
        ...

    def keys(self) -> Iterable[str] | None:
        """All keys; None where the place cannot be listed."""
        ...


def audit(source: Source, trusted_root: bytes, now: datetime) -> Audit:
    """Verify signatures, thresholds, duties, expiry, digests, sizes and addresses; find missing and stray objects."""
    return _Auditor(source, trusted_root, now).run()


@dataclass
class _Auditor:
    source: Source
    trusted_root: bytes
    now: datetime
    findings: list[Finding] = field(default_factory=list)
    signatures: int = 0
    digests: dict[str, FileDigests | None] = field(default_factory=dict)
    accounted: set[str] = field(default_factory=set)
    """Keys that something signed leads to."""

    def run(self) -> Audit:
        try:
            top = read_top(self._read, self.trusted_root)
        except VerificationError as error:
            self._error(error.what)
            top = None
        else:
            if top is None:
                self._error("nothing is published here", TIMESTAMP_KEY)
        if top is not None:
            repository = replace(top, roles=dict(self._delegated(top)))
            self._expiry(repository)
            self._targets(repository)
            self._feeds(repository)
            self._releases(repository)
            self._strays(repository)
        hashed = sum(one is not None for one in self.digests.values())
        return Audit(tuple(self.findings), self.signatures, hashed)

    def _read(self, key: str) -> bytes | None:
        self.accounted.add(key)
        return self.source.read(key)

    def _digest(self, key: str) -> FileDigests | None:
        self.accounted.add(key)
        if key not in self.digests:
            self.digests[key] = self.source.digest(key)
        return self.digests[key]

    def _error(self, what: str, where: str = "") -> None:
        self.findings.append(Finding(Level.ERROR, what, where))

    def _delegated(self, top: Repository) -> Iterator[tuple[str, Metadata[Targets]]]:
        """Delegated roles that verify; the others become findings, and do not hide one another."""
        for role, version in delegated_versions(top).items():
            try:
                yield role, read_delegated(self._read, top.targets, role, version)
            except VerificationError as error:
                self._error(error.what, metadata_key(role, version))
        for role in sorted(set(SHARED_ROLES) - set(delegated_versions(top))):
            self.findings.append(Finding(Level.NOTE, f"the role {role} has not been used yet"))

    def _expiry(self, repository: Repository) -> None:
        for role, (part, signatures) in repository.signed.items():
            self.signatures += signatures
            if part.expires <= self.now:
                self._error(
                    f"{role} expired on {part.expires:%Y-%m-%d %H:%M} UTC; until it is renewed, clients offer nothing",
                    TIMESTAMP_KEY if role == "timestamp" else metadata_key(role, part.version),
                )

    def _targets(self, repository: Repository) -> None:
        """Every listed file is there with its size and digest, and lies where its role may vouch for it."""
        for role, metadata in [("targets", repository.targets), *repository.roles.items()]:
            delegations = repository.targets.signed.delegations
            roles = delegations.roles if delegations and delegations.roles else {}
            for path, target in sorted(metadata.signed.targets.items()):
                sha256 = target.hashes.get("sha256")
                if sha256 is None:
                    self._error(f"{role} lists {path} without a SHA-256 digest")
                    continue
                if role in roles and not roles[role].is_delegated_path(path):
                    self._error(f"{role} lists {path}, which it may not vouch for; clients ignore it")
                self._compare(target_key(path, sha256), target.length, sha256)

    def _compare(self, key: str, size: int, sha256: str) -> None:
        found = self._digest(key)
        if found is None:
            self._error("is listed, but its object is missing", key)
        elif found.size != size:
            self._error(f"has {found.size} bytes instead of {size}", key)
        elif found.sha256 != sha256:
            self._error("does not have the bytes that were signed", key)

    def _feeds(self, repository: Repository) -> None:
        """Feeds parse, name files of their own role, and send clients to pinned addresses only (R48)."""
        pinned = repository.targets.signed.unrecognized_fields.get(ENDPOINTS_FIELD, [])
        for role in sorted(set(repository.roles) - set(SHARED_ROLES)):
            product, _, channel = role.partition(".")
            try:
                found = feeds(self._read, repository, product, channel)
            except VerificationError as error:
                self._error(error.what)
                continue
            for feed in found.values():
                self._feed(feed, repository.roles[role], pinned)

    def _feed(self, feed: Feed, metadata: Metadata[Targets], pinned: list[str]) -> None:
        name = f"feed {feed.product}/{feed.channel}/{feed.platform}"
        if feed.release is None:
            return
        artifact = feed.release.artifact
        target = metadata.signed.targets.get(artifact.target)
        if target is None:
            self._error(
                f"{name} names {artifact.target}, which {channel_role(feed.product, feed.channel)} does not list"
            )
            return
        if (target.length, target.hashes.get("sha256")) != (artifact.size, artifact.sha256):
            self._error(f"{name} and the signed metadata disagree about {artifact.file}")
        allowed = {f"{origin}/{target_key(artifact.target, artifact.sha256)}" for origin in pinned}
        for url in artifact.urls:
            if url not in allowed:
                self._error(f"{name} sends clients to {url}, which is not a pinned address")

    def _releases(self, repository: Repository) -> None:
        """releases/: every version that a feed names or a listing shows verifies by hand, file by file."""
        target = repository.targets.signed.targets.get(MINISIGN_TARGET)
        if target is None:
            self._error("targets pins no minisign key, so nobody can check a download by hand")
            return
        try:
            public = read_target(self._read, MINISIGN_TARGET, target.length, target.hashes["sha256"])
        except VerificationError as error:
            self._error(error.what)
            return
        offered = {
            (path.split("/")[1], path.split("/")[3])
            for metadata in repository.roles.values()
            for path in metadata.signed.targets
            if path.startswith("artifacts/")
        }
        for product, version in sorted(offered | self._listed_versions()):
            level = Level.ERROR if (product, version) in offered else Level.WARNING
            self._release(product, version, public, level)

    def _listed_versions(self) -> set[tuple[str, str]]:
        versions: set[tuple[str, str]] = set()
        for key in self.source.keys() or ():
            parts = key.split("/")
            if key.startswith(RELEASES) and len(parts) == 4:
                versions.add((parts[1], parts[2]))
        return versions

    def _release(self, product: str, version: str, public: bytes, if_missing: Level) -> None:
        """One version; files that are missing are of level `if_missing`, everything else that is wrong is an error."""

        def key(file: str) -> str:
            return release_key(product, version, file)

        checksums, facts = self._read(key(SUMS_FILE)), self._read(key(MANIFEST_FILE))
        if checksums is None:
            self._read(key(SUMS_FILE + SIGNATURE_SUFFIX))
            self.findings.append(Finding(if_missing, f"has no SHA256SUMS; {BROKEN_OFF}", key("")))
            return
        try:
            listed = parse_sums(checksums)
            self._minisign(product, version, SUMS_FILE, digest_bytes(checksums).blake2b512, public)
        except (VerificationError, ValueError) as error:
            self._error(f"cannot be verified, nor can the files beside it: {error}", key(SUMS_FILE))
            self.accounted.update(one for one in self.source.keys() or () if one.startswith(key("")))
            return
        for file, digest in sorted(listed.items()):
            self.accounted.add(key(file + SIGNATURE_SUFFIX))
            found = self._digest(key(file))
            if found is None:
                self.findings.append(
                    Finding(if_missing, f"is in SHA256SUMS, but its object is missing; {BROKEN_OFF}", key(file))
                )
            elif found.sha256 != digest:
                self._error("does not have the bytes that SHA256SUMS names", key(file))
        if facts is not None:
            self._manifest(product, version, facts, listed, public, if_missing)

    def _manifest(
        self, product: str, version: str, facts: bytes, listed: Mapping[str, str], public: bytes, if_missing: Level
    ) -> None:
        """release.json fits the version and SHA256SUMS, and every binary that it names has its own signature."""
        try:
            manifest = Manifest.model_validate_json(facts)
        except ValueError:
            self._error("cannot be read", release_key(product, version, MANIFEST_FILE))
            return
        if (manifest.product, str(manifest.version)) != (product, version) or manifest_bytes(manifest) != facts:
            self._error("is not the manifest of this version", release_key(product, version, MANIFEST_FILE))
            return
        for artifact in manifest.artifacts:
            key = release_key(product, version, artifact.file)
            found = self._digest(key)
            if listed.get(artifact.file) != artifact.sha256:
                self._error("release.json and SHA256SUMS disagree about it", key)
            if found is None:
                continue
            if self._read(key + SIGNATURE_SUFFIX) is None:
                self.findings.append(Finding(if_missing, f"has no minisign signature; {BROKEN_OFF}", key))
                continue
            try:
                self._minisign(product, version, artifact.file, found.blake2b512, public)
            except VerificationError as error:
                self._error(error.what, key + SIGNATURE_SUFFIX)

    def _minisign(self, product: str, version: str, file: str, digest: bytes, public: bytes) -> None:
        signature = self._read(release_key(product, version, file + SIGNATURE_SUFFIX))
        if signature is None:
            raise VerificationError(f"{file} has no minisign signature")
        comment = verify_minisign(public, signature, digest)
        if comment != trusted_comment(product, version, file):
            raise VerificationError(f"the minisign signature of {file} was made for something else: {comment!r}")
        self.signatures += 1

    def _strays(self, repository: Repository) -> None:
        """Objects that nothing signed leads to: remains of a killed run, or something that somebody put there."""
        keys = self.source.keys()
        if keys is None:
            self.findings.append(Finding(Level.NOTE, "objects that nothing leads to cannot be found without a listing"))
            return
        keys = sorted(key for key in keys if not key.startswith(WORKSHOP))
        known = self.accounted | set(self._history(repository, keys))
        for key in keys:
            if key in known:
                continue
            if key.startswith((METADATA, TARGETS)):
                self.findings.append(Finding(Level.WARNING, f"nothing signed leads to it; {BROKEN_OFF}", key))
            else:
                self._error("nothing signed leads to it, and people may take it for ours", key)

    def _history(self, repository: Repository, keys: Iterable[str]) -> Iterator[str]:
        """Earlier metadata versions, and the targets that they listed."""
        current = {
            "root": repository.root.signed.version,
            "snapshot": repository.snapshot.signed.version,
            "targets": repository.targets.signed.version,
            **{role: metadata.signed.version for role, metadata in repository.roles.items()},
        }
        for key in keys:
            if not key.startswith(METADATA) or key == TIMESTAMP_KEY:
                continue
            number, _, role = key.removeprefix(METADATA).removesuffix(".json").partition(".")
            if not number.isdigit() or int(number) > current.get(role, 0):
                continue
            yield key
            if role in repository.roles or role == "targets":
                yield from self._listed_by(key)

    def _listed_by(self, key: str) -> Iterator[str]:
        try:
            metadata = parse(self.source.read(key) or b"", Targets, key)
        except VerificationError:
            return
        for path, target in metadata.signed.targets.items():
            if (sha256 := target.hashes.get("sha256")) is not None:
                yield target_key(path, sha256)
