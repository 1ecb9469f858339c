"""What staging holds for a channel: the candidate, its rollback metadata, and who signed them and stated what."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.metadata import Key, Metadata, Signature, Targets

from publisher.channel.candidates.approval import STATEMENT_LIMIT, STATEMENTS, Standing, seal_statement, standing
from publisher.channel.candidates.candidate import (
    SIGNATURE_LIMIT,
    SIGNATURES,
    Staged,
    read_pointer,
    read_signatures,
    read_staged,
    sign_candidate,
    signature_object,
)
from publisher.channel.candidates.release_candidate import ReleaseCandidate, rollback_metadata
from publisher.channel.layout import candidate_key
from publisher.channel.repository import Repository, parse
from publisher.errors import InputError, StorageConflict, StorageForeign, VerificationError
from publisher.model.catalog import Catalog
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.model.records.approval import BuiltFile, Fact, Statement
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.reading import Readable, reader
from publisher.rules.engine.required_approvals import Needs, marks, override_mark
from publisher.signing.key_files import OpenSigner, public_key, signed_by
from publisher.storage.protocol import Body, Storage

BACK = "back/"
"""Signatures over the rollback metadata of a candidate lie below it."""

MOST = 200
"""No candidate has more signatures or statements by keys that we know; what is heaped up beyond is not read."""

STRANGERS = 10
"""Signatures by other keys that are read, so that it can be told that they are there."""


_KEYID = re.compile(r"([0-9a-f]{64})")
_STATEMENT = re.compile(r"([0-9a-f]{64})\.[0-9]{8}T[0-9]{6}Z\.json")


@dataclass(frozen=True)
class StagedRelease(Staged[ReleaseCandidate]):
    """What staging holds for a channel."""

    statements: tuple[bytes, ...] = ()
    """As they lie there; whoever reads them verifies them."""
    back: tuple[Signature, ...] = ()
    """Signatures over the rollback metadata."""

    @property
    def signed(self) -> Metadata[Targets]:
        """The payload with all signatures that have come in; whether they suffice is judged elsewhere."""
        return self.onto(self.candidate.metadata)

    def signed_rollback_metadata(
        self, release: Release, catalog: Catalog, live: Repository | None
    ) -> Metadata[Targets] | None:
        """The rollback metadata with all signatures over it; None for a release that has none."""
        payload = rollback_metadata(self.candidate, release, catalog, live)
        if payload is None:
            return None
        metadata = parse(payload, Targets, "the rollback metadata")
        for signature in self.back:
            metadata.signatures[signature.keyid] = signature
        return metadata


def listed(
    storage: Readable, role: str, digest: str, folder: str, known: Collection[str], limit: int = SIGNATURE_LIMIT
) -> list[str]:
    """Keys of the objects in a folder of a candidate that are named after a key id, those of `known` first.

    Others, those of more than `limit` bytes, and more than there can honestly be are left out: whoever can write to
    staging must not be able to hide what people signed. What strangers state counts for nothing, and is left out too.
    """
    prefix = candidate_key(role, digest, folder)
    names = _STATEMENT if folder == STATEMENTS else _KEYID
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


def role_keys(signers: Signers, role: str) -> dict[str, Key]:
    """Key id -> key, of all that signers.yaml names for a role, replaced ones too."""
    keys = (public_key(signer) for signer in (*signers.keys_of(role), *signers.retired_of(role)))
    return {key.keyid: key for key in keys}


def require_staged(staged: StagedRelease | None, release: Release, role: str) -> StagedRelease:
    """What staging holds, if it ships this release. Raises InputError that says what it holds instead."""
    if staged is None or staged.candidate.release != str(release.version):
        working_on = f"{role} is working on {staged.candidate.release}" if staged else "nothing is staged"
        raise InputError(f"{release.id} is not staged: {working_on}", fix=f"publish stage {release.id} ...")
    return staged


def staged_candidate(storage: Readable, role: str, signers: Signers) -> StagedRelease | None:
    """What staging holds for a channel. Raises VerificationError when it is damaged."""
    try:
        return _read(storage, role, role_keys(signers, role).keys())
    except (VerificationError, StorageForeign) as error:
        raise VerificationError(
            error.what, fix="find out who wrote to staging/, then stage again with --replace"
        ) from error


def _read(storage: Readable, role: str, known: Collection[str]) -> StagedRelease | None:
    read = reader(storage)
    digest = read_pointer(read, role).candidate
    if digest is None:
        return None

    staged = read_staged(read, ReleaseCandidate, role, listed(storage, role, digest, SIGNATURES, known))
    if staged is None:
        return None
    stored = (read(key) for key in listed(storage, role, digest, STATEMENTS, known, STATEMENT_LIMIT))
    statements = tuple(data for data in stored if data and len(data) <= STATEMENT_LIMIT)
    back = read_signatures(read, listed(storage, role, digest, BACK, known))
    return StagedRelease(staged.candidate, staged.signatures, statements, back)


def store_signatures(objects: Sequence[PlannedObject], storage: Storage, again: str) -> Written:
    """Write what was signed. Raises StorageConflict where something else lies, which is then nobody's signature.

    `again` is the command that makes a new candidate.
    """
    try:
        return write_objects(objects, storage, silent)
    except StorageConflict as error:
        raise StorageConflict(
            f"the signature cannot be stored, because another object has its name: {error.what}",
            fix=f"find out who wrote to staging/; then {again}, which makes a new candidate",
        ) from error


def approval_status(
    staged: StagedRelease, configured: Targets, catalog: Catalog, needs: Needs, moment: datetime, now: datetime
) -> Standing:
    """Who has approved, counted by the policy in force at `moment`; `now` is the time of day."""
    valid_for = catalog.policy_at(moment).approvals.valid_for
    signed, signers = staged.signed, catalog.signers
    return standing(staged.candidate, signed, staged.statements, configured, signers, needs, valid_for, now)


@dataclass(frozen=True)
class Given:
    """An approval that was just made: what staging holds with it, and what is to be written."""

    staged: StagedRelease
    objects: tuple[PlannedObject, ...]


def give(
    staged: StagedRelease,
    rollback_payload: bytes | None,
    keys: Iterable[OpenSigner],
    needs: Needs,
    facts: dict[Fact, str],
    at: datetime,
    built: tuple[BuiltFile, ...] = (),
) -> Given:
    """Sign a candidate, its rollback metadata and a statement with each key.

    What a key has signed already stays as it is. Raises SigningError.
    """
    candidate = staged.candidate
    objects: list[tuple[str, bytes]] = []
    for key in keys:
        keyid = key.public_key.keyid
        if lacks(staged.signatures, key, candidate.metadata.signed_bytes):
            (made,) = sign_candidate(candidate, [key])
            staged = replace(staged, signatures=(*_others(staged.signatures, keyid), made))
            objects.append(signature_object(candidate, made))
        if rollback_payload is not None:
            data = parse(rollback_payload, Targets, "the rollback metadata").signed_bytes
            if lacks(staged.back, key, data):
                made = key.sign(data)
                staged = replace(staged, back=(*_others(staged.back, keyid), made))
                objects.append(signature_object(candidate, made, BACK))
        near = marks(needs.near, candidate.digest)
        passed_by = tuple(sorted(override_mark(override, candidate.digest) for override in needs.overrides))
        statement = Statement(
            candidate=candidate.digest, key=keyid, at=at, near=near, overrides=passed_by, built=built, facts=facts
        )
        name, sealed = seal_statement(statement, candidate, key)
        staged = replace(staged, statements=(*staged.statements, sealed))
        objects.append((name, sealed))
    return Given(staged, tuple(PlannedObject.of(key, Body.from_bytes(data)) for key, data in objects))


def lacks(signatures: Iterable[Signature], key: OpenSigner, data: bytes) -> bool:
    """Whether no good signature by the key is among these. Some schemes sign differently each time."""
    public = key.public_key
    for signature in signatures:
        if signature.keyid == public.keyid:
            return not signed_by(public, signature, data)
    return True


def _others(signatures: Iterable[Signature], keyid: str) -> tuple[Signature, ...]:
    return tuple(signature for signature in signatures if signature.keyid != keyid)
