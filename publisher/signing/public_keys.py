"""Public keys: as signers.yaml, TUF metadata and people hand them on. Nothing here can sign."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature, SSlibKey

from publisher.errors import SigningError
from publisher.model.config.signer import Signer
from publisher.signing.schemes import KNOWN_KEYS, PLAIN_SCHEME, SCHEMES, Scheme

PERSON_FIELD = "x-tidegate-person"
DUTY_FIELD = "x-tidegate-duty"
DEMO_FIELD = "x-tidegate-demo"

PUBLIC_LIMIT = 16_384
"""No public key that we take is longer, in PEM form and with the remarks that some programs write around it."""


@dataclass(frozen=True)
class PublicKey:
    """A public key as signers.yaml wants it."""

    scheme: str
    """A name from `SCHEMES`."""
    text: str
    """As a key of this scheme is written."""


def read_public(data: bytes, where: str) -> PublicKey:
    """The key in what somebody sent: 64 hexadecimal digits, or PEM. `where` completes "the key in ...".

    Raises SigningError for a private key, which must not travel, and for kinds of keys that are not taken.
    """
    if b"PRIVATE KEY-----" in data:
        raise SigningError(
            f"{where} contains a private key",
            fix="keep it where it is and name the public half; if others have seen this file, make a new key",
        )
    text = data[:PUBLIC_LIMIT].decode("ascii", "replace").strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return PublicKey(PLAIN_SCHEME, text.lower())
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(
            f"{where} contains no public key", fix="write 64 hexadecimal digits for Ed25519, or a PEM block"
        ) from None
    return _taken(key, where)


def _taken(key: PublicKeyTypes, where: str) -> PublicKey:
    if isinstance(key, Ed25519PublicKey):
        return PublicKey(PLAIN_SCHEME, key.public_bytes_raw().hex())
    for scheme in SCHEMES.values():
        if _fits(key, scheme):
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            return PublicKey(scheme.name, pem)
    raise SigningError(f"{where} contains a key of an unsupported kind", fix=f"use one of these: {KNOWN_KEYS}")


def public_key(signer: Signer) -> SSlibKey:
    """The key as TUF metadata lists it, with person and duty in the signed key fields.

    The key id is the SHA-256 of the canonical key (TUF specification, 4.2) without those fields: one key has one id
    whoever is said to hold it, and can never count as two signatures. Raises SigningError for an unusable key.
    """
    try:
        crypto = _public_from_text(signer)
        plain = SSlibKey.from_crypto(crypto, scheme=signer.scheme)
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(
            f"the public key of {signer.name} in signers.yaml is not a {signer.scheme} key",
            fix="copy it again: 64 hexadecimal digits for ed25519, a PEM block for the others",
        ) from None
    fields: dict[str, object] = {PERSON_FIELD: signer.person, DUTY_FIELD: signer.duty.value}
    if signer.demo:
        fields[DEMO_FIELD] = True
    return SSlibKey(plain.keyid, plain.keytype, plain.scheme, plain.keyval, fields)


def signed_by(key: Key, signature: Signature, data: bytes) -> bool:
    """Whether the signature is the key's, over these bytes."""
    try:
        key.verify_signature(signature, data)
    except (UnverifiedSignatureError, VerificationError):
        return False
    return True


def signer_of(key: Key, role: str, uri: str) -> Signer:
    """A key that metadata lists, as signers.yaml would name it with this URI. Raises SigningError for a foreign key."""
    fields = key.unrecognized_fields
    try:
        if key.scheme not in SCHEMES:
            raise ValueError(key.scheme)
        return Signer.model_validate_json(
            json.dumps(
                {
                    "name": f"key-{key.keyid[:12]}",
                    "person": fields.get(PERSON_FIELD),
                    "duty": fields.get(DUTY_FIELD),
                    "roles": [role],
                    "scheme": key.scheme,
                    "public": str(key.keyval["public"]).strip(),
                    "uri": uri,
                    "demo": fields.get(DEMO_FIELD) is True,
                }
            )
        )
    except (ValueError, KeyError) as error:
        raise SigningError(f"the metadata gives no person and duty for the key {key.keyid[:12]}") from error


def described(key: Key) -> str:
    """Whose key it is and what for, as its signed fields say: ana (engineering)."""
    fields = key.unrecognized_fields
    return f"{fields.get(PERSON_FIELD, '?')} ({fields.get(DUTY_FIELD, '?')})"


def _public_from_text(signer: Signer) -> PublicKeyTypes:
    """Raises ValueError when the text is not a key of the signer's scheme."""
    if signer.scheme == PLAIN_SCHEME:
        if not re.fullmatch(r"[0-9a-f]{64}", signer.public):
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public))
    key = load_pem_public_key(signer.public.encode())
    if signer.scheme not in SCHEMES or not _fits(key, SCHEMES[signer.scheme]):
        raise ValueError
    return key


def _fits(key: PublicKeyTypes, scheme: Scheme) -> bool:
    """Whether a key in PEM signs by the scheme."""
    if isinstance(key, EllipticCurvePublicKey):
        return key.curve.name == scheme.curve
    return isinstance(key, RSAPublicKey) and scheme.least_bits is not None and key.key_size >= scheme.least_bits
