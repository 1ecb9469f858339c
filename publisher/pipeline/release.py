"""`publish release`: stage, sign with the keys at hand, promote, as one plan.

A killed run is finished by running the command again; until the flip, clients see the old state, whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidate import Staged, is_live, sign_candidate, signature_object
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.model.catalog import Catalog
from publisher.model.decision import Decision
from publisher.model.ledger import Action
from publisher.pipeline.deciding import Clock, ReleaseRequest
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects import PlannedObject
from publisher.pipeline.progress import Track, silent
from publisher.pipeline.promote import PromotePlan, PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.reading import Pending
from publisher.pipeline.stage import StagePlan, Supersede, apply_stage, plan_stage, staged_candidate
from publisher.pipeline.writing import Written, write_objects
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
        return (*self.stage.objects, *self.signatures, *self.promote.objects)

    @property
    def already_there(self) -> frozenset[str]:
        """Keys of the plan that the store has already."""
        return self.stage.already_there | self.promote.already_there

    @property
    def flips(self) -> bool:
        """Whether clients will see a difference."""
        return self.promote.flip is not None

    @property
    def nothing_to_do(self) -> bool:
        """Whether the store already says all of this."""
        return self.stage.candidate is None and self.stage.nothing_to_do and self.promote.nothing_to_do


def plan_release(
    request: ReleaseRequest,
    catalog: Catalog,
    storage: Storage,
    keys: KeyRing,
    now: datetime,
    *,
    replace: bool = False,
    track: Track = silent,
) -> ReleasePlan:
    """Stage, sign and promote on paper: nothing is written.

    Raises RefusedByPolicy, InputError, SigningError, VerificationError, StorageConflict.
    """
    supersede = Supersede.ANY if replace else Supersede.SAME_RELEASE
    stage = plan_stage(request, catalog, storage, keys, now, supersede, track)
    product, root = request.release.product, request.trusted_root
    promotion = PromoteRequest(product, request.channel, root, request.decide_at, Action.RELEASE)
    if stage.candidate is None:
        there = staged_candidate(storage, stage.role)
        # The channel offers all of this. A candidate that is live is done with; any other is not ours to promote.
        finished = there if there is not None and is_live(there.candidate, stage.live) else None
        return ReleasePlan(stage, (), plan_promote(promotion, finished, catalog, storage, keys, now))
    made = sign_candidate(stage.candidate, keys.of(stage.role))
    objects = (signature_object(stage.candidate, signature) for signature in made)
    signatures = tuple(PlannedObject.of(key, Body.from_bytes(data)) for key, data in objects)
    bodies = {one.key: one.body for one in (*stage.objects, *signatures) if one.body is not None}
    # A candidate that is taken up may have signatures already; a new one has none.
    there = staged_candidate(storage, stage.role) if stage.pointer is None else None
    staged = Staged(stage.candidate, (*(there.signatures if there else ()), *made))
    return ReleasePlan(stage, signatures, plan_promote(promotion, staged, catalog, Pending(storage, bodies), keys, now))


def add_signatures(staged: Staged[ReleaseCandidate], keys: KeyRing, storage: Storage) -> Staged[ReleaseCandidate]:
    """Sign a candidate with the keys at hand, and put the signatures beside it. Raises SigningError, StorageError."""
    candidate = staged.candidate
    made = sign_candidate(candidate, keys.of(candidate.role))
    objects = (signature_object(candidate, signature) for signature in made)
    write_objects([PlannedObject.of(key, Body.from_bytes(data)) for key, data in objects], storage, silent)
    return Staged(candidate, (*staged.signatures, *made))


def apply_release(
    plan: ReleasePlan, catalog: Catalog, storage: Storage, clock: Clock, track: Track = silent
) -> Written:
    """Stage, write the signatures, promote. Raises as `apply_stage` and `apply_promote` do."""
    written = apply_stage(plan.stage, storage, track)
    written = written.then(write_objects(plan.signatures, storage, silent))
    return written.then(apply_promote(plan.promote, catalog, storage, clock, track))
