"""Rebuild a candidate from what others vouch for, and refuse it if it differs from what lies in staging.

Nothing in staging is trusted, and a candidate is never compared with itself: the files come from SHA256SUMS, which the
minisign key signed; words and dates from the content; what stays from the live state. A payload may say nothing else:
no other files, no delegation, no field that this program does not write, no longer life than it would be given here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publisher.channel.advance import says_the_same
from publisher.channel.candidates.candidate import SKEW, is_short_lived
from publisher.channel.candidates.release_candidate import PEOPLE, ReleaseCandidate, approval_basis_field, people_digest
from publisher.channel.repository import Repository, withdrawn_by
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, CHANGES_FIELD, RELEASE_FIELD, listed_targets, role_policy
from publisher.channel.signed_checksums import VouchedRelease, vouched_release
from publisher.errors import StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.evidence import Evidence
from publisher.pipeline.artifacts.platform_patterns import fits_pattern
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.candidates.numbering import Stagings
from publisher.pipeline.configured_targets import minisign_public
from publisher.pipeline.objects.planned import channel_listing
from publisher.rules import english
from publisher.rules.gates.technical.change_class import changed_classes
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.withdrawn import WITHDRAWN_FIELD

FIELDS = {RELEASE_FIELD, CHANGES_FIELD, BASIS_FIELD, BASE_FIELD, WITHDRAWN_FIELD}
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
    live: Repository | None,
    offered: Mapping[str, ParsedFeed],
    stagings: Stagings,
    now: datetime,
) -> None:
    """Rebuild the payload from files, evidence, content and live state. Raises VerificationError with what differs.

    `offered` are the feeds that are live. The candidate's own were compared with the content before (`check_content`).
    """
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
    listed, _ = channel_listing(catalog, release, candidate.channel, vouched.files, live, offered, basis.at)
    changed = changed_classes(catalog.products[release.product], evidence)
    if candidate.changed_classes != changed:
        raise _planted(candidate, "names other change classes than its evidence gives")
    current = live.roles.get(candidate.role) if live else None
    withdrawn = withdrawn_by(current.signed if current else None)
    if not says_the_same(signed, listed_targets(listed, candidate.release, signed.expires, changed, withdrawn)):
        raise _planted(candidate, "differs from what the release, its files and the live metadata give")


def _planted(candidate: ReleaseCandidate, why: str) -> VerificationError:
    return VerificationError(
        f"the candidate {candidate.digest[:12]} of {candidate.role} {why}",
        fix="find out who wrote to staging/, then stage it again with --replace",
    )
