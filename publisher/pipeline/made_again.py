"""Nothing is signed or shipped but what was shown: a candidate's payload is made again, and has to be the same.

What lies in staging is nobody's word, and a review shows what a release says. So a payload may say nothing else: no
other files, no delegation, no field that this program does not write, no other life than it would be given here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publisher.channel.advance import says_the_same
from publisher.channel.approval import SKEW
from publisher.channel.candidate import is_short_lived, next_free_version
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.channel.repository import Read, Repository
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, CHANGES_FIELD, RELEASE_FIELD, listed_targets, role_policy
from publisher.client.feed import Feed
from publisher.errors import VerificationError
from publisher.model.catalog import Catalog
from publisher.model.evidence import ArtifactFact
from publisher.model.published import PublishedArtifact
from publisher.model.release import Release
from publisher.pipeline.objects import channel_listing
from publisher.rules import words

FIELDS = {RELEASE_FIELD, CHANGES_FIELD, BASIS_FIELD, BASE_FIELD}
"""Signed fields of a candidate that are ours; each is checked where it is read."""


def refuse_other_payload(
    candidate: ReleaseCandidate,
    catalog: Catalog,
    release: Release,
    files: Sequence[ArtifactFact],
    live: Repository | None,
    offered: Mapping[str, Feed],
    read: Read,
    now: datetime,
) -> None:
    """Make the payload again from `files`, the content and what is live. Raises VerificationError with what differs.

    Its feeds have been compared with the content before (`refuse_other_content`).
    """
    signed, basis, changes = candidate.metadata.signed, candidate.basis, candidate.changes
    if basis is None or signed.unrecognized_fields[BASIS_FIELD] != basis.model_dump(mode="json"):
        raise _planted(candidate, "says more of what it rests on than this program writes")
    if unknown := sorted(set(signed.unrecognized_fields) - FIELDS):
        raise _planted(candidate, f"has {len(unknown)} signed fields that this program does not write")
    current = live.roles.get(candidate.role) if live else None
    if not (current.signed.version if current else 0) < signed.version <= next_free_version(live, candidate.role, read):
        raise _planted(candidate, f"has the number {signed.version}, which is not the next one")
    lifetime = role_policy(catalog.signers, candidate.role).expires
    if signed.expires > now + lifetime + SKEW:
        raise _planted(candidate, "would live longer than its role may")
    if is_short_lived(candidate, lifetime, now):
        raise VerificationError(
            f"the candidate {candidate.digest[:12]} of {candidate.role} expires on {words.day(signed.expires)},"
            " too soon for people to renew it before clients are stranded",
            fix="stage it again with --replace; it needs new signatures",
        )
    artifacts = [
        PublishedArtifact(file=one.file, platform=one.platform, size=one.size, sha256=one.sha256) for one in files
    ]
    listed, _ = channel_listing(catalog, release, candidate.channel, artifacts, live, offered, basis.at)
    classes = None if changes is None else [str(one) for one in changes.classes or ()]
    if not says_the_same(signed, listed_targets(listed, candidate.release, signed.expires, classes)):
        raise _planted(candidate, "lists or says other things than the release, its files and what stays")


def _planted(candidate: ReleaseCandidate, why: str) -> VerificationError:
    return VerificationError(
        f"the candidate {candidate.digest[:12]} of {candidate.role} {why}",
        fix="this program did not stage it so: find out who wrote to staging, then stage it again with --replace",
    )
