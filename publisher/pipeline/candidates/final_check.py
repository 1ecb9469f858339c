"""The last word before a release goes live: the rules decide once more, and approvals are counted by what they ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.advance import only_good_signatures, says_enough, to_bytes
from publisher.channel.candidates.approval import require
from publisher.channel.candidates.release_candidate import check_basis, check_content
from publisher.channel.candidates.rollback_metadata import NoRollback, rollback_metadata
from publisher.channel.candidates.staged import StagedRelease
from publisher.channel.feeds.previous import previous_releases
from publisher.channel.layout import back_key, target_key
from publisher.channel.repository import Read, Repository, parse
from publisher.errors import ApprovalsMissing, StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.staged import approval_status
from publisher.pipeline.configured_targets import configured_roles
from publisher.pipeline.decide import decide
from publisher.pipeline.objects.planned import PlannedObject
from publisher.rules.engine.question import Question
from publisher.rules.engine.required_approvals import Needs, needs
from publisher.rules.evaluate import nothing_ships
from publisher.rules.gate_order import BY_ID
from publisher.storage.protocol import Body


@dataclass(frozen=True)
class Permit:
    """A yes of the rules and of the people who had to approve."""

    decision: Decision
    approved_by: tuple[str, ...]
    """Persons with their duties."""


def permitted(
    staged: StagedRelease,
    catalog: Catalog,
    release: Release,
    evidence: Evidence,
    bucket: Bucket,
    moment: datetime,
    now: datetime,
    *,
    ships: bool,
) -> Permit:
    """Decide for `moment`, and count the approvals by what that needs; `now` is the time of day.

    `bucket` has the feeds that are live, from which the candidate's previous releases follow.
    A candidate that `ships` nothing, as its bytes have shown, is asked for the threshold and the duties of its role.
    Raises RefusedByPolicy, StorageConflict when the content has changed since it was signed, ApprovalsMissing.
    """
    channel = staged.candidate.channel
    if ships:
        decision = decide(catalog, release, channel, moment, evidence)
        offered = bucket.offered(release.product, channel)
        previous = previous_releases(catalog, release, channel, bucket.live, offered)
        check_content(staged.candidate, catalog, release, evidence.artifacts or (), previous, moment)
        needed = needs(Question(catalog, release, channel, evidence, moment), decision, BY_ID)
    else:
        decision = nothing_ships(catalog, release, channel, moment)
        check_basis(staged.candidate, catalog, release, moment)
        needed = Needs()
    status = approval_status(staged, configured_roles(catalog, now), catalog, needed, moment, now)
    require(status, f"{release.id} in {channel}", needed)
    return Permit(decision, tuple(str(approval) for approval in status.counted))


def kept_rollback_metadata(
    staged: StagedRelease, release: Release, catalog: Catalog, live: Repository | None, read: Read, now: datetime
) -> tuple[PlannedObject, ...]:
    """The signed rollback metadata, kept for as long as the release may be taken back, with the feeds that only it has.

    What a killed run kept stays. Raises ApprovalsMissing.
    """
    rollback = rollback_metadata(staged.candidate, release, catalog, live, read)
    if isinstance(rollback, NoRollback):
        return ()
    unsigned = rollback.metadata
    role = staged.candidate.role
    configured = configured_roles(catalog, now)
    metadata = only_good_signatures(role, staged.signed_rollback_metadata(unsigned), configured)
    if not says_enough(configured, role, metadata):
        raise ApprovalsMissing(
            f"the rollback metadata of {release.id} lacks signatures; it is signed together with the release",
            fix="ask those who signed the release to run `publish approve` again",
        )
    key = back_key(role, staged.candidate.digest)
    kept = read(key)
    if kept is not None and not _is_whole(kept, metadata.signed, configured, role):
        raise StorageConflict(
            f"{key} is not the rollback metadata that was signed",
            fix="find out who wrote to back/, then stage the release again with --replace",
        )
    data = kept if kept is not None else to_bytes(metadata)
    feeds = [(path, Body.from_bytes(feed)) for path, feed in rollback.feeds.items()]
    return (
        PlannedObject.of(key, Body.from_bytes(data), private=True),  # first: it says what the feeds are for
        *(PlannedObject.of(target_key(path, body.sha256), body) for path, body in feeds),
    )


def _is_whole(data: bytes, payload: Targets, configured: Targets, role: str) -> bool:
    """Whether this is the rollback metadata, signed by all who have to."""
    try:
        metadata = parse(data, Targets, "the rollback metadata")
    except VerificationError:
        return False
    return metadata.signed == payload and says_enough(configured, role, metadata)
