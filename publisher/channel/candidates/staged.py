"""What staging holds for a role: its candidate, the signatures that have come in, and what their signers state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Generic, Self, TypeVar

from tuf.api.metadata import Metadata, Signature, Targets

from publisher.channel.candidates.candidate import BACK, SIGNATURES, Candidate, People
from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.repository import Read
from publisher.errors import VerificationError
from publisher.signing.key_files import OpenSigner
from publisher.signing.public_keys import signed_by

SIGNATURE_LIMIT = 4096
"""The largest signature object, in bytes."""

C_co = TypeVar("C_co", bound=Candidate, covariant=True)


@dataclass(frozen=True)
class Staged(Generic[C_co]):
    """What staging holds for a role."""

    candidate: C_co
    signatures: Mapping[str, tuple[Signature, ...]] = field(default_factory=dict)
    """Folder of the candidate -> signatures that lie there, over what that folder is for."""
    statements: Mapping[str, bytes] = field(default_factory=dict)
    """Object key -> a statement as it lies there; whoever reads it verifies it."""

    @property
    def metadata(self) -> People:
        """The candidate with its signatures; whether they suffice is judged elsewhere."""
        return self.candidate.with_signatures(self.signatures_in(SIGNATURES))

    def signatures_in(self, folder: str) -> tuple[Signature, ...]:
        """Those over the candidate, or over what is signed along with it."""
        return self.signatures.get(folder, ())

    def signed_with(self, key: OpenSigner, payloads: Mapping[str, bytes]) -> Self:
        """The same with a key's signatures over `payloads`, but where it has signed already. Raises SigningError."""
        signatures = dict(self.signatures)
        for folder, payload in payloads.items():
            there = signatures.get(folder, ())
            if lacks(there, key, payload):
                others = (signature for signature in there if signature.keyid != key.public_key.keyid)
                signatures[folder] = (*others, key.sign(payload))
        return replace(self, signatures=signatures)

    def stating(self, name: str, statement: bytes) -> Self:
        """The same with one more statement, by its object key."""
        return replace(self, statements={**self.statements, name: statement})

    def objects(self) -> dict[str, bytes]:
        """Everything that people have added to the candidate: object key -> bytes."""
        signatures = {
            self.candidate.key(folder + signature.keyid): signature_bytes(signature)
            for folder, in_folder in self.signatures.items()
            for signature in in_folder
        }
        return {**signatures, **self.statements}


@dataclass(frozen=True)
class StagedRelease(Staged[ReleaseCandidate]):
    """What staging holds for a channel."""

    @property
    def metadata(self) -> Metadata[Targets]:
        return self.candidate.with_signatures(self.signatures_in(SIGNATURES))

    def signed_rollback_metadata(self, unsigned: Metadata[Targets]) -> Metadata[Targets]:
        return Metadata(unsigned.signed, {signature.keyid: signature for signature in self.signatures_in(BACK)})


def lacks(signatures: Iterable[Signature], key: OpenSigner, data: bytes) -> bool:
    """Whether no good signature by the key is among these. Some schemes sign differently each time."""
    public = key.public_key
    for signature in signatures:
        if signature.keyid == public.keyid:
            return not signed_by(public, signature, data)
    return True


def signature_bytes(signature: Signature) -> bytes:
    return json.dumps(signature.to_dict(), indent=2, sort_keys=True).encode() + b"\n"


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
