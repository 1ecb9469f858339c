"""`publish status`: what is live, what is staged, who has signed, and what expires when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import says_enough
from publisher.channel.candidate import Staged, base_of, is_live, signed_by, signers_of
from publisher.channel.layout import channel_role
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.channel.repository import Repository, read_repository
from publisher.channel.roles import is_due, role_policy, targets_role
from publisher.channel.state import read_state
from publisher.model.catalog import Catalog
from publisher.model.published import ChannelState
from publisher.pipeline.promote import minisign_public
from publisher.pipeline.reading import Readable, reader
from publisher.pipeline.stage import staged_candidate


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
    stale: bool
    """Whether another base is live than the one that it was made for."""
    signed_by: tuple[str, ...]
    """Persons with their duties whose signatures verify."""
    ready: bool
    """Whether threshold, persons and duties are satisfied."""


@dataclass(frozen=True)
class Status:
    """Everything about a bucket that somebody on call wants to see first."""

    state: ChannelState
    roles: tuple[RoleStatus, ...]
    candidates: tuple[CandidateStatus, ...]
    shipped_by: dict[str, tuple[str, ...]]
    """Channel role -> persons who signed what is live."""


def read_status(storage: Readable, root: bytes, catalog: Catalog, now: datetime) -> Status:
    """Read and verify the bucket's state. Raises VerificationError, StorageError."""
    read = reader(storage)
    live = read_repository(read, root)
    candidates = tuple(
        _candidate(staged, live, catalog, now)
        for product in catalog.products.values()
        for channel in product.channels
        if (staged := staged_candidate(storage, channel_role(product.id, channel))) is not None
        and not is_live(staged.candidate, live)
    )
    if live is None:
        return Status(ChannelState(read_at=now), (), candidates, {})
    return Status(
        state=read_state(read, live, now),
        roles=tuple(_roles(live, catalog, now)),
        candidates=candidates,
        shipped_by={role: tuple(signed_by(live, role)) for role in live.roles if "." in role},
    )


def _roles(live: Repository, catalog: Catalog, now: datetime) -> list[RoleStatus]:
    return [
        RoleStatus(
            role=role,
            version=signed.version,
            expires=signed.expires,
            due=is_due(signed, role, role_policy(catalog.signers, role).expires, now),
            expired=signed.expires <= now,
        )
        for role, (signed, _) in live.signed.items()
    ]


def _candidate(
    staged: Staged[ReleaseCandidate], live: Repository | None, catalog: Catalog, now: datetime
) -> CandidateStatus:
    targets: Metadata[Targets] = (
        live.targets if live else Metadata(targets_role(catalog, minisign_public(catalog), now))
    )
    candidate = staged.candidate
    return CandidateStatus(
        candidate=candidate,
        stale=candidate.base != base_of(live, candidate.role),
        signed_by=tuple(signers_of(targets, candidate.role, staged.onto(candidate.metadata))),
        ready=says_enough(targets, candidate.role, staged.onto(candidate.metadata)),
    )
