"""Signed envelopes (DSSE, https://github.com/secure-systems-lab/dsse) for what is no TUF metadata.

A signature is made over "DSSEv1", the payload's type and its bytes, each with its length. Metadata is signed as JSON,
which begins with a brace; so no signature here passes for one there, nor one over another type of payload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key
from securesystemslib.signer import Signer as OpenSigner

from publisher.errors import VerificationError


def seal(payload: bytes, payload_type: str, key: OpenSigner) -> bytes:
    """The payload in an envelope with one signature. Raises SigningError."""
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(key)
    return (json.dumps(envelope.to_dict(), indent=2, sort_keys=True) + "\n").encode()


def payload_of(data: bytes, payload_type: str) -> bytes:
    """What an envelope holds, whoever signed it. Raises VerificationError when it is none of this type."""
    return _parsed(data, payload_type).payload


def verify_envelope(data: bytes, payload_type: str, keys: Mapping[str, Key]) -> tuple[Key, ...]:
    """The keys that signed: there must be some, and all among `keys` by key id. Raises VerificationError."""
    envelope = _parsed(data, payload_type)
    if not envelope.signatures:
        raise VerificationError("is not signed")
    if unknown := sorted(set(envelope.signatures) - set(keys)):
        raise VerificationError(f"is signed by a key that this channel has never named: {unknown[0][:12]}")
    named = [keys[keyid] for keyid in envelope.signatures]
    try:
        envelope.verify(named, len(named))
    except UnverifiedSignatureError as error:
        raise VerificationError("does not contain what was signed") from error
    return tuple(named)


def _parsed(data: bytes, payload_type: str) -> Envelope:
    try:
        envelope = Envelope.from_dict(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VerificationError("is not a signed envelope") from error
    if envelope.payload_type != payload_type:
        raise VerificationError(f"is an envelope of something else: {envelope.payload_type!r}")
    return envelope
