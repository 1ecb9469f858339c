"""`publish approve PRODUCT@VERSION`: what a person reads before signing a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Key

from publisher.channel.candidates.announcement import announces
from publisher.channel.candidates.approval import Standing, statement_about
from publisher.channel.candidates.candidate import is_live, refuse_stale
from publisher.channel.candidates.evidence import with_evidence
from publisher.channel.candidates.release_candidate import check_basis, check_content
from publisher.channel.candidates.release_difference import release_difference
from publisher.channel.candidates.rollback_metadata import (
    NoRollback,
    RollbackMetadata,
    payloads_of,
    rollback_metadata,
)
from publisher.channel.candidates.staged import StagedRelease
from publisher.channel.feeds.previous import previous_releases
from publisher.channel.keys.rotation import keys_of
from publisher.channel.layout import channel_role
from publisher.channel.repository import Repository
from publisher.channel.roles import RELEASE_FIELD
from publisher.channel.stopped import holds, withdrawals
from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.approval import BuiltFile, Statement
from publisher.model.records.attested_fact import Fact
from publisher.model.records.decision import Decision
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.numbering import read_stagings, refuse_superseded
from publisher.pipeline.candidates.rebuild_check import (
    check_announcement,
    check_payload,
    published_files,
    vouched_files,
)
from publisher.pipeline.candidates.rejected import refuse_rejected
from publisher.pipeline.candidates.staged import approval_status, require_staged, staged_release
from publisher.pipeline.configured_targets import configured_roles
from publisher.pipeline.decide import evidence_of
from publisher.rules.engine.question import Question
from publisher.rules.engine.required_approvals import Needs, needs
from publisher.rules.evaluate import evaluate, nothing_ships
from publisher.rules.gate_order import BY_ID
from publisher.signing.public_keys import DUTY_FIELD


@dataclass(frozen=True)
class ReleaseReview:
    """A release's candidate as a person reads it before signing; a `CandidateReview`."""

    release: Release
    staged: StagedRelease
    files: tuple[PublishedFile, ...]
    """What it ships, as the minisign key vouches for it."""
    live: Repository | None
    difference: tuple[str, ...]
    """What changes for clients, in lines."""
    rollback: RollbackMetadata | NoRollback
    """What takes it back, signed together with it; or why nothing does."""
    decision: Decision
    """What the rules say now."""
    needs: Needs
    standing: Standing
    """Who has approved so far, and what is missing."""
    may_sign: Mapping[str, Key]
    payloads: Mapping[str, bytes]
    ships: bool
    """Whether it ships anything; else it only announces requirements, and no gate is asked."""
    built: tuple[BuiltFile, ...] = ()
    """How the files compare with a build of the reader's own; empty when nobody compared."""

    @property
    def takes_back_to(self) -> str | None:
        """The version that its rollback metadata leads to; None where it has none."""
        return self.rollback.back_to if isinstance(self.rollback, RollbackMetadata) else None

    @property
    def approved_by(self) -> tuple[str, ...]:
        return tuple(str(approval) for approval in self.standing.counted)

    @property
    def missing(self) -> tuple[str, ...]:
        return self.standing.missing

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        return self.needs.facts if key.unrecognized_fields.get(DUTY_FIELD) == Duty.OPERATIONS else ()

    def statement(self, keyid: str, facts: Mapping[Fact, str], at: datetime) -> Statement:
        return statement_about(self.staged.candidate, keyid, self.needs, facts, at, self.built)


def review(release: Release, channel: str, bucket: Bucket, catalog: Catalog, now: datetime) -> ReleaseReview:
    """Read and check a staged release. Raises InputError when it is not staged, StorageConflict when it is void."""
    storage, read, live = bucket.storage, bucket.read, bucket.live
    role = channel_role(release.product, channel)
    there = staged_release(storage, role, catalog.signers)
    if there is None or there.candidate.release != str(release.version) or is_live(there.candidate, live):
        _refuse_live(release, role, live)
    staged = require_staged(there, release, role)
    candidate = staged.candidate
    refuse_rejected(candidate, bucket, catalog.signers)
    refuse_stale(candidate, live)
    stagings = read_stagings(role, bucket, catalog.signers)
    refuse_superseded(candidate, stagings)
    offered = bucket.offered(release.product, channel)
    ships = not announces(candidate, live, read)
    if ships:
        vouched = vouched_files(candidate, catalog, release, storage)
        previous = previous_releases(catalog, release, channel, live, offered)
        check_content(candidate, catalog, release, vouched.files, previous, now)
        known = evidence_of(offered, vouched.files, withdrawals(live, release.product, read), holds(live, read))
        evidence = with_evidence(known, candidate, read)
        check_payload(candidate, catalog, release, vouched, evidence, bucket, offered, stagings, now)
        decision = evaluate(catalog, release, channel, now, evidence)
        needed = needs(Question(catalog, release, channel, evidence, now), decision, BY_ID)
    else:
        vouched = published_files(release, catalog, bucket, offered)
        check_basis(candidate, catalog, release, now)
        check_announcement(candidate, catalog, vouched, bucket, stagings, now)
        decision, needed = nothing_ships(catalog, release, channel, now), Needs()
    configured = configured_roles(catalog, now)
    back = rollback_metadata(candidate, release, catalog, live, read)
    return ReleaseReview(
        release=release,
        staged=staged,
        files=vouched.files,
        live=live,
        difference=release_difference(candidate, live, read),
        rollback=back,
        decision=decision,
        needs=needed,
        standing=approval_status(staged, configured, catalog, needed, now, now),
        may_sign=keys_of(configured, role),
        payloads=payloads_of(candidate, back),
        ships=ships,
    )


def _refuse_live(release: Release, role: str, live: Repository | None) -> None:
    """Raises InputError for a release that needs no approval any more."""
    current = live.roles.get(role) if live else None
    if current is not None and current.signed.unrecognized_fields.get(RELEASE_FIELD) == str(release.version):
        raise InputError(f"{release.id} is live already in {role}", fix="check what is staged with `publish status`")
