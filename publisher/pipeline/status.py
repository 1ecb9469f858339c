"""`publish status`: what is live, what is staged, who has signed, and what expires when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.channel.candidate import is_live, read_pointer, signed_by
from publisher.channel.layout import channel_role
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.channel.repository import Repository, read_repository
from publisher.channel.roles import is_due
from publisher.channel.state import read_state
from publisher.errors import StorageConflict, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.published import ChannelState
from publisher.pipeline.approve import Review, review
from publisher.pipeline.ledger import is_announced
from publisher.pipeline.reading import Readable, reader
from publisher.pipeline.rotate import StagedRole, under_way
from publisher.pipeline.staged import StagedRelease, staged_candidate
from publisher.pipeline.withdrawn import read_withdrawals


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
    review: Review | None
    """Who has approved it and what is missing; None when it is void."""
    void: str | None
    """Why nobody's approval can help it, such as that another base is live by now; None when it is sound."""

    @property
    def ready(self) -> bool:
        """Whether everybody has approved who has to; the rules may still make it wait."""
        return self.review is not None and not self.review.standing.missing


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
    announced: bool = True
    """Whether the ledger tells of what is live; otherwise somebody published without us."""


def read_status(storage: Readable, root: bytes, catalog: Catalog, now: datetime) -> Status:
    """Read and verify the bucket's state. Raises VerificationError, StorageError."""
    read = reader(storage)
    live = read_repository(read, root)
    candidates = tuple(
        _candidate(staged, storage, root, catalog, now)
        for product in catalog.products.values()
        for channel in product.channels
        if read_pointer(read, role := channel_role(product.id, channel)).release is not None
        and (staged := staged_candidate(storage, role, catalog.signers)) is not None
        and not is_live(staged.candidate, live)
    )
    if live is None:
        return Status(ChannelState(read_at=now), (), candidates, under_way(storage, root, catalog, now), {})
    return Status(
        state=read_state(read, live, read_withdrawals(storage, live, catalog.signers), now),
        roles=tuple(_roles(live, catalog, now)),
        candidates=candidates,
        staged_roles=under_way(storage, root, catalog, now),
        shipped_by={role: tuple(signed_by(live, role)) for role in live.roles if "." in role},
        announced=is_announced(live.stamp, storage),
    )


def _roles(live: Repository, catalog: Catalog, now: datetime) -> list[RoleStatus]:
    return [
        RoleStatus(
            role=role,
            version=signed.version,
            expires=signed.expires,
            due=is_due(catalog.signers, role, signed, now),
            expired=signed.expires <= now,
        )
        for role, (signed, _) in live.signed.items()
    ]


def _candidate(
    staged: StagedRelease, storage: Readable, root: bytes, catalog: Catalog, now: datetime
) -> CandidateStatus:
    candidate = staged.candidate
    release = catalog.find(candidate.product, candidate.release)
    if release is None:
        return CandidateStatus(candidate, None, "the content no longer has this release")
    try:
        return CandidateStatus(candidate, review(release, candidate.channel, storage, root, catalog, now), None)
    except (StorageConflict, VerificationError) as error:
        return CandidateStatus(candidate, None, error.what)
