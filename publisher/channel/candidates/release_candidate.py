"""Candidates of a channel: the metadata that ships a release."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from tuf.api.metadata import Metadata, Signature, Targets

from publisher.channel.advance import says_the_same, to_bytes
from publisher.channel.candidates.candidate import (
    BACK,
    SIGNATURES,
    SKEW,
    STATEMENTS,
    Candidate,
    base_in,
    base_of,
)
from publisher.channel.feeds.build_feed import build_feed, feed_bytes
from publisher.channel.layout import feed_target
from publisher.channel.repository import Read, Repository, parse
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, CHANGES_FIELD, RELEASE_FIELD
from publisher.channel.state import read_feed
from publisher.errors import StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass, Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.candidate import ApprovalBasis, CandidateRecord
from publisher.model.values import format_time
from publisher.wire.feed_parser import OfferedRelease, ParsedFeed
from publisher.wire.version import Version

PEOPLE = "people/"
"""Files for people wait below it until the release is live."""


@dataclass(frozen=True)
class ReleaseCandidate(Candidate):
    """A candidate that ships a release."""

    signed: Targets
    release: str
    """The version that it ships, as a signed field says."""
    changed_classes: tuple[ChangeClass, ...] | None
    """What the build was found to change, as a signed field says; None where nobody looked."""
    approval_basis: ApprovalBasis | None
    """What its approvals are given for, as a signed field says; None where it does not say, or says nonsense."""

    folders: ClassVar[tuple[str, ...]] = (SIGNATURES, BACK, STATEMENTS)
    restage: ClassVar[str] = "stage it again with --replace"

    @classmethod
    def parse(cls, role: str, payload: bytes, record: CandidateRecord) -> Self:
        """A candidate from its bytes. Raises VerificationError for a payload that cannot be read or ships nothing."""
        signed = parse(payload, Targets, f"the candidate of {role}").signed
        release, changed = _release_in(role, signed), _changed_classes_in(role, signed)
        return cls(role, payload, record, signed, base_in(role, signed), release, changed, approval_basis_named(signed))

    @property
    def product(self) -> str:
        return self.role.partition(".")[0]

    @property
    def channel(self) -> str:
        return self.role.partition(".")[2]

    def with_signatures(self, signatures: Iterable[Signature]) -> Metadata[Targets]:
        return Metadata(self.signed, {signature.keyid: signature for signature in signatures})


def _release_in(role: str, signed: Targets) -> str:
    release = signed.unrecognized_fields.get(RELEASE_FIELD)
    try:
        return str(Version.parse(release if isinstance(release, str) else ""))
    except ValueError:
        raise VerificationError(f"the candidate of {role} does not say what it ships") from None


def _changed_classes_in(role: str, signed: Targets) -> tuple[ChangeClass, ...] | None:
    classes = signed.unrecognized_fields.get(CHANGES_FIELD)
    if classes is None:
        return None
    try:
        return tuple(ChangeClass(change_class) for change_class in classes)
    except (ValueError, TypeError) as error:
        raise VerificationError(f"the candidate of {role} names change classes that do not exist") from error


def approval_basis_named(signed: Targets) -> ApprovalBasis | None:
    """What metadata of a channel says that it rests on; None where it does not say, or says nonsense."""
    try:
        return ApprovalBasis.model_validate_json(json.dumps(signed.unrecognized_fields.get(BASIS_FIELD)))
    except ValueError:
        return None


def approval_basis_field(basis: ApprovalBasis) -> object:
    """The same as the signed field has it."""
    return basis.model_dump(mode="json", exclude_none=True)


def payload_of(targets: Targets, basis: ApprovalBasis, live: Repository | None, role: str, version: int) -> bytes:
    """The payload for a version of a channel role, made to replace what is live."""
    payload = copy.deepcopy(targets)
    payload.unrecognized_fields[BASIS_FIELD] = approval_basis_field(basis)
    payload.version = version
    payload.unrecognized_fields[BASE_FIELD] = base_of(live, role)
    return to_bytes(Metadata(payload))


def feeds_of(signed: Targets, read: Read) -> Mapping[str, ParsedFeed]:
    """Platform -> feed that metadata of a channel lists. Raises VerificationError."""
    listed = sorted(signed.targets.items())
    parsed = [read_feed(read, path, target) for path, target in listed if path.startswith("feed/")]
    return {feed.platform: feed for feed in parsed}


def approval_basis_of(
    catalog: Catalog, release: Release, at: datetime, people: str, ledger: int, evidence: str | None
) -> ApprovalBasis:
    """What approvals of the release are given for, when it is decided on for the moment `at`.

    `people` is the digest of the files for people, by `people_digest`; `ledger` the number of the ledger's last entry;
    `evidence` the digest of its bundle of evidence.
    """
    return ApprovalBasis(
        policy=catalog.policy_at(at).digest(),
        release=release.digest(),
        product=catalog.products[release.product].digest(),
        people=people,
        at=at,
        ledger=ledger,
        evidence=evidence,
    )


def people_digest(files: Mapping[str, str]) -> str:
    """One SHA-256 for all files for people, given as name -> SHA-256."""
    sums = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(sums.encode()).hexdigest()


def check_basis(candidate: ReleaseCandidate, catalog: Catalog, release: Release, moment: datetime) -> ApprovalBasis:
    """What approvals were given for must be what holds now. Raises StorageConflict with what differs."""
    basis = candidate.approval_basis
    if basis is None:
        raise void(candidate, "has no approval basis: it was staged by an older version of this program")
    if basis.at > moment + SKEW:
        raise void(candidate, f"claims a decision on {format_time(basis.at)}, which is in the future")
    if basis.policy != catalog.policy_at(moment).digest():
        raise void(candidate, "was approved under another policy than the one in force")
    if basis.release != release.digest():
        raise void(candidate, f"was approved before {release.product}/{release.version}.yaml changed")
    if basis.product != catalog.products[release.product].digest():
        raise void(candidate, f"was approved before {release.product} changed in products.yaml")
    return basis


def check_content(
    candidate: ReleaseCandidate,
    catalog: Catalog,
    release: Release,
    files: Sequence[PublishedFile],
    previous: Mapping[str, OfferedRelease],
    moment: datetime,
) -> None:
    """What was signed must be what the content still says, to the byte. Raises StorageConflict with what differs.

    `files` are those that the minisign key vouches for, `previous` are the previous releases that the live feeds give
    (`previous_releases`). Feeds are made again for the moment that the candidate's were made for, so that the mere
    passing of time voids nothing.
    """
    basis = check_basis(candidate, catalog, release, moment)
    listed = candidate.signed.targets
    for file in files:
        before = previous.get(file.platform)
        feed = feed_bytes(build_feed(catalog, release, candidate.channel, file, before, basis.at))
        path = feed_target(candidate.product, candidate.channel, file.platform)
        target = listed.get(path)
        if target is None or target.hashes.get("sha256") != hashlib.sha256(feed).hexdigest():
            what = f"does not match the content for {file.platform}, or the live feed, or what is withdrawn by now"
            raise void(candidate, what)


def void(candidate: ReleaseCandidate, why: str) -> StorageConflict:
    """The error for a candidate whose signatures cannot count any more."""
    return StorageConflict(
        f"the candidate {candidate.digest[:12]} of {candidate.product} {candidate.release} {why}",
        fix="stage it again with --replace, and have it approved again; its signatures are void",
    )


def says_what_is_live(targets: Targets, live: Repository | None, role: str) -> bool:
    """Whether publishing `targets` would change nothing that a client sees."""
    current = live.roles.get(role) if live else None
    return current is not None and says_the_same(current.signed, targets)
