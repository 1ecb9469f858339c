"""`publish status`: what is live, what is staged, who has signed, and what expires when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from publisher.channel.candidates.candidate import is_live, read_pointer, signed_by
from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.candidates.staged import StagedRelease
from publisher.channel.layout import channel_role
from publisher.channel.repository import Repository, silent_channels
from publisher.channel.roles import is_due
from publisher.channel.state import read_state
from publisher.channel.vanished_brakes import VanishedBrake
from publisher.errors import InputError, SigningError, StorageConflict, StorageForeign, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.configuration import Configuration
from publisher.model.content.advisory import Advisory
from publisher.model.records.channel_state import ChannelState
from publisher.pipeline.brakes.calendar import unsigned_freezes
from publisher.pipeline.brakes.vanished import find_vanished
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.rejected import refuse_rejected
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.ledger_append import unfinished, why_not_ours
from publisher.pipeline.operate.rollback_window import RollbackWindow, rollback_windows
from publisher.pipeline.release.announce import Unannounced, find_unannounced
from publisher.pipeline.release.approve import ReleaseReview, review
from publisher.pipeline.roles.change import StagedRole, under_way
from publisher.rules.unsafe_versions import broken_promises
from publisher.wire.stopping.brakes import Freeze
from publisher.wire.stopping.withdrawn import BACK_FIELD


@dataclass(frozen=True)
class RoleStatus:
    """One role's current metadata."""

    role: str
    version: int
    expires: datetime
    due: bool
    """Whether it should be renewed now."""
    expired: bool


@dataclass(frozen=True)
class CandidateStatus:
    """What a channel is working on."""

    candidate: ReleaseCandidate
    review: ReleaseReview | None
    """Who has approved it and what is missing; None when it is void, or when there is no content to judge it by."""
    void: str | None
    """Why nobody's approval can help it, such as that another base is live by now; None otherwise."""

    @property
    def ready(self) -> bool:
        """Whether everybody has approved who has to; the rules may still make it wait."""
        return self.review is not None and not self.review.missing


@dataclass(frozen=True)
class Status:
    """Everything about a bucket that somebody on call wants to see first."""

    state: ChannelState
    roles: tuple[RoleStatus, ...]
    candidates: tuple[CandidateStatus, ...]
    staged_roles: tuple[StagedRole, ...]
    """Changes of keys and renewals that wait for signatures, or to be made live."""
    shipped_by: dict[str, tuple[str, ...]]
    """Channel role -> persons who signed what is live."""
    unclear: str | None = None
    """Why changes of keys that are under way cannot be told, such as a role without any key; None when they can."""
    damaged: tuple[str, ...] = ()
    """Why it cannot be told what some channels work on."""
    announced: bool = True
    """Whether the ledger tells of what is live as of the newest; otherwise somebody published without us."""
    unfinished: VerificationError | None = None
    """That a change was announced and is not live; while that is so, a refresh signs nothing."""
    unannounced: tuple[Unannounced, ...] = ()
    """Channels whose signed feeds do not say what events of the content require."""
    unsigned_freezes: Mapping[str, tuple[Freeze, ...]] = field(default_factory=dict)
    """Channel role -> freezes of the calendar that clients are not told of yet."""
    rollback_windows: tuple[RollbackWindow, ...] = ()
    """Until when live releases can be taken back."""
    rolled_back: tuple[str, ...] = ()
    """Channel roles whose live metadata took a release back, and has the short life of rollback metadata."""
    silent: tuple[str, ...] = ()
    """Channel roles that clients offer nothing of, since metadata has expired."""
    broken_promises: tuple[Advisory, ...] = ()
    """Advisories whose promised details are missing; none where the content was not read."""
    vanished: tuple[VanishedBrake, ...] = ()
    """What brakes stopped once and stop no more, although nobody has lifted it."""

    @property
    def expired(self) -> tuple[str, ...]:
        return tuple(role.role for role in self.roles if role.expired)

    @property
    def sound(self) -> bool:
        """Whether clients accept what is live, it is ours, and it stays so."""
        return self.announced and self.unfinished is None and not self.silent and not self.vanished


def read_status(bucket: Bucket, configuration: Configuration, now: datetime) -> Status:
    """The bucket's verified state; judges what is staged if given a Catalog. Raises VerificationError, StorageError."""
    live = bucket.live
    candidates, damaged = _candidates(bucket, configuration, now)
    staged_roles, unclear = _under_way(bucket, configuration, now)
    promises = broken_promises(configuration, now) if isinstance(configuration, Catalog) else ()
    if live is None:
        nothing = ChannelState(read_at=now)
        return Status(nothing, (), candidates, staged_roles, {}, unclear, damaged, broken_promises=promises)
    roles = tuple(_roles(live, configuration, now))
    silent = {channel for role in roles if role.expired for channel in silent_channels(live, role.role)}
    return Status(
        state=read_state(bucket.read, live, now),
        roles=roles,
        candidates=candidates,
        staged_roles=staged_roles,
        unclear=unclear,
        damaged=damaged,
        shipped_by={role: tuple(signed_by(live, role)) for role in live.roles if "." in role},
        announced=why_not_ours(live, bucket.storage, configuration.signers) is None,
        unfinished=unfinished(live, bucket.storage, configuration.signers, now),
        unannounced=_unannounced(bucket, live, configuration, now),
        unsigned_freezes=_unsigned_freezes(live, configuration, now),
        rollback_windows=rollback_windows(live, bucket.read),
        rolled_back=tuple(
            role for role, metadata in sorted(live.roles.items()) if BACK_FIELD in metadata.signed.unrecognized_fields
        ),
        silent=tuple(sorted(silent)),
        broken_promises=promises,
        vanished=_vanished(bucket, now),
    )


def _vanished(bucket: Bucket, now: datetime) -> tuple[VanishedBrake, ...]:
    """Nothing where brakes cannot be read, which `publish verify` says."""
    try:
        return find_vanished(bucket, now)
    except VerificationError:
        return ()


def _unsigned_freezes(
    live: Repository, configuration: Configuration, now: datetime
) -> Mapping[str, tuple[Freeze, ...]]:
    unsigned = unsigned_freezes(configuration, live, now)
    return unsigned.by_channel if unsigned is not None else {}


def _unannounced(
    bucket: Bucket, live: Repository, configuration: Configuration, now: datetime
) -> tuple[Unannounced, ...]:
    """Nothing where the content has problems, or requires what no feed can hold: `publish announce` says so."""
    if not isinstance(configuration, Catalog):
        return ()
    try:
        return find_unannounced(configuration, bucket, live, now)
    except InputError:
        return ()


def _under_way(
    bucket: Bucket, configuration: Configuration, now: datetime
) -> tuple[tuple[StagedRole, ...], str | None]:
    """Changes of keys and renewals; what keys are short of hides nothing else."""
    try:
        return under_way(bucket, configuration, now), None
    except (SigningError, VerificationError, StorageForeign) as error:
        return (), error.what


def _candidates(
    bucket: Bucket, configuration: Configuration, now: datetime
) -> tuple[tuple[CandidateStatus, ...], tuple[str, ...]]:
    """What channels work on, and why that cannot be told of some; a damaged one hides nothing else."""
    candidates: list[CandidateStatus] = []
    damaged: list[str] = []
    roles = [
        channel_role(product.id, channel) for product in configuration.products.values() for channel in product.channels
    ]
    for role in roles:
        try:
            if read_pointer(bucket.read, role).release is None:
                continue
            staged = staged_release(bucket.storage, role, configuration.signers)
        except (VerificationError, StorageForeign) as error:
            damaged.append(error.what)
            continue
        if staged is not None and not is_live(staged.candidate, bucket.live):
            candidates.append(_candidate(staged, bucket, configuration, now))
    return tuple(candidates), tuple(damaged)


def _roles(live: Repository, configuration: Configuration, now: datetime) -> list[RoleStatus]:
    return [
        RoleStatus(
            role=role,
            version=part.version,
            expires=part.expires,
            due=is_due(configuration.signers, role, part, now),
            expired=part.expires <= now,
        )
        for role, (part, _) in live.signed.items()
    ]


def _candidate(staged: StagedRelease, bucket: Bucket, configuration: Configuration, now: datetime) -> CandidateStatus:
    candidate = staged.candidate
    try:
        refuse_rejected(candidate, bucket, configuration.signers)
    except StorageConflict as error:
        return CandidateStatus(candidate, None, error.what)
    except VerificationError:  # brakes that cannot be read, which `publish verify` says
        pass
    if not isinstance(configuration, Catalog):
        return CandidateStatus(candidate, None, None)
    catalog = configuration
    release = catalog.find(candidate.product, candidate.release)
    if release is None:
        return CandidateStatus(candidate, None, "the content no longer has this release")
    try:
        return CandidateStatus(candidate, review(release, candidate.channel, bucket, catalog, now), None)
    except (SigningError, StorageConflict, VerificationError) as error:
        return CandidateStatus(candidate, None, error.what)
