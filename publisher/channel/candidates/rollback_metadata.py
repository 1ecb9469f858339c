"""The metadata that takes a release back: signed together with the candidate that ships it, or that announces on it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Targets

from publisher.channel.advance import only_good_signatures, says_enough
from publisher.channel.brakes import lift, lifted_in
from publisher.channel.candidates.announcement import announces
from publisher.channel.candidates.candidate import BACK, SIGNATURES, base_named, payload_digest
from publisher.channel.candidates.release_candidate import ReleaseCandidate, feeds_of
from publisher.channel.feeds.feed_requirements import announced_fields
from publisher.channel.feeds.required_anew import feeds_announced_anew, list_instead
from publisher.channel.layout import back_key
from publisher.channel.repository import Read, Repository, parse, taken_back_fields
from publisher.channel.roles import BASE_FIELD, RELEASE_FIELD, role_policy
from publisher.errors import VerificationError
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.candidate import ApprovalBasis
from publisher.rules.unsafe_versions import unsafe_by
from publisher.wire.feed_words import BackState
from publisher.wire.stopping.withdrawn import BACK_FIELD, BACK_STATE_FIELD
from publisher.wire.version import Version


@dataclass(frozen=True)
class RollbackMetadata:
    """What takes a release back, without signatures."""

    metadata: Metadata[Targets]
    feeds: Mapping[str, bytes]
    """Feeds that it lists and that were never live, by target path: taking back a release cancels no requirement."""

    @property
    def back_to(self) -> str:
        """The version that new clients get from then on."""
        return str(self.metadata.signed.unrecognized_fields.get(RELEASE_FIELD))


@dataclass(frozen=True)
class NoRollback:
    """That a release goes live without rollback metadata."""

    because: str
    """Why, as a clause."""


def rollback_metadata(
    candidate: ReleaseCandidate, release: Release, catalog: Catalog, live: Repository | None, read: Read
) -> RollbackMetadata | NoRollback:
    """What takes the release back: what is live now, as the version after the candidate, and on it only.

    Where the candidate only announces requirements, what took the live release back before does so again. Requirements
    are those of the candidate, so that whoever goes back is asked for the same.

    It follows from the candidate and from what it replaces, so whoever signs the candidate knows it. None is made where
    there is nothing to go back to, going back is forbidden or leads to an unsafe version, or the policy does not ask
    for it. Raises VerificationError when a feed that it leads to cannot be read.
    """
    current = live.roles.get(candidate.role) if live else None
    basis = candidate.approval_basis
    if live is None or current is None:
        return NoRollback("nothing was live before it")
    if release.back_state is BackState.FORBIDDEN:
        return NoRollback(f'users must not go back from it: "{release.back_forbidden_because}"')
    followed = basis.policy if basis is not None else None
    policy = next((policy for policy in catalog.policies if policy.digest() == followed), None)
    if basis is None or policy is None:
        return NoRollback("the content does not have the policy that it was staged under")
    before: Targets | None = current.signed
    if announces(candidate, live, read):
        before = stored_rollback(candidate.role, current, live, read)
    elif not policy.approvals.way_back:
        return NoRollback("the policy does not ask for it (`approvals.way_back`)")
    if before is None:
        return NoRollback("the live release has none that could be signed again")
    if (unsafe := _unsafe(before, candidate.product, catalog, read)) is not None:
        return NoRollback(unsafe)
    shipped = candidate.signed
    payload = copy.deepcopy(before)
    payload.version = shipped.version + 1
    payload.expires = min(shipped.expires, _staged_at(candidate, basis, catalog) + policy.rollback_window)
    payload.unrecognized_fields[BASE_FIELD] = base_named(candidate.with_signatures(()))
    payload.unrecognized_fields.pop(BACK_STATE_FIELD, None)
    payload.unrecognized_fields |= {**taken_back_fields(current.signed), BACK_FIELD: candidate.release}
    if release.back_state is BackState.RESTORE_BACKUP and release.rollback is not None:
        first = {"state": BackState.RESTORE_BACKUP.value, "backup": release.rollback.backup}
        states = payload.unrecognized_fields.get(BACK_STATE_FIELD, {})
        payload.unrecognized_fields[BACK_STATE_FIELD] = {**states, candidate.release: first}
    lift(payload, lifted_in(shipped))
    announced = announced_fields(catalog, candidate.product, candidate.channel, basis.at)
    feeds = feeds_announced_anew(payload, read, announced)
    list_instead(payload, feeds)
    return RollbackMetadata(Metadata(payload), feeds)


def handed_out(signed: Targets, read: Read) -> tuple[tuple[str, Version], ...]:
    """Platform and version of what clients are offered by metadata of a channel. Raises VerificationError."""
    return tuple(
        (platform, feed.release.version)
        for platform, feed in sorted(feeds_of(signed, read).items())
        if feed.release is not None
    )


def _unsafe(before: Targets, product: str, catalog: Catalog, read: Read) -> str | None:
    """Why nobody should run what one would go back to, by floor or advisory (R81); None where none says so."""
    versions = sorted({version for _, version in handed_out(before, read)}, reverse=True)
    return next((unsafe for version in versions if (unsafe := unsafe_by(catalog, product, version))), None)


def _staged_at(candidate: ReleaseCandidate, basis: ApprovalBasis, catalog: Catalog) -> datetime:
    """When the candidate was staged, as far as signed parts tell: its record is nobody's word.

    It was decided on then, or, where that was for another day, its life began then.
    """
    return max(basis.at, candidate.signed.expires - role_policy(catalog.signers, candidate.role).expires)


def stored_rollback(role: str, current: Metadata[Targets], live: Repository, read: Read) -> Targets | None:
    """What takes back the release that is live, as its people have signed it, expired or not; None where there is none
    that would."""
    data = read(back_key(role, payload_digest(current.signed)))
    if data is None:
        return None
    try:
        back = only_good_signatures(role, parse(data, Targets, "the rollback metadata"), live.targets.signed)
    except VerificationError:
        return None
    fields = back.signed.unrecognized_fields
    fits = (
        fields.get(BASE_FIELD) == base_named(current)
        and fields.get(BACK_FIELD) == current.signed.unrecognized_fields.get(RELEASE_FIELD)
        and says_enough(live.targets.signed, role, back)
    )
    return back.signed if fits else None


def payloads_of(candidate: ReleaseCandidate, rollback: RollbackMetadata | NoRollback) -> dict[str, bytes]:
    """Folder of the candidate -> the bytes that its signers sign: its own, and its rollback metadata if it has any."""
    payloads = {SIGNATURES: candidate.signed_bytes}
    return {**payloads, BACK: rollback.metadata.signed_bytes} if isinstance(rollback, RollbackMetadata) else payloads
