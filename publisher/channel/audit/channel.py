"""Audit of a published channel from outside: what a stranger with nothing but the first root can prove or refute."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.audit.releases import audit_release
from publisher.channel.audit.staged_objects import WaitingObject, superseded_objects, waiting_objects
from publisher.channel.brakes import is_notice, lifted_ids, listed_brakes, read_notice
from publisher.channel.findings import BROKEN_OFF, REMOVED, AuditSource, Finding, Findings, Level
from publisher.channel.layout import (
    BACK,
    LEDGER,
    METADATA,
    MINISIGN_TARGET,
    RELEASES,
    STAGING,
    TARGETS,
    TIMESTAMP_KEY,
    channel_role,
    metadata_key,
    target_key,
)
from publisher.channel.metadata_history import ProvenHistory, read_history, released_file
from publisher.channel.mitigations import listed_in, read_mitigation
from publisher.channel.repository import (
    Repository,
    delegated_files,
    delegated_roles,
    follow_roots,
    read_delegated,
    read_top,
    silent_channels,
    taken_back_fields,
    withdrawn_by,
)
from publisher.channel.roles import ENDPOINTS_FIELD
from publisher.channel.size_limits import FILE_LIMIT
from publisher.channel.state import feeds, read_target
from publisher.channel.vanished_brakes import vanished_brakes
from publisher.errors import VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.wire.advice.notes import NOTES
from publisher.wire.feed_parser import Artifact, ParsedFeed
from publisher.wire.stopping.brakes import BRAKES
from publisher.wire.web_path import address_of

WORKSHOP = (STAGING, LEDGER, BACK)
"""Where publishers work; the public reads nothing there, and nothing there is trusted."""


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


def audit(source: AuditSource, trusted_root: bytes, now: datetime) -> Audit:
    """Verify signatures, thresholds, duties, expiry, digests, sizes and addresses; find missing and stray objects."""
    return _Auditor(source, trusted_root, now).run()


def audit_change(source: AuditSource, trusted_root: bytes, now: datetime, before: Repository | None) -> Audit:
    """The same for a change in `source` that is not live yet; what was live `before` is not looked at again."""
    return _Auditor(source, trusted_root, now).run_change(before)


@dataclass
class _Auditor:
    source: AuditSource
    trusted_root: bytes
    now: datetime
    book: Findings = field(init=False)

    def __post_init__(self) -> None:
        self.book = Findings(self.source)

    def run(self) -> Audit:
        repository = self._repository()
        if repository is not None:
            history = read_history(self.book.peek, repository, self.source.keys(), self._roots())
            self._expiry(repository)
            self._targets(repository)
            not_offered = self._feeds(repository)
            self._brakes(repository)
            self._notes(repository)
            self._vanished(repository)
            self._releases(repository, history, self._listed_versions(), not_offered)
            self._strays(repository, history)
        return self._result()

    def run_change(self, before: Repository | None) -> Audit:
        repository = self._repository()
        if repository is not None:
            history = read_history(self.book.peek, repository, (), self._roots())
            changed = _changed(repository, before)
            self._expiry(changed)
            self._targets(changed)
            not_offered = self._feeds(
                replace(repository, roles={role: repository.roles[role] for role in changed.roles})
            )
            if BRAKES in changed.roles:
                self._brakes(repository)
            if NOTES in changed.roles:
                self._notes(repository)
            self._releases(changed, history, set(), not_offered)
        return self._result()

    def _roots(self) -> tuple[Metadata[Root], ...]:
        return tuple(follow_roots(self.book.peek, self.trusted_root))

    def _repository(self) -> Repository | None:
        """What the timestamp leads to; parts that do not verify become findings."""
        try:
            top = read_top(self.book.read, self.trusted_root)
        except VerificationError as error:
            self.book.error(f"{error.what}; {error.fix}" if error.fix else error.what)
            return None
        if top is None:
            self.book.error("nothing is published here", TIMESTAMP_KEY)
            return None
        return replace(top, roles=dict(self._delegated(top)))

    def _result(self) -> Audit:
        return Audit(tuple(self.book.findings), self.book.signatures, self.book.hashed)

    def _delegated(self, top: Repository) -> Iterator[tuple[str, Metadata[Targets]]]:
        """Delegated roles that verify; the others become findings, and do not hide one another."""
        listed = delegated_files(top)
        for role, meta in listed.items():
            try:
                yield role, read_delegated(self.book.read, top.targets, role, meta)
            except VerificationError as error:
                self.book.error(error.what, metadata_key(role, meta.version))
        for role in sorted(set(delegated_roles(top.targets.signed)) - set(listed)):
            if self.book.peek(metadata_key(role, 1)) is not None:
                # Clients reject a snapshot that drops a role (specification, 5.5.5).
                self.book.error(f"{role} was published, but the snapshot no longer lists it", METADATA)
            elif role in SHARED_ROLES:
                self.book.add(Level.NOTE, f"the role {role} has not been used yet")

    def _expiry(self, repository: Repository) -> None:
        for role, (part, signatures) in repository.signed.items():
            self.book.signatures += signatures
            if part.expires > self.now:
                continue
            key = TIMESTAMP_KEY if role == "timestamp" else metadata_key(role, part.version)
            expired = f"{role} expired on {part.expires:%Y-%m-%d %H:%M} UTC"
            if not silent_channels(repository, role):
                self.book.add(Level.WARNING, f"{expired}; clients still offer updates, but renew it", key)
                continue
            whose = f" of {role}" if "." in role else ""
            self.book.error(f"{expired}; until it is renewed, clients{whose} offer nothing", key)

    def _targets(self, repository: Repository) -> None:
        """Every listed file is there with its size and digest, and lies where its role may vouch for it."""
        roles = delegated_roles(repository.targets.signed)
        for role, metadata in [("targets", repository.targets), *repository.roles.items()]:
            for path, target in sorted(metadata.signed.targets.items()):
                sha256 = target.hashes.get("sha256")
                if sha256 is None:
                    self.book.error(f"{role} lists {path} without a SHA-256 digest")
                    continue
                if role in roles and not roles[role].is_delegated_path(path):
                    self.book.error(f"{role} lists {path}, which it may not vouch for; clients ignore it")
                self._compare(target_key(path, sha256), target.length, sha256)

    def _compare(self, key: str, size: int, sha256: str) -> None:
        digests = self.book.digest(key, min(size, FILE_LIMIT))
        if digests is None:
            self.book.error("is listed, but its object is missing", key)
        elif size > FILE_LIMIT:
            self.book.error(f"is listed with {size} bytes, more than the {FILE_LIMIT} allowed", key)
        elif digests.size > size:
            self.book.error(f"has more than the {size} bytes that were signed", key)
        elif digests.size < size:
            self.book.error(f"has {digests.size} bytes instead of {size}", key)
        elif digests.sha256 != sha256:
            self.book.error("does not have the bytes that were signed", key)

    def _feeds(self, repository: Repository) -> set[tuple[str, str]]:
        """Feeds parse, name files of their own role, and send clients to pinned addresses only (R48).

        Returns product and version of the releases that feeds name as the previous one, and none offers.
        """
        offered: set[tuple[str, str]] = set()
        previous: set[tuple[str, str]] = set()
        pinned = repository.targets.signed.unrecognized_fields.get(ENDPOINTS_FIELD, [])
        for role in sorted(set(repository.roles) - set(SHARED_ROLES)):
            product, _, channel = role.partition(".")
            try:
                by_platform = feeds(self.book.read, repository, product, channel)
                withdrawn = withdrawn_by(repository.roles[role].signed)
                taken_back_fields(repository.roles[role].signed)  # how to go back can be read
            except VerificationError as error:
                self.book.error(error.what)
                continue
            for feed in by_platform.values():
                for release, versions, names in (
                    (feed.release, offered, "offers it"),
                    (feed.previous, previous, "names it as the previous one"),
                ):
                    if release is None:
                        continue
                    versions.add((product, str(release.version)))
                    if release.version in withdrawn:
                        what = f"{role} says that {release.version} was taken back, but {names} for {feed.platform}"
                        self.book.error(f"{what}; clients offer nothing there")
                    self._artifact(feed, release.artifact, repository.roles[role], pinned)
        return previous - offered

    def _brakes(self, repository: Repository) -> None:
        """Clients can read what is stopped, and why: else they offer nothing, or say no reason."""
        for role in sorted(set(repository.roles) - set(SHARED_ROLES)):
            product, _, channel = role.partition(".")
            try:
                stopped = listed_brakes(repository, role)
                lifted_ids(repository, role)
            except VerificationError as error:
                self.book.error(f"{error.what}; clients of {role} offer nothing")
                continue
            for brake in (*stopped.holds, *stopped.withdrawn):
                try:
                    read_notice(self.book.read, product, channel, brake)
                except VerificationError as error:
                    self.book.error(f"{error.what}; clients say no reason for {role} {brake.version}")

    def _notes(self, repository: Repository) -> None:
        """Clients can read each mitigation: else they say that one is missing."""
        for product in sorted({role.partition(".")[0] for role in set(repository.roles) - set(SHARED_ROLES)}):
            try:
                for item in listed_in(repository, product):
                    read_mitigation(self.book.read, product, item)
            except VerificationError as error:
                self.book.error(f"{error.what}; clients of {product} do not show the mitigation")

    def _vanished(self, repository: Repository) -> None:
        """Nothing was stopped once and is stopped no more, unless the channel's people have lifted it."""
        keys = self.source.keys()
        try:
            vanished = vanished_brakes(self.book.peek, repository, keys, self._roots(), self.now)
        except VerificationError:
            return  # said by `_brakes`
        for brake in vanished:
            self.book.error(f"{brake.what}; {brake.fix}", metadata_key(BRAKES, brake.without))

    def _artifact(self, feed: ParsedFeed, artifact: Artifact, metadata: Metadata[Targets], pinned: list[str]) -> None:
        name = f"feed {feed.product}/{feed.channel}/{feed.platform}"
        target = metadata.signed.targets.get(artifact.target)
        if target is None:
            role = channel_role(feed.product, feed.channel)
            self.book.error(f"{name} names {artifact.target}, which {role} does not list")
            return
        if (target.length, target.hashes.get("sha256")) != (artifact.size, artifact.sha256):
            self.book.error(f"{name} and the signed metadata disagree about {artifact.file}")
        allowed = {address_of(origin, target_key(artifact.target, artifact.sha256)) for origin in pinned}
        for url in artifact.urls:
            if url not in allowed:
                self.book.error(f"{name} sends clients to {url}, which is not a pinned address")

    def _releases(
        self,
        repository: Repository,
        history: ProvenHistory,
        listed: set[tuple[str, str]],
        not_offered: set[tuple[str, str]],
    ) -> None:
        """releases/: every version that a feed names or a listing shows verifies by hand, file by file.

        Files of a version that is `not_offered` to anybody now may be missing there.
        """
        target = repository.targets.signed.targets.get(MINISIGN_TARGET)
        sha256 = target.hashes.get("sha256") if target else None
        if target is None or sha256 is None:
            self.book.error("targets pins no minisign key, so nobody can check a download by hand")
            return
        try:
            public = read_target(self.book.read, MINISIGN_TARGET, target.length, sha256)
        except VerificationError as error:
            self.book.error(error.what)
            return
        files = (released_file(path) for metadata in repository.roles.values() for path in metadata.signed.targets)
        named = {file[:2] for file in files if file is not None}
        for product, version in sorted(named | listed):
            level = Level.ERROR if (product, version) in named - not_offered else Level.WARNING
            audit_release(self.book, product, version, public, history, level)

    def _listed_versions(self) -> set[tuple[str, str]]:
        versions: set[tuple[str, str]] = set()
        for key in self.source.keys() or ():
            parts = key.split("/")
            if key.startswith(RELEASES) and len(parts) == 4:
                versions.add((parts[1], parts[2]))
        return versions

    def _is_whole(self, waiting: WaitingObject) -> bool:
        """Whether the object is what its candidate lists, to the byte."""
        digests = self.book.look(waiting.key, min(waiting.size, FILE_LIMIT))
        return digests is not None and (digests.size, digests.sha256) == (waiting.size, waiting.sha256)

    def _notices(self, strays: Iterable[str]) -> Iterator[str]:
        """Notices that no brakes name: somebody wanted to stop something, and their run was killed."""
        for key in sorted(strays):
            if is_notice(key, self.book.peek):
                self.book.add(Level.WARNING, f"is a notice that no brakes name; nothing leads to it: {BROKEN_OFF}", key)
                yield key

    def _strays(self, repository: Repository, history: ProvenHistory) -> None:
        """Objects that nothing signed leads to: somebody put them there, or a run was killed before it signed."""
        keys = self.source.keys()
        if keys is None:
            self.book.add(Level.NOTE, "objects that nothing refers to cannot be found without a listing")
            return
        keys = sorted(keys)
        refuted = {finding.where for finding in self.book.findings if finding.level is Level.ERROR}
        known = self.book.accounted | history.keys | refuted
        for waiting in waiting_objects(self.source.read, keys, repository):
            if waiting.key not in known and self._is_whole(waiting):
                known.add(waiting.key)
                self.book.add(Level.NOTE, f"is waiting: it comes with {waiting.release}, which is staged", waiting.key)
        strays = {key for key in keys if key.startswith(TARGETS) and key not in known and key not in history.coming}
        # Read only where something is left to explain: the ledger may be long.
        for waiting in superseded_objects(self.source.read, keys, repository) if strays else ():
            if waiting.key in strays and self._is_whole(waiting):
                strays.remove(waiting.key)
                known.add(waiting.key)
                left = f"was left by {waiting.release}, which was superseded before it shipped; nothing leads to it"
                self.book.add(Level.NOTE, left, waiting.key)
            if not strays:
                break
        known.update(self._notices(strays))
        for key in keys:
            if key.startswith(WORKSHOP) or key in known:
                continue
            if key in history.coming:
                self.book.add(Level.WARNING, f"is signed but not live; {BROKEN_OFF}", key)
            elif key.startswith(METADATA):
                self.book.error(f"no key of its role signed it; publishing skips it, and {REMOVED}", key)
            else:
                self.book.error(
                    f"nothing signed refers to it, and users may trust it: {BROKEN_OFF}, else {REMOVED}", key
                )


def _changed(repository: Repository, before: Repository | None) -> Repository:
    """The same with only those roles that were not live before, and of their targets only the new ones."""
    roles: dict[str, Metadata[Targets]] = {}
    for role, metadata in repository.roles.items():
        replaced = before.roles.get(role) if before is not None else None
        if replaced is None or replaced.signed != metadata.signed:
            known = replaced.signed.targets if replaced is not None else {}
            signed = copy.copy(metadata.signed)
            signed.targets = {path: target for path, target in signed.targets.items() if known.get(path) != target}
            roles[role] = Metadata(signed, metadata.signatures)
    return replace(repository, roles=roles)
