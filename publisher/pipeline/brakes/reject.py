"""`publish approve --reject`: one person says no to a staged candidate, whatever signatures it has or gets.

Signatures cannot be taken back, and staging is nobody's word. So the no is signed by the role brakes: clients refuse
metadata of the channel that it names, whoever makes it live.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from publisher.channel.brakes import channel_brakes, with_brakes
from publisher.channel.candidates.candidate import payload_digest, read_pointer
from publisher.channel.layout import channel_role
from publisher.errors import InputError
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.numbering import read_stagings
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.pipeline.publication.until_it_lands import until_it_lands
from publisher.storage.protocol import Storage
from publisher.wire.stopping.brakes import BRAKES
from publisher.wire.version import Version


@dataclass(frozen=True)
class Rejection:
    """The candidate that somebody says no to, and why."""

    product: str
    channel: str
    version: Version
    candidate: str
    """SHA-256 of its payload."""
    because: str

    @property
    def role(self) -> str:
        return channel_role(self.product, self.channel)


@dataclass(frozen=True)
class RejectPlan:
    """Everything that rejecting writes; the timestamp last."""

    rejection: Rejection
    already: bool
    """Whether brakes reject it by now, so that nothing is left to do."""
    publication: Publication


def staged_digest(product: str, channel: str, version: Version, bucket: Bucket) -> str:
    """The candidate of this version that the channel works on. Raises InputError where it works on none."""
    role = channel_role(product, channel)
    pointer = read_pointer(bucket.read, role)
    if pointer.candidate is None or pointer.release != version:
        working_on = f"{role} is working on {pointer.release}" if pointer.release else "nothing is staged"
        raise InputError(
            f"{product}@{version} is not staged: {working_on}",
            fix="check what is staged with `publish status`; what is live is stopped by `publish hold`",
        )
    return pointer.candidate


def plan_reject(
    rejection: Rejection, configuration: Configuration, bucket: Bucket, keys: KeyRing, now: datetime
) -> RejectPlan:
    """Lay out what rejects the candidate, without writing.

    Raises InputError where it is live by now, SigningError when the keys of brakes, snapshot or timestamp are not here,
    StorageError when nothing is published yet, VerificationError.
    """
    live = bucket.published(fix="replace the candidate by another with `publish stage --replace`")
    current = live.roles.get(rejection.role)
    if current is not None and payload_digest(current.signed) == rejection.candidate:
        raise InputError(
            f"candidate {rejection.candidate[:12]} is live already, and clients would be left with nothing",
            fix=f"run `publish hold {rejection.product}@{rejection.version} --channel {rejection.channel}`",
        )
    if rejection.candidate in channel_brakes(live, rejection.role).rejected:
        return RejectPlan(rejection, True, Publication())
    content = with_brakes(live, rejection.role, now, rejected=(rejection.candidate,))
    metadata = bucket.advance(configuration.signers, keys.of, now).to(
        live.targets.signed, {}, {BRAKES: content}, signed_targets=live.targets
    )
    body = LedgerEntryBody.routine(
        LedgerAction.REJECT,
        configuration.policy_at(now),
        product=rejection.product,
        version=rejection.version,
        channel=rejection.channel,
        visibility=_visibility(rejection, bucket, configuration),
        candidate=rejection.candidate,
        because=rejection.because,
    )
    return RejectPlan(rejection, False, plan_publication(body, metadata, bucket, keys, now))


def _visibility(rejection: Rejection, bucket: Bucket, configuration: Configuration) -> Literal["public", "internal"]:
    """As the ledger tells of its staging; of a candidate that it does not know the public is told nothing."""
    stagings = read_stagings(rejection.role, bucket, configuration.signers).entries
    return next((entry.visibility for entry in stagings if entry.candidate == rejection.candidate), "internal")


def reject(
    rejection: Rejection,
    configuration: Configuration,
    storage: Storage,
    trusted_root: bytes,
    keys: KeyRing,
    clock: Callable[[], datetime],
) -> tuple[RejectPlan, Written]:
    """Plan and apply until it lands. Raises as `plan_reject`, and StorageConflict."""
    return until_it_lands(
        storage,
        trusted_root,
        lambda bucket: plan_reject(rejection, configuration, bucket, keys, clock()),
        lambda plan: plan.publication.apply(storage),
    )
