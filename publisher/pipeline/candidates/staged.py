"""What staging holds for a role, as the store lists it: read, counted, and written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TypeVar

from tuf.api.metadata import Targets

from publisher.channel.candidates.approval import STATEMENT_LIMIT, Standing, standing
from publisher.channel.candidates.candidate import STATEMENTS, Candidate, read_candidate, read_pointer
from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.candidates.staged import SIGNATURE_LIMIT, Staged, StagedRelease, read_signatures
from publisher.channel.repository import Read
from publisher.errors import InputError, StorageConflict, StorageForeign, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.rules.engine.required_approvals import Needs
from publisher.signing.public_keys import public_key
from publisher.storage.protocol import Body, Storage

MOST = 200
"""No candidate has more signatures or statements by keys that we know; what is heaped up beyond is not read."""

STRANGERS = 10
"""Signatures by other keys that are read, so that it can be told that they are there."""

C = TypeVar("C", bound=Candidate)

_KEYID = re.compile(r"([0-9a-f]{64})")
_STATEMENT = re.compile(r"([0-9a-f]{64})\.[0-9]{8}T[0-9]{6}Z\.json")


def staged_release(storage: Readable, role: str, signers: Signers) -> StagedRelease | None:
    """What staging holds for a channel. Raises VerificationError when it is damaged."""
    staged = _staged(storage, ReleaseCandidate, role, signers)
    return StagedRelease(staged.candidate, staged.signatures, staged.statements) if staged is not None else None


def staged_keys(storage: Readable, role: str, signers: Signers) -> Staged[Candidate] | None:
    """What staging holds for a role of keys; None also when it works on a release. Raises VerificationError."""
    return _staged(storage, Candidate, role, signers)


def _staged(storage: Readable, kind: type[C], role: str, signers: Signers) -> Staged[C] | None:
    read = reader(storage)
    known = {public_key(signer).keyid for signer in (*signers.keys_of(role), *signers.retired_of(role))}
    try:
        pointer = read_pointer(read, role)
        if pointer.candidate is None or (kind is Candidate and pointer.release is not None):
            return None
        candidate = read_candidate(read, kind, role, pointer.candidate)
        listed = {folder: _listed(storage, candidate, folder, known) for folder in kind.folders}
        statements = dict(_read_statements(read, listed.pop(STATEMENTS, [])))
        return Staged(candidate, {folder: read_signatures(read, names) for folder, names in listed.items()}, statements)
    except (VerificationError, StorageForeign) as error:
        raise VerificationError(error.what, fix=f"find out who wrote to staging/, then {kind.restage}") from error


def _listed(storage: Readable, candidate: Candidate, folder: str, known: Collection[str]) -> list[str]:
    """Keys of the objects in a folder of a candidate that are named after a key id, those of `known` first.

    Others, those that are too large, and more than there can honestly be are left out: whoever can write to staging
    must not be able to hide what people signed. What strangers state counts for nothing, and is left out too.
    """
    prefix = candidate.key(folder)
    names, limit = (_STATEMENT, STATEMENT_LIMIT) if folder == STATEMENTS else (_KEYID, SIGNATURE_LIMIT)
    named = [
        (match[1] not in known, stat.key)
        for stat in storage.list(prefix)
        if stat.size <= limit and (match := names.fullmatch(stat.key.removeprefix(prefix))) is not None
    ]
    ours = sorted(key for strange, key in named if not strange)[:MOST]
    return [
        *ours,
        *(sorted(key for strange, key in named if strange)[:STRANGERS] if folder != STATEMENTS else ()),
    ]


def _read_statements(read: Read, keys: list[str]) -> Iterator[tuple[str, bytes]]:
    for key in keys:
        data = read(key)
        if data and len(data) <= STATEMENT_LIMIT:
            yield key, data


def require_staged(staged: StagedRelease | None, release: Release, role: str) -> StagedRelease:
    """What staging holds, if it ships this release. Raises InputError that says what it holds instead."""
    if staged is None or staged.candidate.release != str(release.version):
        working_on = f"{role} is working on {staged.candidate.release}" if staged else "nothing is staged"
        raise InputError(f"{release.id} is not staged: {working_on}", fix=f"publish stage {release.id} ...")
    return staged


def added(before: Staged[Candidate], after: Staged[Candidate]) -> tuple[PlannedObject, ...]:
    """The objects that signing has added or replaced."""
    there = before.objects()
    return tuple(
        PlannedObject.of(key, Body.from_bytes(data)) for key, data in after.objects().items() if there.get(key) != data
    )


def store_signatures(objects: tuple[PlannedObject, ...], storage: Storage, candidate: Candidate) -> Written:
    """Write what was signed. Raises StorageConflict where something else lies, which is then nobody's signature."""
    try:
        return write_objects(objects, storage, silent)
    except StorageConflict as error:
        raise StorageConflict(
            f"the signature cannot be stored, because another object has its name: {error.what}",
            fix=f"find out who wrote to staging/; then {candidate.restage}, which makes a new candidate",
        ) from error


def approval_status(
    staged: StagedRelease,
    configured: Targets,
    catalog: Catalog,
    needs: Needs,
    moment: datetime,
    now: datetime,
) -> Standing:
    """Who has approved, counted by the policy in force at `moment`; `now` is the time of day."""
    valid_for = catalog.policy_at(moment).approvals.valid_for
    return standing(staged, configured, catalog.signers, needs, valid_for, now)
