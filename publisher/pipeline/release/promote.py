"""`publish promote`: decide again -> signatures, persons, duties -> plain names -> metadata -> flip -> verify.

`timestamp.json` is swapped last; that swap is the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.candidates.announcement import announces, new_lifts
from publisher.channel.candidates.candidate import is_live, refuse_stale
from publisher.channel.candidates.evidence import with_evidence
from publisher.channel.candidates.release_candidate import PEOPLE, ReleaseCandidate
from publisher.channel.candidates.staged import StagedRelease
from publisher.channel.layout import (
    artifact_target,
    channel_role,
    metadata_key,
    release_key,
    target_key,
)
from publisher.channel.manifests import SIGNATURE_SUFFIX, SUMS_FILE
from publisher.channel.repository import Read
from publisher.channel.roles import role_policy
from publisher.channel.signed_checksums import VouchedRelease
from publisher.channel.stopped import holds, withdrawals
from publisher.errors import InputError, StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.final_check import kept_rollback_metadata, permitted
from publisher.pipeline.candidates.numbering import Stagings, read_stagings, refuse_superseded
from publisher.pipeline.candidates.rebuild_check import (
    check_announcement,
    check_payload,
    published_files,
    vouched_files,
)
from publisher.pipeline.candidates.rejected import refuse_rejected
from publisher.pipeline.configured_targets import configured_roles
from publisher.pipeline.decide import Clock, evidence_of
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import LARGE, Written, already_there, write_objects
from publisher.pipeline.operate.verify import verify_planned
from publisher.pipeline.progress import Track, silent
from publisher.pipeline.publication.commit import commit
from publisher.pipeline.publication.conflict_report import what_others_did
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.self_check import update_as_client, verify_as_client
from publisher.pipeline.publication.staging_pointer import clear_pointer
from publisher.pipeline.roles.change import signed_first_targets
from publisher.signing.digests import digest_bytes
from publisher.storage.protocol import Body, Storage
from publisher.wire.version import Version


@dataclass(frozen=True)
class PromoteRequest:
    """Which channel is to be flipped."""

    product: str
    channel: str
    decide_at: datetime | None = None
    """As in ReleaseRequest."""
    action: LedgerAction = LedgerAction.PROMOTE
    """As what the ledger names it."""

    @property
    def role(self) -> str:
        return channel_role(self.product, self.channel)


@dataclass(frozen=True)
class PromotePlan:
    """Everything that promotion will write, in order; the timestamp last."""

    request: PromoteRequest
    bucket: Bucket
    """What the plan builds on."""
    release: Release | None
    decision: Decision | None
    """None when nothing is promoted, and freshness is renewed at most."""
    evidence: Evidence
    """What the channel offered when this was planned."""
    staged: StagedRelease | None
    """What is promoted, with its approvals; None when nothing is."""
    ships: bool
    """Whether what is promoted ships anything; else it only announces requirements."""
    to_verify: tuple[Release, tuple[str, ...]] | None
    """What is verified as a new client, and for which platforms; also when an earlier run died before it could."""
    publication: Publication
    """Metadata comes before the plain names, so that at no moment something lies there that no channel vouches for."""
    done_with: str | None
    """Digest of the candidate that the channel need not work on any more afterwards."""
    already_there: frozenset[str]
    first_targets: str | None = None
    """Digest of the candidate of `targets` that goes live with the first release; None when there is none."""

    @property
    def candidate(self) -> ReleaseCandidate | None:
        return self.staged.candidate if self.staged else None

    @property
    def nothing_to_do(self) -> bool:
        return self.publication.flip is None and self.done_with is None


def plan_promote(
    request: PromoteRequest,
    staged: StagedRelease | None,
    catalog: Catalog,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    stagings: Stagings | None = None,
) -> PromotePlan:
    """Check everything that promotion needs and lay out what it writes, without writing.

    `stagings` are what the ledger told when the candidate was planned in the same run; else it is read.

    Without a candidate (or with one that is live already) this renews what is due. Raises RefusedByPolicy,
    SigningError, VerificationError, StorageConflict.
    """
    storage, read, live = bucket.storage, bucket.read, bucket.live
    candidate = staged.candidate if staged else None
    fresh = staged is not None and not is_live(staged.candidate, live)

    release = decision = None
    ships = True
    body = LedgerEntryBody.routine(LedgerAction.REFRESH, catalog.policy_at(request.decide_at or now))
    evidence = Evidence()
    platforms: tuple[str, ...] = ()
    signed: dict[str, Metadata[Targets]] = {}
    plain: tuple[PlannedObject, ...] = ()
    if staged is not None and fresh:
        refuse_rejected(staged.candidate, bucket, catalog.signers)
        refuse_stale(staged.candidate, live)
        release = _release_of(staged.candidate, catalog)
        moment = request.decide_at or now
        offered = bucket.offered(request.product, request.channel)
        stagings = stagings or read_stagings(request.role, bucket, catalog.signers)
        if request.action is LedgerAction.PROMOTE:  # else this run stages it, and the ledger hears of it when it does
            refuse_superseded(staged.candidate, stagings)
        if ships := not announces(staged.candidate, live, read):
            vouched = vouched_files(staged.candidate, catalog, release, storage)
            platforms = tuple(file.platform for file in vouched.files)
            withdrawn = withdrawals(live, release.product, read)
            evidence = with_evidence(
                evidence_of(offered, vouched.files, withdrawn, holds(live, read)), staged.candidate, read
            )
        else:
            vouched = published_files(release, catalog, bucket, offered)
        permit = permitted(staged, catalog, release, evidence, bucket, moment, now, ships=ships)
        if ships:
            check_payload(staged.candidate, catalog, release, vouched, evidence, bucket, offered, stagings, now)
        else:
            check_announcement(staged.candidate, catalog, vouched, bucket, stagings, now)
        decision = permit.decision
        digest, approved_by = staged.candidate.digest, permit.approved_by
        current = live.roles.get(request.role) if live else None
        body = LedgerEntryBody.of_decision(
            request.action,
            release,
            decision,
            candidate=digest,
            approved_by=approved_by,
            lifts=new_lifts(staged.candidate.signed, current.signed if current else None),
        )
        signed[request.role] = staged.metadata
        plain = (
            *kept_rollback_metadata(staged, release, catalog, live, read, now),
            *(_plain_names(staged.candidate, vouched, read) if ships else ()),
        )

    elif staged is not None:
        platforms = tuple(
            platform
            for platform, feed in bucket.offered(request.product, request.channel).items()
            if feed.release is not None and str(feed.release.version) == staged.candidate.release
        )
    shipped = catalog.find(staged.candidate.product, staged.candidate.release) if staged else None

    first = signed_first_targets(bucket, catalog, now) if live is None else None
    targets = first.signed if first is not None else configured_roles(catalog, now)
    metadata = bucket.advance(catalog.signers, keys.of, now).to(targets, signed, signed_targets=first)
    first_root = PlannedObject.of(metadata_key("root", 1), Body.from_bytes(bucket.trusted_root))
    publication = plan_publication(
        body, metadata, bucket, keys, now, before=[first_root] if live is None else [], after=plain
    )
    return PromotePlan(
        request=request,
        bucket=bucket,
        release=release,
        decision=decision,
        evidence=evidence,
        staged=staged if fresh else None,
        to_verify=(shipped, platforms) if shipped is not None and platforms else None,
        publication=publication,
        ships=ships,
        done_with=candidate.digest if candidate else None,
        already_there=already_there(publication.objects, storage),
        first_targets=digest_bytes(to_bytes(Metadata(first.signed))).sha256 if first is not None else None,
    )


def apply_promote(
    plan: PromotePlan, catalog: Catalog, storage: Storage, clock: Clock, track: Track = silent
) -> Written:
    """Write the plan's objects, decide at the moment of the flip, log it, swap the timestamp, verify as a new client.

    Raises StorageConflict when somebody published meanwhile, RefusedByPolicy when the answer has changed meanwhile.
    """
    request, bucket = plan.request, plan.bucket.over(storage)
    objects, trusted_root = plan.publication.objects, bucket.trusted_root
    _refuse_superseded(plan, catalog, bucket)
    written = write_objects(objects, storage, track)
    if (flip := plan.publication.flip) is not None:
        now = clock()
        if plan.release is not None and plan.staged is not None:
            moment = request.decide_at or now
            permit = permitted(plan.staged, catalog, plan.release, plan.evidence, bucket, moment, now, ships=plan.ships)
            flip = flip.with_decision(permit.decision, now)
            copies = {planned.key: planned.copy_of for planned in objects if planned.copy_of is not None}
            verify_planned(storage, flip.timestamp, copies, trusted_root, bucket.live, now)
            # Once more: storing and verifying take a while, and somebody may have replaced a bad build meanwhile.
            _refuse_superseded(plan, catalog, bucket)
        try:
            written = commit(flip, storage, written)
        except StorageConflict as error:
            life = role_policy(catalog.signers, "timestamp").expires
            others = what_others_did(request.role, trusted_root, life, storage)
            raise StorageConflict(error.what + others, fix=error.fix) from error
    if plan.to_verify is not None:
        release, platforms = plan.to_verify
        product, version = release.product, str(release.version)
        verify_as_client(storage, trusted_root, product, version, request.channel, platforms, clock())
    if plan.candidate is not None and not plan.ships:
        feeds_listed = [path for path in plan.candidate.signed.targets if path.startswith("feed/")]
        update_as_client(storage, trusted_root, feeds_listed, clock(), live="the requirements are live")
    if plan.done_with is not None:
        written = written.then(clear_pointer(request.role, plan.done_with, storage))
    if plan.first_targets is not None:
        written = written.then(clear_pointer(Targets.type, plan.first_targets, storage))
    return written


def _refuse_superseded(plan: PromotePlan, catalog: Catalog, bucket: Bucket) -> None:
    if plan.staged is not None:
        refuse_superseded(plan.staged.candidate, read_stagings(plan.request.role, bucket, catalog.signers))


def live_version(request: PromoteRequest, bucket: Bucket) -> Version | None:
    """What the channel offers now. Raises VerificationError."""
    return evidence_of(bucket.offered(request.product, request.channel)).live


def _release_of(candidate: ReleaseCandidate, catalog: Catalog) -> Release:
    release = catalog.find(candidate.product, candidate.release)
    if release is None:
        raise InputError(
            f"{candidate.product} {candidate.release} is staged, but the content no longer has it",
            fix="bring its YAML back, or stage another release with --replace",
        )
    return release


def _plain_names(candidate: ReleaseCandidate, vouched: VouchedRelease, read: Read) -> tuple[PlannedObject, ...]:
    """Copies to releases/PRODUCT/VERSION/: the binaries, and the files for people as the minisign key vouches for them.

    The bytes of the latter are kept, so that what is stored is what was proven. Raises VerificationError.
    """
    product, channel, version = candidate.product, candidate.channel, candidate.release
    objects = [
        *(
            PlannedObject.of(release_key(product, version, name), Body.from_bytes(data))
            for name, data in _people_files(candidate, vouched, read)
        ),
        *(
            PlannedObject(
                release_key(product, version, file.file),
                file.size,
                file.sha256,
                copy_of=target_key(artifact_target(product, channel, version, file.file), file.sha256),
            )
            for file in vouched.files
        ),
    ]
    return tuple(sorted(objects, key=_signed_list_first))


def _people_files(candidate: ReleaseCandidate, vouched: VouchedRelease, read: Read) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of the files for people; whatever else lies beside them is not looked at."""
    for name, sha256 in sorted(vouched.digests.items()):
        data = vouched.documents.get(name)
        if data is None:
            data = read(candidate.key(PEOPLE + name))
        if data is None or digest_bytes(data).sha256 != sha256:
            raise VerificationError(
                f"{name} of the candidate is missing or does not fit", fix="stage the release again with --replace"
            )
        yield name, data


def _signed_list_first(planned: PlannedObject) -> tuple[bool, bool, bool, str]:
    """SHA256SUMS and its signature come first, so that at no moment a file lies there that nothing vouches for.

    Large files come last and together, so that they can be copied at once.
    """
    name = planned.key.rpartition("/")[2]
    return name != SUMS_FILE + SIGNATURE_SUFFIX, name != SUMS_FILE, planned.size >= LARGE, name
