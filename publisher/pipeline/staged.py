"""What staging holds for a channel: the candidate, who has signed it and stated what, and who signed its way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.metadata import Metadata, Signature, Targets

from publisher.channel.approval import STATEMENT_LIMIT, STATEMENTS, Standing, seal_statement, standing
from publisher.channel.candidate import (
    SIGNATURES,
    Staged,
    read_pointer,
    read_signature,
    read_staged,
    sign_candidate,
    signature_object,
)
from publisher.channel.layout import candidate_key
from publisher.channel.release_candidate import ReleaseCandidate, way_back
from publisher.channel.repository import Repository, parse
from publisher.model.approval import Fact, Statement
from publisher.model.catalog import Catalog
from publisher.model.release import Release
from publisher.pipeline.objects import PlannedObject
from publisher.pipeline.reading import Readable, reader
from publisher.rules.approvals import Needs, marks
from publisher.signing.keys import OpenSigner, signed_by
from publisher.storage.protocol import Body

BACK = "back/"
"""Signatures over the way back of a candidate lie below it."""

MOST = 100
"""No candidate has more signatures or statements; what somebody heaps up beyond is not read."""


@dataclass(frozen=True)
class StagedRelease(Staged[ReleaseCandidate]):
    """What staging holds for a channel."""

    statements: tuple[bytes, ...] = ()
    """As they lie there; whoever reads them verifies them."""
    back: tuple[Signature, ...] = ()
    """Signatures over the way back."""

    @property
    def signed(self) -> Metadata[Targets]:
        """The payload with all signatures that have come in; whether they suffice is judged elsewhere."""
        return self.onto(self.candidate.metadata)

    def signed_way_back(self, release: Release, catalog: Catalog, live: Repository | None) -> Metadata[Targets] | None:
        """The way back with all signatures over it; None for a release that has none."""
        payload = way_back(self.candidate, release, catalog, live)
        if payload is None:
            return None
        metadata = parse(payload, Targets, "the way back")
        for signature in self.back:
            metadata.signatures[signature.keyid] = signature
        return metadata


def staged_candidate(storage: Readable, role: str) -> StagedRelease | None:
    """What staging holds for a channel. Raises VerificationError when it is damaged."""
    read = reader(storage)
    digest = read_pointer(read, role).candidate
    if digest is None:
        return None

    def below(folder: str) -> list[str]:
        return [
            stat.key for stat, _ in zip(storage.list(candidate_key(role, digest, folder)), range(MOST), strict=False)
        ]

    staged = read_staged(read, ReleaseCandidate, role, below(SIGNATURES))
    if staged is None:
        return None
    statements = tuple(data for key in below(STATEMENTS) if (data := read(key)) and len(data) <= STATEMENT_LIMIT)
    back = tuple(read_signature(read, key) for key in below(BACK))
    return StagedRelease(staged.candidate, staged.signatures, statements, back)


def judged(
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
    way_back_payload: bytes | None,
    keys: Iterable[OpenSigner],
    needs: Needs,
    facts: dict[Fact, str],
    at: datetime,
) -> Given:
    """Sign a candidate, its way back and a statement with each key; what a key has signed already stays as it is.

    Raises SigningError.
    """
    candidate = staged.candidate
    objects: list[tuple[str, bytes]] = []
    for key in keys:
        keyid = key.public_key.keyid
        if _lacks(staged.signatures, key, candidate.metadata.signed_bytes):
            (made,) = sign_candidate(candidate, [key])
            staged = replace(staged, signatures=(*_others(staged.signatures, keyid), made))
            objects.append(signature_object(candidate, made))
        if way_back_payload is not None:
            data = parse(way_back_payload, Targets, "the way back").signed_bytes
            if _lacks(staged.back, key, data):
                made = key.sign(data)
                staged = replace(staged, back=(*_others(staged.back, keyid), made))
                objects.append(signature_object(candidate, made, BACK))
        near = marks(needs.near, candidate.digest)
        statement = Statement(candidate=candidate.digest, key=keyid, at=at, near=near, facts=facts)
        name, sealed = seal_statement(statement, candidate, key)
        staged = replace(staged, statements=(*staged.statements, sealed))
        objects.append((name, sealed))
    return Given(staged, tuple(PlannedObject.of(key, Body.from_bytes(data)) for key, data in objects))


def _lacks(signatures: Iterable[Signature], key: OpenSigner, data: bytes) -> bool:
    """Whether no good signature by the key is among these. Some schemes sign differently each time."""
    public = key.public_key
    for one in signatures:
        if one.keyid == public.keyid:
            return not signed_by(public, one, data)
    return True


def _others(signatures: Iterable[Signature], keyid: str) -> tuple[Signature, ...]:
    return tuple(one for one in signatures if one.keyid != keyid)
