"""`publish release`: stage, sign with the keys at hand, promote, as one plan.

A killed run is finished by running the command again; until the flip, clients see the old state, whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidates.approval import Standing, statement_about, with_approval
from publisher.channel.candidates.candidate import is_live
from publisher.channel.candidates.rollback_metadata import payloads_of, rollback_metadata
from publisher.channel.candidates.staged import StagedRelease
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.bucket_reader import Pending
from publisher.pipeline.candidates.staged import added, approval_status, staged_release
from publisher.pipeline.configured_targets import configured_roles
from publisher.pipeline.decide import Clock, ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, refuse_occupied, write_objects
from publisher.pipeline.progress import Track, silent
from publisher.pipeline.release.promote import PromotePlan, PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import StagePlan, Supersede, apply_stage, plan_stage
from publisher.rules.engine.question import Question
from publisher.rules.engine.required_approvals import needs
from publisher.rules.evaluate import NO_EVIDENCE
from publisher.rules.gate_order import BY_ID
from publisher.signing.public_keys import public_key
from publisher.storage.protocol import Body, Storage


@dataclass(frozen=True)
class ReleasePlan:
    """Everything that will happen, in order. `--dry-run` prints it; applying it does nothing else."""

    stage: StagePlan
    signatures: tuple[PlannedObject, ...]
    promote: PromotePlan

    @property
    def decision(self) -> Decision:
        """The decision with the hashed files as evidence."""
        return self.stage.decision

    @property
    def objects(self) -> tuple[PlannedObject, ...]:
        """All objects that are written once, in the order of writing."""
        return (*self.stage.objects, *self.signatures, *self.promote.publication.objects)

    @property
    def already_there(self) -> frozenset[str]:
        return self.stage.already_there | self.promote.already_there

    @property
    def flips(self) -> bool:
        """Whether clients will see a difference."""
        return self.promote.publication.flip is not None

    @property
    def nothing_to_do(self) -> bool:
        return self.stage.candidate is None and self.stage.nothing_to_do and self.promote.nothing_to_do


def plan_release(
    request: ReleaseRequest,
    catalog: Catalog,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    *,
    replace: bool = False,
    track: Track = silent,
) -> ReleasePlan:
    """Stage, sign and promote on paper: nothing is written.

    Raises RefusedByPolicy, InputError, SigningError, VerificationError, StorageConflict, also where plain names of the
    version are taken.
    """
    supersede = Supersede.ANY if replace else Supersede.SAME_RELEASE
    stage = plan_stage(request, catalog, bucket, keys, now, supersede, track)
    storage = bucket.storage
    promotion = PromoteRequest(request.release.product, request.channel, request.decide_at, LedgerAction.RELEASE)
    if stage.candidate is None:
        there = staged_release(storage, stage.role, catalog.signers)
        # The channel offers all of this. A candidate that is live is done with; any other is not ours to promote.
        finished = there if there is not None and is_live(there.candidate, bucket.live) else None
        return ReleasePlan(stage, (), plan_promote(promotion, finished, catalog, bucket, keys, now))
    # A candidate that is taken up may have approvals already; a new one has none.
    there = staged_release(storage, stage.role, catalog.signers) if stage.pointer is None else None
    staged = there or StagedRelease(stage.candidate)
    # Nothing is written yet: what the candidate lists is read from the plan.
    planned_bucket = bucket.over(Pending(storage, _bodies(stage.objects)))
    approved = _approved(staged, request.release, stage, planned_bucket, catalog, keys, now)
    signatures = added(staged, approved)
    after = bucket.over(Pending(storage, _bodies((*stage.objects, *signatures))))
    promote = plan_promote(promotion, approved, catalog, after, keys, now, stage.stagings)
    refuse_occupied(promote.publication.objects, storage)
    return ReleasePlan(stage, signatures, promote)


def _bodies(objects: Iterable[PlannedObject]) -> dict[str, Body]:
    return {planned.key: planned.body for planned in objects if planned.body is not None}


def _approved(
    staged: StagedRelease,
    release: Release,
    stage: StagePlan,
    bucket: Bucket,
    catalog: Catalog,
    keys: KeyRing,
    now: datetime,
) -> StagedRelease:
    """With the approval of everybody whose key is here and whose approval does not count yet; nobody attests anything.

    Nobody is asked for a passphrase once nothing is missing.
    """
    moment = stage.request.decide_at or now
    needed = needs(Question(catalog, release, stage.request.channel, NO_EVIDENCE, moment), stage.decision, BY_ID)
    configured = configured_roles(catalog, now)

    def standing() -> Standing:
        return approval_status(staged, configured, catalog, needed, moment, now)

    counted = {approval.key.keyid for approval in standing().counted}
    policy = catalog.signers.policy_of(stage.role)
    duties = {*needed.duties, *(policy.duties if policy else ())}
    signers = [signer for signer in catalog.signers.keys_of(stage.role) if public_key(signer).keyid not in counted]
    signers.sort(key=lambda signer: signer.duty not in duties)
    candidate = staged.candidate
    back = rollback_metadata(candidate, release, catalog, bucket.live, bucket.read)
    payloads = payloads_of(candidate, back)
    for key in keys.one_by_one(signers, lambda: bool(standing().missing)):
        statement = statement_about(candidate, key.public_key.keyid, needed, {}, now)
        staged = with_approval(staged, payloads, key, statement)
    return staged


def apply_release(
    plan: ReleasePlan, catalog: Catalog, storage: Storage, clock: Clock, track: Track = silent
) -> Written:
    """Stage, write the signatures, promote. Raises as `apply_stage` and `apply_promote` do."""
    written = apply_stage(plan.stage, storage, track)
    written = written.then(write_objects(plan.signatures, storage, silent))
    return written.then(apply_promote(plan.promote, catalog, storage, clock, track))
