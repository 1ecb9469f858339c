"""Rebuild a candidate from what others vouch for, and refuse it if it differs from what lies in staging.

Nothing in staging is trusted, and a candidate is never compared with itself: the files come from SHA256SUMS, which the
minisign key signed; words and dates from the content; what stays from the live state. A payload may say nothing else:
no other files, no delegation, no field that this program does not write, no longer life than it would be given here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from publisher.channel.advance import says_the_same
from publisher.channel.brakes import lifted_ids, listed_brakes
from publisher.channel.candidates.announcement import announcement, new_lifts
from publisher.channel.candidates.candidate import SKEW, is_short_lived
from publisher.channel.candidates.release_candidate import (
    PEOPLE,
    ReleaseCandidate,
    approval_basis_field,
    people_digest,
    void,
)
from publisher.channel.layout import release_key
from publisher.channel.metadata_history import read_history
from publisher.channel.repository import follow_roots, taken_back_fields
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, CHANGES_FIELD, RELEASE_FIELD, listed_targets, role_policy
from publisher.channel.signed_checksums import VouchedRelease, vouched_release
from publisher.errors import StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.candidate import ApprovalBasis
from publisher.model.records.evidence import Evidence
from publisher.pipeline.artifacts.platform_patterns import fits_pattern
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.candidates.numbering import Stagings
from publisher.pipeline.configured_targets import minisign_public
from publisher.pipeline.objects.planned import channel_listing
from publisher.rules import english
from publisher.rules.gates.technical.change_class import changed_classes
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.stopping.brakes import LIFTED_FIELD
from publisher.wire.stopping.withdrawn import BACK_STATE_FIELD, WITHDRAWN_FIELD

FIELDS = {RELEASE_FIELD, CHANGES_FIELD, BASIS_FIELD, BASE_FIELD, WITHDRAWN_FIELD, BACK_STATE_FIELD, LIFTED_FIELD}
"""Signed fields of a candidate that are ours; each is checked where it is read."""


def vouched_files(candidate: ReleaseCandidate, catalog: Catalog, release: Release, storage: Readable) -> VouchedRelease:
    """The files that a candidate may ship: those that the minisign key vouches for, if the release has such.

    Raises VerificationError, and StorageConflict when the release is for other platforms by now.
    """
    read = reader(storage)
    try:
        vouched = vouched_release(
            candidate.product,
            candidate.release,
            lambda name: read(candidate.key(PEOPLE + name)),
            minisign_public(catalog),
        )
    except VerificationError as error:
        raise _planted(candidate, f"does not match what the minisign key has signed: {error.what}") from error
    _check_files(candidate, release, vouched.files)
    return vouched


def published_files(
    release: Release, catalog: Catalog, bucket: Bucket, offered: Mapping[str, ParsedFeed]
) -> VouchedRelease:
    """The files of the live release, as the minisign key vouches for them under their plain names.

    `offered` are the feeds that are live: each that offers the release must name the very file. Raises
    VerificationError.
    """
    vouched = _vouched_then(release, catalog, bucket)
    files = {file.platform: (file.file, file.size, file.sha256) for file in vouched.files}
    for platform, feed in sorted(offered.items()):
        if feed.release is None or feed.release.version != release.version:
            continue
        artifact = feed.release.artifact
        if files.get(platform) != (artifact.file, artifact.size, artifact.sha256):
            raise VerificationError(
                f"the live feed for {platform} names another file than the minisign key has signed for {release.id}",
                fix="run `publish verify`, and find out who wrote to the bucket",
            )
    return vouched


def _vouched_then(release: Release, catalog: Catalog, bucket: Bucket) -> VouchedRelease:
    """The files of a published release, by today's minisign key or else by one that was pinned before."""
    product, version = release.product, str(release.version)

    def read(name: str) -> bytes | None:
        return bucket.read(release_key(product, version, name))

    try:
        return vouched_release(product, version, read, minisign_public(catalog))
    except VerificationError as error:
        live = bucket.published()
        roots = tuple(follow_roots(bucket.read, bucket.trusted_root))
        for public in read_history(bucket.read, live, None, roots).minisign_before:
            with suppress(VerificationError):
                return vouched_release(product, version, read, public)
        raise VerificationError(
            f"the published files of {release.id} are not what the minisign key has signed: {error.what}",
            fix="run `publish verify`, and find out who wrote to the bucket",
        ) from error


def _check_files(candidate: ReleaseCandidate, release: Release, files: Sequence[PublishedFile]) -> None:
    """The release's own patterns say which files it has, and for which platforms. Raises VerificationError."""
    patterns = {spec.platform: spec for spec in release.artifacts}
    if sorted(patterns) != sorted(file.platform for file in files):
        raise StorageConflict(
            f"the candidate {candidate.digest[:12]} was built for other platforms than {release.id} has now",
            fix="stage it again with --replace",
        )
    for file in files:
        if not fits_pattern(patterns[file.platform], release, file.file):
            raise _planted(candidate, f"has {file.file} for {file.platform}, which the release's patterns do not match")


def check_payload(
    candidate: ReleaseCandidate,
    catalog: Catalog,
    release: Release,
    vouched: VouchedRelease,
    evidence: Evidence,
    bucket: Bucket,
    offered: Mapping[str, ParsedFeed],
    stagings: Stagings,
    now: datetime,
) -> None:
    """Rebuild the payload from files, evidence, content and live state. Raises VerificationError with what differs.

    `offered` are the feeds that are live. The candidate's own were compared with the content before (`check_content`).
    """
    basis = _check_fields(candidate, catalog, vouched, stagings, now)
    listed, _ = channel_listing(catalog, release, candidate.channel, vouched.files, bucket, offered, basis.at)
    changed = changed_classes(catalog.products[release.product], evidence)
    if candidate.changed_classes != changed:
        raise _planted(candidate, "names other change classes than its evidence gives")
    current = bucket.live.roles.get(candidate.role) if bucket.live else None
    taken_back = taken_back_fields(current.signed if current else None)
    lifted = lifted_ids(bucket.live, candidate.role)
    rebuilt = listed_targets(listed, candidate.release, candidate.signed.expires, changed, taken_back, lifted)
    if not says_the_same(candidate.signed, rebuilt):
        raise _planted(candidate, "differs from what the release, its files and the live metadata give")


def check_announcement(
    candidate: ReleaseCandidate,
    catalog: Catalog,
    vouched: VouchedRelease,
    bucket: Bucket,
    stagings: Stagings,
    now: datetime,
) -> None:
    """Rebuild a payload that announces requirements, or lifts what is stopped, from live metadata and content.

    Raises VerificationError with what differs, StorageConflict when events require something else by now.
    """
    basis = _check_fields(candidate, catalog, vouched, stagings, now)
    current = bucket.published().roles[candidate.role].signed
    product, channel, expires = candidate.product, candidate.channel, candidate.signed.expires
    lifts, listed = new_lifts(candidate.signed, current), listed_brakes(bucket.live, candidate.role)
    if unknown := set(lifts) - {brake.id for brake in (*listed.holds, *listed.withdrawn)}:
        raise _planted(candidate, f"lifts {min(unknown)[:12]}, which brakes do not list")
    rebuilt = announcement(catalog, product, channel, current, bucket.read, basis.at, expires, lifts).targets
    if candidate.signed.targets != rebuilt.targets:
        raise void(candidate, "does not say what the events of the content require")
    if not says_the_same(candidate.signed, rebuilt):
        raise _planted(candidate, "differs from the live metadata in more than requirements and settings")


def _check_fields(
    candidate: ReleaseCandidate, catalog: Catalog, vouched: VouchedRelease, stagings: Stagings, now: datetime
) -> ApprovalBasis:
    """What any candidate of a channel may say beside its files: only what follows from elsewhere."""
    signed, basis = candidate.signed, candidate.approval_basis
    if basis is None or signed.unrecognized_fields[BASIS_FIELD] != approval_basis_field(basis):
        raise _planted(candidate, "has fields in its approval basis that this program does not write")
    if basis.people != people_digest(vouched.digests):
        raise _planted(candidate, "lists other checksum and signature files than the minisign key has signed")
    if unknown := sorted(set(signed.unrecognized_fields) - FIELDS):
        raise _planted(candidate, f"has {len(unknown)} signed fields that this program does not write")
    if not stagings.may_have(signed.version, candidate.digest):
        raise _planted(candidate, f"has version {signed.version}, which is not the next one")
    if signed.expires > now + role_policy(catalog.signers, candidate.role).expires + SKEW:
        raise _planted(candidate, "expires later than its role allows")
    if is_short_lived(candidate, catalog.signers, now):
        raise VerificationError(
            f"the candidate {candidate.digest[:12]} of {candidate.role} expires on {english.day(signed.expires)},"
            " which leaves people no time to renew it",
            fix="stage it again with --replace; it needs new signatures",
        )
    return basis


def _planted(candidate: ReleaseCandidate, why: str) -> VerificationError:
    return VerificationError(
        f"the candidate {candidate.digest[:12]} of {candidate.role} {why}",
        fix="find out who wrote to staging/, then stage it again with --replace",
    )
