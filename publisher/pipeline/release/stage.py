"""`publish stage`: decide -> hash -> sign for people -> feeds -> candidate. Clients see nothing of it.

Binaries and feeds go where clients will look for them, under names that nothing signed leads to yet; the candidate and
the files for people wait under staging/. The last write is the pointer that makes it the channel's candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tuf.api.metadata import Targets

from publisher.channel.advance import says_the_same
from publisher.channel.brakes import lifted_ids
from publisher.channel.candidates.candidate import (
    base_of,
    is_live,
    is_short_lived,
    number_is_its_own,
    read_candidate,
    refuse_stale,
)
from publisher.channel.candidates.evidence import evidence_objects
from publisher.channel.candidates.release_candidate import (
    PEOPLE,
    ReleaseCandidate,
    approval_basis_of,
    payload_of,
    people_digest,
    says_what_is_live,
)
from publisher.channel.candidates.staged import StagedRelease
from publisher.channel.layout import channel_role, release_key
from publisher.channel.manifests import MANIFEST_FILE, manifest_bytes
from publisher.channel.repository import Read, Repository, taken_back_fields
from publisher.channel.roles import listed_targets, role_policy
from publisher.channel.stopped import holds, withdrawals
from publisher.errors import InputError, StorageConflict, StorageForeign, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.model.records.candidate import ApprovalBasis, CandidateRecord
from publisher.model.records.channel_state import Manifest
from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.artifacts.built_files import collect, hash_files, total_size
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.candidates.numbering import Stagings, read_stagings
from publisher.pipeline.candidates.rejected import refuse_rejected
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.decide import ReleaseRequest, decide, evidence_of, require_go
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import Draft, append
from publisher.pipeline.objects.planned import (
    PlannedObject,
    channel_targets,
    files_for_people,
    pinned_key_object,
    published_artifact,
)
from publisher.pipeline.objects.writing import Written, already_there, occupied, write_objects
from publisher.pipeline.progress import Track, silent
from publisher.pipeline.publication.conflict_report import what_others_did
from publisher.pipeline.publication.staging_pointer import PointerVersion, point_to, read_pointer_version
from publisher.rules.evaluate import evaluate
from publisher.rules.gates.technical.change_class import changed_classes
from publisher.rules.unsafe_versions import lagging_floor, no_way_back
from publisher.storage.protocol import Body, Storage
from publisher.wire.version import Version


class Supersede(StrEnum):
    """What may happen to a candidate that is there already and differs."""

    NOTHING = "nothing"
    """It stays; staging refuses."""
    SAME_RELEASE = "same release"
    """One of the same version is replaced: `publish release`, which signs anew."""
    STALE = "stale"
    """One whose base is no longer live is replaced: --rebase."""
    ANY = "any"
    """--replace"""


@dataclass(frozen=True)
class NewPointer:
    """What makes a candidate the one that its role works on."""

    before: PointerVersion
    """What it replaces, if that is another candidate."""
    entry: Draft
    """What the ledger is told once it has."""


@dataclass(frozen=True)
class NewCandidate:
    """What a role shall work on."""

    candidate: ReleaseCandidate
    pointer: NewPointer | None
    """None when the role works on it already, and the ledger tells of it."""
    stagings: Stagings
    """What the ledger told of stagings."""


@dataclass(frozen=True)
class CandidatePlan:
    """Everything that staging a candidate will write, in order."""

    role: str
    """The channel role that is staged for."""
    decision: Decision
    bucket: Bucket
    """What the plan builds on."""
    candidate: ReleaseCandidate | None
    """None when clients see all of this already."""
    objects: tuple[PlannedObject, ...]
    pointer: NewPointer | None
    """None when the role's staging pointer stays."""
    already_there: frozenset[str]
    timestamp_life: timedelta
    """How long a timestamp is signed for."""

    @property
    def nothing_to_do(self) -> bool:
        return self.pointer is None and all(planned.key in self.already_there for planned in self.objects)


@dataclass(frozen=True)
class StagePlan(CandidatePlan):
    """Everything that staging will write, in order; no candidate when the channel offers all of this already."""

    request: ReleaseRequest
    stagings: Stagings | None
    """What the ledger told of stagings; None where nothing is staged."""
    ignored: tuple[str, ...]
    """Files of the artifacts directory that do not belong to the release."""
    platforms: tuple[str, ...]
    """Platforms that the release carries."""
    no_way_back: str | None
    """Why it gets no rollback metadata although there is a version before it, in words; None where it may get some."""


def plan_stage(
    request: ReleaseRequest,
    catalog: Catalog,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    supersede: Supersede = Supersede.NOTHING,
    track: Track = silent,
) -> StagePlan:
    """Decide, hash, sign for people and lay out the candidate, without writing.

    Raises RefusedByPolicy, InputError, SigningError, VerificationError, StorageConflict.
    """
    release, channel = request.release, request.channel
    storage = bucket.storage
    role = channel_role(release.product, channel)
    before = read_pointer_version(storage, role, replacing=supersede is Supersede.ANY)
    live = bucket.live
    offered = bucket.offered(release.product, channel)
    moment, withdrawn = request.decide_at or now, withdrawals(live, release.product, bucket.read)
    held = holds(live, bucket.read)
    known = evidence_of(offered, None, withdrawn, held).with_facts(request.evidence.facts, moment)
    if known.live != release.version:
        decide(catalog, release, channel, moment, known)

    collected = collect(release, request.artifacts, [other.version for other in catalog.releases_of(release.product)])
    with track("Hashing", total_size(collected)) as advance:
        hashed = hash_files(collected, advance)
    published = tuple(published_artifact(artifact) for artifact in hashed)
    manifest = Manifest(product=release.product, version=release.version, artifacts=published)
    refuse_other_bytes(release, manifest, storage)
    # Running a finished release again has nothing to do, also in a freeze; so what would stop it is asked further down.
    evidence = evidence_of(offered, published, withdrawn, held).with_facts(request.evidence.facts, moment)
    decision = evaluate(catalog, release, channel, moment, evidence)
    minisign = keys.minisign()
    people = files_for_people(release, hashed, manifest, minisign)
    targets = channel_targets(catalog, release, channel, hashed, bucket, offered, decision.at)
    expires = now + role_policy(catalog.signers, role).expires
    current = live.roles.get(role) if live else None
    taken_back = taken_back_fields(current.signed if current else None)
    changed = changed_classes(catalog.products[release.product], evidence)
    lifted = lifted_ids(live, role)
    listing = listed_targets(targets.listed, str(release.version), expires, changed, taken_back, lifted)

    shared = (*targets.objects, pinned_key_object(minisign.public_file()))
    new: NewCandidate | None = None
    if not says_what_is_live(listing, live, role):
        require_go(decision)
        refuse_lagging_floor(release, catalog)
        for_people = people_digest({name: body.sha256 for name, body in people})

        def basis(ledger: int) -> ApprovalBasis:
            evidence_digest = request.evidence.digest
            return approval_basis_of(catalog, release, decision.at, for_people, ledger, evidence_digest)

        new = new_candidate(listing, basis, release, decision, before, bucket, keys, now, supersede, catalog.signers)
        candidate = new.candidate
        shared = (
            *shared,
            *(PlannedObject.of(candidate.key(PEOPLE + name), body) for name, body in people),
            *(
                PlannedObject.of(key, Body.from_bytes(data), private=True)
                for key, data in evidence_objects(candidate, request.evidence).items()
            ),
            *(PlannedObject.of(key, Body.from_bytes(data)) for key, data in candidate.objects()),
        )
    return StagePlan(
        role=role,
        decision=decision,
        bucket=bucket,
        candidate=new.candidate if new else None,
        objects=shared,
        pointer=new.pointer if new else None,
        already_there=already_there(shared, storage),
        timestamp_life=role_policy(catalog.signers, "timestamp").expires,
        request=request,
        stagings=new.stagings if new else None,
        ignored=collected.ignored,
        platforms=tuple(artifact.platform for artifact in hashed),
        no_way_back=no_way_back(catalog, release.product, known.live) if new and known.live else None,
    )


def new_candidate(
    listing: Targets,
    basis_at: Callable[[int], ApprovalBasis],
    release: Release,
    decision: Decision,
    before: PointerVersion,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    supersede: Supersede,
    signers: Signers,
    lifts: tuple[str, ...] = (),
) -> NewCandidate:
    """The candidate that says `listing`, taken up from staging or made anew; `before` is what the role works on.

    `basis_at` gives what its approvals rest on, by the number of the ledger's last entry. The ledger is told the ids in
    `lifts`. Raises StorageConflict when the role works on something else that `supersede` spares, VerificationError,
    SigningError.
    """
    storage, read, live, role = bucket.storage, bucket.read, bucket.live, before.role
    # Whoever replaces what is there does not look at it, so that nothing that lies there can be in the way.
    staged = None if supersede is Supersede.ANY else staged_release(storage, role, signers)
    stagings = read_stagings(role, bucket, signers)
    basis = basis_at(stagings.head)
    candidate = _taken_up(staged, live, listing, basis, signers, now, read, stagings)
    if candidate is None:
        if staged is not None and not is_live(staged.candidate, live):
            _refuse_superseding(staged.candidate, release, live, supersede)
        record = CandidateRecord(staged_at=now, decision=decision.public())
        number = stagings.number_after(_number_pointed_to(before, role, read))
        candidate = ReleaseCandidate.parse(role, payload_of(listing, basis, live, role, number), record)
    refuse_rejected(candidate, bucket, signers)
    if before.pointer.candidate == candidate.digest and stagings.tell_of(candidate.digest):
        return NewCandidate(candidate, None, stagings)
    entry_body = LedgerEntryBody.of_decision(
        LedgerAction.STAGE,
        release,
        decision,
        candidate=candidate.digest,
        staged_over=before.sha256,
        lifts=lifts,
        base=live.stamp if live else None,
        roles={role: candidate.signed.version},
    )
    entry = Draft(entry_body, now, keys.for_ledger(role, online=False))
    return NewCandidate(candidate, NewPointer(before, entry), stagings)


def apply_stage(plan: CandidatePlan, storage: Storage, track: Track = silent) -> Written:
    """Write the plan's objects, swap the pointer, and last log it: so the last entry names the last candidate.

    Raises StorageConflict when another candidate was faster.
    """
    storage.prepare()
    written = write_objects(plan.objects, storage, track)
    if plan.pointer is None or (candidate := plan.candidate) is None:
        return written
    before, staged_at = plan.pointer.before, candidate.record.staged_at
    try:
        if before.pointer.candidate != candidate.digest:
            release = Version.parse(candidate.release)
            written = written.then(point_to(before, storage, candidate.digest, staged_at, release))
    except StorageConflict as error:
        others = what_others_did(plan.role, plan.bucket.trusted_root, plan.timestamp_life, storage)
        raise StorageConflict(
            f"somebody else has just staged or published; their changes were kept{others}",
            fix="check `publish status`, then run the command again",
        ) from error
    return written.then(append(plan.pointer.entry, storage))


def refuse_lagging_floor(release: Release, catalog: Catalog) -> None:
    """A release that fixes an advisory tells clients so: its feeds carry a floor above what is affected (R81)."""
    for advisory in catalog.advisories:
        if advisory.product == release.product and release.version in advisory.fixed_in:
            problem = lagging_floor(advisory, catalog.products[release.product])
            if problem is not None:
                what, fix = problem
                raise InputError(f"{release.id} fixes {advisory.id}, but {what}", fix=fix)


def refuse_other_bytes(release: Release, manifest: Manifest, storage: Readable) -> None:
    """A version is published once; the same version with other bytes needs a new number.

    What lies there is not believed: somebody without a key may have put it there.
    """
    key = release_key(release.product, str(release.version), MANIFEST_FILE)
    try:
        data = reader(storage)(key)
        if data is None or data == manifest_bytes(manifest):
            return
        before = {(artifact.file, artifact.sha256) for artifact in Manifest.model_validate_json(data).artifacts}
    except (StorageForeign, ValueError) as error:
        raise occupied(key) from error
    differing = [artifact.file for artifact in manifest.artifacts if (artifact.file, artifact.sha256) not in before]
    raise StorageConflict(
        f"{release.id} is already published with other bytes ({', '.join(differing) or 'another list of files'})",
        fix=occupied(key).fix,
    )


def _taken_up(
    staged: StagedRelease | None,
    live: Repository | None,
    listing: Targets,
    basis: ApprovalBasis,
    signers: Signers,
    now: datetime,
    read: Read,
    stagings: Stagings,
) -> ReleaseCandidate | None:
    """The candidate that is there, when it is what this run would make: then a run goes on with it.

    Nothing in staging is trusted. Taken up is only what says the same, on the same base, under a version that is free
    or that a killed run has written for it, and for no longer than we would sign for.
    """
    if staged is None:
        return None
    candidate = staged.candidate
    same = (
        stagings.may_have(candidate.signed.version, candidate.digest)
        and number_is_its_own(candidate, read)
        and says_the_same(candidate.signed, listing)
        and (old := candidate.approval_basis) is not None
        and old == basis.model_copy(update={"at": old.at, "ledger": old.ledger})
        and candidate.base == base_of(live, candidate.role)
        and not is_short_lived(candidate, signers, now)
        and candidate.signed.expires <= listing.expires
    )
    return candidate if same else None


def _number_pointed_to(before: PointerVersion, role: str, read: Read) -> int | None:
    """The number of the candidate that staging points to, of which the ledger may not have heard yet."""
    if before.pointer.candidate is None:
        return None
    with suppress(VerificationError, StorageForeign):
        return read_candidate(read, ReleaseCandidate, role, before.pointer.candidate).signed.version
    return None


def _refuse_superseding(
    candidate: ReleaseCandidate, release: Release, live: Repository | None, supersede: Supersede
) -> None:
    if supersede is Supersede.ANY:
        return
    if says_what_is_live(candidate.signed, live, candidate.role):
        return  # a renewal that waits for signatures: the release renews the role as well
    if supersede is Supersede.SAME_RELEASE and candidate.release == str(release.version):
        return
    if candidate.base != base_of(live, candidate.role):
        if supersede is Supersede.STALE:
            return
        refuse_stale(candidate, live)
    raise StorageConflict(
        f"{candidate.role} is working on {candidate.product} {candidate.release}, staged on"
        f" {candidate.record.staged_at:%Y-%m-%d at %H:%M} UTC (candidate {candidate.digest[:12]})",
        fix="promote that one first, or supersede it with --replace; its signatures are then void",
    )
