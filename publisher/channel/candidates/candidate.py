"""Candidates: payload and record as bytes and back.

A signature is made over the canonical form of the payload's signed part, which is what clients verify; so an approval
*is* the signature that ships, and fits nothing else. Every role that people sign has candidates: a channel's ships a
release (`release_candidate.py`), those of root, targets and the shared roles change keys or renew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self, TypeVar

from tuf.api.metadata import Metadata, Root, Signature, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.layout import candidate_key, metadata_key, staging_pointer_key
from publisher.channel.repository import Read, Repository, left_at, parse
from publisher.channel.roles import BASE_FIELD, is_due
from publisher.errors import StorageConflict, VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.candidate import CandidateRecord, StagingPointer
from publisher.rules.english import listed
from publisher.signing.public_keys import described

PAYLOAD, RECORD = "payload.json", "decision.json"

SIGNATURES, BACK, STATEMENTS = "sig/", "back/", "attest/"
"""Folders of a candidate: signatures over its payload, those over its rollback metadata, and what signers state."""

SKEW = timedelta(minutes=5)
"""How far the clock of a signer may be ahead of ours."""

People = Metadata[Root] | Metadata[Targets]
"""Metadata that people sign."""

_BASE = re.compile("[1-9][0-9]{0,9}:[0-9a-f]{64}")


@dataclass(frozen=True)
class Candidate:
    """A payload with its record. What matters stands in the payload, which is signed; the record is for reading."""

    role: str
    """The role that it is for."""
    payload: bytes
    """Metadata of the role, without signatures."""
    record: CandidateRecord
    signed: Root | Targets
    """The payload's signed part; nobody changes it."""
    base: str | None
    """The live metadata that it was made to replace, as a signed field says; None where there was none."""

    folders: ClassVar[tuple[str, ...]] = (SIGNATURES,)
    """Where people's signatures and statements about such a candidate lie below it."""
    restage: ClassVar[str] = "run `publish keys stage --replace`"
    """How another such candidate is made in its place, as advice."""

    @classmethod
    def parse(cls, role: str, payload: bytes, record: CandidateRecord) -> Self:
        """A candidate from its bytes. Raises VerificationError for a payload that cannot be read."""
        name = f"the candidate of {role}"
        signed = (parse(payload, Root, name) if role == Root.type else parse(payload, Targets, name)).signed
        return cls(role, payload, record, signed, base_in(role, signed))

    @property
    def digest(self) -> str:
        """SHA-256 of the payload; names the candidate."""
        return hashlib.sha256(self.payload).hexdigest()

    def with_signatures(self, signatures: Iterable[Signature]) -> People:
        """Metadata as it would ship with these signatures; whether they suffice is judged elsewhere."""
        by_key = {signature.keyid: signature for signature in signatures}
        if isinstance(self.signed, Root):  # metadata of the one kind or of the other
            return Metadata(self.signed, by_key)
        return Metadata(self.signed, by_key)

    @property
    def signed_bytes(self) -> bytes:
        """What is signed: the canonical form of the signed part."""
        return self.with_signatures(()).signed_bytes

    def key(self, file: str) -> str:
        """The key of one of its objects."""
        return candidate_key(self.role, self.digest, file)

    def objects(self) -> tuple[tuple[str, bytes], ...]:
        """Payload and record as they are stored."""
        record = self.record.model_dump_json(indent=2).encode() + b"\n"
        return ((self.key(PAYLOAD), self.payload), (self.key(RECORD), record))


C = TypeVar("C", bound=Candidate)


def base_in(role: str, signed: Root | Targets) -> str | None:
    """What a signed part says that it replaces; None for nothing. Raises VerificationError for nonsense."""
    base = signed.unrecognized_fields.get(BASE_FIELD)
    if base is not None and not (isinstance(base, str) and _BASE.fullmatch(base)):
        raise VerificationError(f"the candidate of {role} does not say what it replaces")
    return base


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
    left = left_at(read, metadata_key(candidate.role, candidate.signed.version))
    if left is None:
        return True
    try:
        return Candidate.parse(candidate.role, left, candidate.record).signed == candidate.signed
    except VerificationError:
        return False


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


def current_candidate(read: Read, kind: type[C], role: str) -> C | None:
    """The candidate that a role works on; None when there is none. Raises VerificationError when it is damaged."""
    digest = read_pointer(read, role).candidate
    return read_candidate(read, kind, role, digest) if digest is not None else None


def read_candidate(read: Read, kind: type[C], role: str, digest: str) -> C:
    """A candidate by the digest of its payload. Raises VerificationError when it is not whole, or another one."""
    payload, record = (read(candidate_key(role, digest, file)) for file in (PAYLOAD, RECORD))
    if payload is None or record is None:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not whole", fix="stage it again")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise VerificationError(f"the candidate {digest[:12]} of {role} is not what was staged")
    try:
        parsed = CandidateRecord.model_validate_json(record)
    except ValueError as error:
        raise VerificationError(f"the record of candidate {digest[:12]} of {role} cannot be read") from error
    candidate = kind.parse(role, payload, parsed)
    if payload != to_bytes(candidate.with_signatures(())):
        # Its rollback metadata is stored under the digest of these bytes, and looked for by what is live.
        raise VerificationError(f"the candidate {digest[:12]} of {role} has a payload that this program does not write")
    return candidate


def is_live(candidate: Candidate, live: Repository | None) -> bool:
    """Whether the role already is what the candidate says, expiry and version included."""
    current = live.of(candidate.role) if live else None
    return current is not None and current.signed == candidate.signed


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
    return is_due(signers, candidate.role, candidate.signed, now)


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
