"""Candidates: payload and record as bytes and back, and the signatures that have come in.

A signature is made over the canonical form of the payload's signed part, which is what clients verify; so an approval
*is* the signature that ships, and fits nothing else. Every role that people sign has candidates: a channel's ships a
release (`release_candidate.py`), those of root, targets and the shared roles change keys or renew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from tuf.api.metadata import Metadata, Root, Signature, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.layout import candidate_key, metadata_key, staging_pointer_key
from publisher.channel.repository import Read, Repository, left_at, parse
from publisher.channel.roles import BASE_FIELD, is_due
from publisher.errors import StorageConflict, VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.candidate import CandidateRecord, StagingPointer
from publisher.rules.english import listed
from publisher.signing.key_files import OpenSigner, described

SIGNATURE_LIMIT = 4096
"""The largest signature object, in bytes."""

_BASE = re.compile("[1-9][0-9]{0,9}:[0-9a-f]{64}")

PAYLOAD, RECORD, SIGNATURES = "payload.json", "decision.json", "sig/"


@dataclass(frozen=True)
class Candidate:
    """A payload with its record. What matters stands in the payload, which is signed; the record is for reading."""

    role: str
    """The role that it is for."""
    payload: bytes
    """Metadata of the role, without signatures."""
    record: CandidateRecord

    @property
    def base(self) -> str | None:
        """The live metadata that it was made to replace, as a signed field says; None where there was none.

        Raises VerificationError for nonsense.
        """
        base = self.metadata.signed.unrecognized_fields.get(BASE_FIELD)
        if base is None:
            return None
        if not isinstance(base, str) or not _BASE.fullmatch(base):
            raise VerificationError(f"the candidate of {self.role} does not say what it replaces")
        return base

    @property
    def digest(self) -> str:
        """SHA-256 of the payload; names the candidate."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def metadata(self) -> Metadata[Root] | Metadata[Targets]:
        """The payload, parsed. Raises VerificationError."""
        name = f"the candidate of {self.role}"
        return parse(self.payload, Root, name) if self.role == Root.type else parse(self.payload, Targets, name)

    def check(self) -> None:
        """Refuse a payload that cannot be read. Raises VerificationError."""
        _ = self.base

    def key(self, file: str) -> str:
        """The key of one of its objects."""
        return candidate_key(self.role, self.digest, file)

    def objects(self) -> tuple[tuple[str, bytes], ...]:
        """Payload and record as they are stored."""
        record = self.record.model_dump_json(indent=2).encode() + b"\n"
        return ((self.key(PAYLOAD), self.payload), (self.key(RECORD), record))


C = TypeVar("C", bound=Candidate)


@dataclass(frozen=True)
class Staged(Generic[C]):
    """What staging holds for a role."""

    candidate: C
    signatures: tuple[Signature, ...]

    def onto(self, metadata: Metadata[Targets]) -> Metadata[Targets]:
        """Metadata with all signatures that have come in; whether they suffice is judged elsewhere."""
        for signature in self.signatures:
            metadata.signatures[signature.keyid] = signature
        return metadata


def payload_digest(signed: Root | Targets) -> str:
    """What names the candidate of a signed part."""
    return hashlib.sha256(to_bytes(Metadata(signed))).hexdigest()


def next_free_version(role: str, read: Read, above: int) -> int:
    """The first version after `above` that has no object; what a killed run or a stranger has taken is passed over."""
    version = above + 1
    while left_at(read, metadata_key(role, version)) is not None:
        version += 1
    return version


def number_is_its_own(candidate: Candidate, read: Read) -> bool:
    """Whether no object has the candidate's number, or only what a killed run left of the very same."""
    left = left_at(read, metadata_key(candidate.role, candidate.metadata.signed.version))
    if left is None:
        return True
    try:
        left_signed = Candidate(candidate.role, left, candidate.record).metadata.signed
    except VerificationError:
        return False
    return left_signed == candidate.metadata.signed


def base_of(live: Repository | None, role: str) -> str | None:
    """The live metadata of a role, as VERSION:SHA256 of its signed part; None for nothing."""
    current = live.of(role) if live else None
    if current is None:
        return None
    return base_named(current)


def base_named(metadata: Metadata[Root] | Metadata[Targets]) -> str:
    """VERSION:SHA256 of the signed part of metadata, as candidates name what they replace."""
    return f"{metadata.signed.version}:{hashlib.sha256(metadata.signed_bytes).hexdigest()}"


def read_pointer(read: Read, role: str) -> StagingPointer:
    """Which candidate a role is working on. Raises VerificationError for a damaged pointer."""
    data = read(staging_pointer_key(role))
    if data is None:
        return StagingPointer(candidate=None)
    try:
        return StagingPointer.model_validate_json(data)
    except ValueError as error:
        raise VerificationError(f"{staging_pointer_key(role)} cannot be read") from error


def read_staged(read: Read, kind: type[C], role: str, signature_keys: Iterable[str]) -> Staged[C] | None:
    """The role's candidate with its signatures; None when there is none.

    `signature_keys` are the object keys below the candidate's sig/, as the store lists them. Raises
    VerificationError when payload or record are missing or are not what their name says.
    """
    digest = read_pointer(read, role).candidate
    if digest is None:
        return None
    return Staged(read_candidate(read, kind, role, digest), read_signatures(read, signature_keys))


def read_candidate(read: Read, kind: type[C], role: str, digest: str) -> C:
    """A candidate by the digest of its payload. Raises VerificationError when it is not whole, or another one."""
    payload, record = (read(candidate_key(role, digest, file)) for file in (PAYLOAD, RECORD))
    if payload is None or record is None:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not whole", fix="stage it again")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not what was staged")
    try:
        candidate = kind(role, payload, CandidateRecord.model_validate_json(record))
    except ValueError as error:
        raise VerificationError(f"the record of candidate {digest[:12]} of {role} cannot be read") from error
    # Asked now, so that a payload that cannot be read is refused here and nowhere later.
    candidate.check()
    return candidate


def sign_candidate(candidate: Candidate, keys: Iterable[OpenSigner]) -> tuple[Signature, ...]:
    """Signatures of keys at hand, over the very bytes that clients verify."""
    data = candidate.metadata.signed_bytes
    return tuple(key.sign(data) for key in keys)


def signature_object(candidate: Candidate, signature: Signature, folder: str = SIGNATURES) -> tuple[str, bytes]:
    """A signature as a write-once object of the candidate: (key, bytes)."""
    data = json.dumps(signature.to_dict(), indent=2, sort_keys=True).encode() + b"\n"
    return candidate.key(folder + signature.keyid), data


def is_live(candidate: Candidate, live: Repository | None) -> bool:
    """Whether the role already is what the candidate says, expiry and version included."""
    current = live.of(candidate.role) if live else None
    return current is not None and current.signed == candidate.metadata.signed


def refuse_stale(candidate: Candidate, live: Repository | None) -> None:
    """The live metadata must be the one that the candidate was made for. Raises StorageConflict."""
    base, now = candidate.base, base_of(live, candidate.role)
    if base != now:
        made_for = f"version {_version(base)}" if base else "an empty channel"
        raise StorageConflict(
            f"{candidate.role} has moved on: the candidate was made for {made_for},"
            f" and {f'version {_version(now)}' if now else 'nothing'} is live{_who(live, candidate.role)}",
            fix="check `publish status`, then stage again with --rebase; it needs new signatures",
        )


def is_short_lived(candidate: Candidate, signers: Signers, now: datetime) -> bool:
    """Whether the payload would be due for renewal as soon as it is live.

    A renewal takes people, and time: until they have signed it, clients are stranded once the payload expires.
    """
    return is_due(signers, candidate.role, candidate.metadata.signed, now)


def _who(live: Repository | None, role: str) -> str:
    names = signed_by(live, role)
    return f", signed by {listed(names)}" if names else ""


def signed_by(live: Repository | None, role: str) -> list[str]:
    """Persons who signed the live metadata of a role, with their duties, as the signed key fields name them."""
    metadata = live.roles.get(role) if live else None
    if live is None or metadata is None:
        return []
    return signers_of(live.targets, role, metadata)


def signers_of(targets: Metadata[Targets], role: str, metadata: Metadata[Targets]) -> list[str]:
    """Persons with their duties whose signatures on `metadata` verify."""
    result = targets.signed.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return sorted(described(key) for key in result.signed.values())


def _version(base: str) -> str:
    return base.partition(":")[0]


def read_signatures(read: Read, keys: Iterable[str]) -> tuple[Signature, ...]:
    """Those that can be read; anything else in their place is nobody's signature."""
    signatures = []
    for key in keys:
        with suppress(VerificationError):
            signatures.append(read_signature(read, key))
    return tuple(signatures)


def read_signature(read: Read, key: str) -> Signature:
    """A signature object. Raises VerificationError when it is none, or not that of its name."""
    data = read(key) or b""
    try:
        signature = Signature.from_dict(json.loads(data))
        # Nobody signs what else stands beside a signature, so none of it is taken along.
        signature = Signature(signature.keyid, signature.signature)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VerificationError(f"{key} is not a signature", fix="remove it and sign again") from error
    if len(data) > SIGNATURE_LIMIT or not key.endswith(f"/{signature.keyid}"):
        raise VerificationError(f"{key} is not the signature that its name says", fix="remove it and sign again")
    return signature
