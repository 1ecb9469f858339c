"""Objects that no live metadata leads to, since the release that brings them is staged, or was superseded there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from tuf.api.metadata import Targets

from publisher.channel.candidates.candidate import Candidate, current_candidate, read_candidate
from publisher.channel.layout import target_key
from publisher.channel.ledger.entries import Logged, number_of
from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.repository import Read, Repository, delegated_roles
from publisher.channel.roles import RELEASE_FIELD
from publisher.errors import StorageError, VerificationError
from publisher.model.config.role import SHARED_ROLES
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import Entry, LedgerAction


@dataclass(frozen=True)
class WaitingObject:
    """An object of a staged release."""

    key: str
    size: int
    sha256: str
    release: str
    """Role, version and candidate, in words."""


def waiting_objects(read: Read, keys: Iterable[str], repository: Repository) -> Iterator[WaitingObject]:
    """What the candidates of channels bring, if an entry of the ledger says that one of us staged it.

    Nothing in staging is believed by itself: whoever can write there could hide a stray. Where staging or ledger cannot
    be read, nothing is known to wait.
    """
    for role in sorted(set(delegated_roles(repository.targets.signed)) - set(SHARED_ROLES)):
        try:
            candidate = current_candidate(read, Candidate, role)
        except (VerificationError, StorageError):
            continue
        if candidate is not None and _is_ours(candidate, _stagings(read, keys, repository)):
            yield from _objects(candidate)


def superseded_objects(read: Read, keys: Iterable[str], repository: Repository) -> Iterator[WaitingObject]:
    """What candidates bring that one of us staged, by the ledger, and that no role works on any more; newest first.

    The ledger names a candidate by its digest, so whoever can write to staging adds nothing to it.
    """
    for entry in _stagings(read, keys, repository):
        if entry.candidate is not None and entry.channel_role is not None:
            with suppress(VerificationError, StorageError):
                yield from _objects(read_candidate(read, Candidate, entry.channel_role, entry.candidate))


def _stagings(read: Read, keys: Iterable[str], repository: Repository) -> Iterator[Entry]:
    """What the ledger says was staged, by entries that verify; newest first."""
    current_keys = CurrentKeys(repository.root.signed, repository.targets.signed, Signers(roles={}))
    entries = sorted((number, key) for key in keys if (number := number_of(key)) is not None)
    for number, key in reversed(entries):
        try:
            entry = current_keys.entry(Logged(number, read(key) or b""))
        except (VerificationError, StorageError):
            continue
        if entry.action is LedgerAction.STAGE:
            yield entry


def _is_ours(candidate: Candidate, stagings: Iterable[Entry]) -> bool:
    staging = next((entry for entry in stagings if entry.candidate == candidate.digest), None)
    return staging is not None and staging.channel_role == candidate.role


def _objects(candidate: Candidate) -> Iterator[WaitingObject]:
    signed = candidate.signed
    if not isinstance(signed, Targets):
        return
    version = signed.unrecognized_fields.get(RELEASE_FIELD)
    for path, target in sorted(signed.targets.items()):
        if (sha256 := target.hashes.get("sha256")) is not None:
            named = f"{candidate.role} {version}, candidate {candidate.digest[:12]}"
            yield WaitingObject(target_key(path, sha256), target.length, sha256, named)
