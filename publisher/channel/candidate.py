"""Candidates: payload and record as bytes and back, and the signatures that have come in.

A signature is made over the canonical form of the payload's signed part, which is what clients verify; so an approval
*is* the signature that ships, and fits nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Signature, Targets

from publisher.channel.advance import says_the_same, to_bytes
from publisher.channel.layout import candidate_key, channel_role, metadata_key, staging_pointer_key
from publisher.channel.repository import Read, Repository, parse
from publisher.errors import StorageConflict, VerificationError
from publisher.model.candidate import Base, CandidateRecord, StagingPointer
from publisher.signing.keys import OpenSigner

PAYLOAD, RECORD, SIGNATURES, PEOPLE = "payload.json", "decision.json", "sig/", "people/"


@dataclass(frozen=True)
class Candidate:
    """A payload with its record."""

    payload: bytes
    """Metadata of the channel role, without signatures."""
    record: CandidateRecord

    @property
    def role(self) -> str:
        """The channel role that it is for."""
        return channel_role(self.record.product, self.record.channel)

    @property
    def digest(self) -> str:
        """SHA-256 of the payload; names the candidate."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def metadata(self) -> Metadata[Targets]:
        """The payload, parsed."""
        return parse(self.payload, Targets, f"the candidate of {self.role}")

    def key(self, file: str) -> str:
        """The key of one of its objects."""
        return candidate_key(self.role, self.digest, file)

    def objects(self) -> tuple[tuple[str, bytes], ...]:
        """Payload and record as they are stored."""
        record = self.record.model_dump_json(indent=2).encode() + b"\n"
        return ((self.key(PAYLOAD), self.payload), (self.key(RECORD), record))


@dataclass(frozen=True)
class Staged:
    """What staging holds for a role."""

    candidate: Candidate
    signatures: tuple[Signature, ...]

    @property
    def signed(self) -> Metadata[Targets]:
        """The payload with all signatures that have come in; whether they suffice is judged elsewhere."""
        metadata = self.candidate.metadata
        for signature in self.signatures:
            metadata.signatures[signature.keyid] = signature
        return metadata


def payload_of(targets: Targets, live: Repository | None, role: str, read: Read) -> bytes:
    """The payload for the next free version of a channel role: versions that a killed run burned are passed over."""
    current = live.roles.get(role) if live else None
    version = current.signed.version + 1 if current else 1
    while read(metadata_key(role, version)) is not None:
        version += 1
    targets.version = version
    return to_bytes(Metadata(targets))


def base_of(live: Repository | None, role: str) -> Base | None:
    """The live metadata of a role, as a candidate remembers it."""
    current = live.roles.get(role) if live else None
    if current is None:
        return None
    return Base(version=current.signed.version, sha256=hashlib.sha256(to_bytes(current)).hexdigest())


def read_pointer(read: Read, role: str) -> StagingPointer:
    """Which candidate a role is working on. Raises VerificationError for a damaged pointer."""
    data = read(staging_pointer_key(role))
    if data is None:
        return StagingPointer(candidate=None)
    try:
        return StagingPointer.model_validate_json(data)
    except ValueError as error:
        raise VerificationError(f"{staging_pointer_key(role)} cannot be read") from error


def read_staged(read: Read, role: str, signature_keys: Iterable[str]) -> Staged | None:
    """The role's candidate with its signatures; None when there is none.

    `signature_keys` are the object keys below the candidate's sig/, as the store lists them. Raises
    VerificationError when payload or record are missing or are not what their name says.
    """
    digest = read_pointer(read, role).candidate
    if digest is None:
        return None
    payload, record = (read(candidate_key(role, digest, file)) for file in (PAYLOAD, RECORD))
    if payload is None or record is None:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not whole", fix="stage the release again")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not what was staged")
    try:
        candidate = Candidate(payload, CandidateRecord.model_validate_json(record))
    except ValueError as error:
        raise VerificationError(f"the record of candidate {digest[:12]} of {role} cannot be read") from error
    if candidate.role != role:
        raise VerificationError(f"the candidate {digest[:12]} is for {candidate.role}, not for {role}")
    return Staged(candidate, tuple(_signature(read, key) for key in signature_keys))


def sign_candidate(candidate: Candidate, keys: Iterable[OpenSigner]) -> tuple[Signature, ...]:
    """Signatures of keys at hand, over the very bytes that clients verify."""
    data = candidate.metadata.signed_bytes
    return tuple(key.sign(data) for key in keys)


def signature_object(candidate: Candidate, signature: Signature) -> tuple[str, bytes]:
    """A signature as a write-once object: (key, bytes)."""
    data = json.dumps(signature.to_dict(), indent=2, sort_keys=True).encode() + b"\n"
    return candidate.key(SIGNATURES + signature.keyid), data


def is_live(candidate: Candidate, live: Repository | None) -> bool:
    """Whether the channel already is what the candidate says, expiry and version included."""
    current = live.roles.get(candidate.role) if live else None
    return current is not None and current.signed == candidate.metadata.signed


def says_what_is_live(targets: Targets, live: Repository | None, role: str) -> bool:
    """Whether publishing `targets` would change nothing that a client sees."""
    current = live.roles.get(role) if live else None
    return current is not None and says_the_same(current.signed, targets)


def refuse_stale(candidate: Candidate, live: Repository | None) -> None:
    """The live metadata must be the one that the candidate was made for. Raises StorageConflict."""
    base, now = candidate.record.base, base_of(live, candidate.role)
    if base != now:
        made_for = f"version {base.version}" if base else "an empty channel"
        raise StorageConflict(
            f"{candidate.role} has moved on: the candidate was made for {made_for},"
            f" and version {now.version if now else 'none'} is live{_who(live, candidate.role)}",
            fix="look at what is live with `publish status`, then stage again with --rebase; it needs new signatures",
        )


def expires_before(candidate: Candidate, moment: datetime) -> bool:
    """Whether the payload would be expired by then."""
    return candidate.metadata.signed.expires <= moment


def _who(live: Repository | None, role: str) -> str:
    names = signed_by(live, role)
    return f", signed by {' and '.join(names)}" if names else ""


def signed_by(live: Repository | None, role: str) -> list[str]:
    """Persons who signed the live metadata of a role, with their duties, as the signed key fields name them."""
    metadata = live.roles.get(role) if live else None
    if live is None or metadata is None:
        return []
    return signers_of(live.targets, role, metadata)


def signers_of(targets: Metadata[Targets], role: str, metadata: Metadata[Targets]) -> list[str]:
    """Persons with their duties whose signatures on `metadata` verify."""
    result = targets.signed.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    fields = [key.unrecognized_fields for key in result.signed.values()]
    return sorted(f"{one.get('x-tidegate-person', '?')} ({one.get('x-tidegate-duty', '?')})" for one in fields)


def _signature(read: Read, key: str) -> Signature:
    try:
        return Signature.from_dict(json.loads(read(key) or b""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerificationError(f"{key} is not a signature", fix="remove it and sign again") from error
