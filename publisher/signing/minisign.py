"""The minisign format: signatures that people check by hand with one small program.

    untrusted comment: ...
    base64("ED" + key id + Ed25519 signature over the BLAKE2b-512 digest of the file)
    trusted comment: product:... version:... file:...
    base64(Ed25519 signature over the signature above + the trusted comment)

Only the prehashed form "ED" is written and accepted; "Ed", over the whole file, is the legacy of minisign before
0.8. https://jedisct1.github.io/minisign/ describes the format. The libraries for it hash the file themselves and want
keys of their own form; we sign a digest that is already there, with the keys we already keep.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from publisher.errors import InputError, SigningError, VerificationError
from publisher.model.config.signer import Signer
from publisher.signing.devices import Passphrase
from publisher.signing.key_files import OpenSigner, open_signer
from publisher.signing.public_keys import public_key
from publisher.signing.schemes import PLAIN_SCHEME

ROLE = "minisign"

KEY_ALGORITHM = b"Ed"
PREHASHED = b"ED"
UNTRUSTED = "untrusted comment: "
TRUSTED = "trusted comment: "
TRUSTED_LIMIT = 1024
"""minisign reads 8 KiB; a product, a version and a file name need far less."""

FILE_LIMIT = 16_384
DIGEST_SIZE = hashlib.blake2b.MAX_DIGEST_SIZE


@dataclass(frozen=True)
class _PublicKey:
    key_id: bytes
    raw: bytes

    @property
    def name(self) -> str:
        """As minisign shows it: the id read as a little-endian number."""
        return self.key_id[::-1].hex().upper()


def public_file(signer: Signer) -> bytes:
    """The minisign.pub that belongs to a signer. Raises SigningError when its key cannot be one."""
    key = _public_of(signer)
    packed = base64.b64encode(KEY_ALGORITHM + key.key_id + key.raw).decode()
    return f"{UNTRUSTED}minisign public key {key.name}\n{packed}\n".encode()


class MinisignKey:
    """A signer of the role `minisign`, ready to sign."""

    def __init__(self, signer: Signer, opened: OpenSigner) -> None:
        """`opened` is what `open_signer` gave for `signer`. Raises SigningError for another role or key type."""
        self._key = _public_of(signer)
        self._public_file = public_file(signer)
        self._opened = opened

    @classmethod
    def open(cls, signer: Signer, *, base: Path, passphrase: Passphrase) -> MinisignKey:
        """Find the private key as `open_signer` does; raises SigningError."""
        _public_of(signer)
        return cls(signer, open_signer(signer, base=base, passphrase=passphrase))

    @property
    def key_id(self) -> str:
        """Sixteen hexadecimal digits, as minisign shows them."""
        return self._key.name

    def public_file(self) -> bytes:
        """The text of minisign.pub."""
        return self._public_file

    def sign(self, blake2b_digest: bytes, *, trusted_comment: str) -> bytes:
        """The text of FILE.minisig for the BLAKE2b-512 digest of FILE; the same input gives the same text.

        The comment is one line of printable ASCII. Raises InputError for a comment or digest that cannot be signed,
        SigningError when the key fails.
        """
        _check_digest(blake2b_digest)
        if not trusted_comment.isascii() or not trusted_comment.isprintable() or not trusted_comment.strip():
            raise InputError(f"the trusted comment {trusted_comment!r} must be one line of printable ASCII")
        if len(trusted_comment) > TRUSTED_LIMIT or trusted_comment != trusted_comment.strip():
            raise InputError(
                f"the trusted comment {trusted_comment!r} must have at most {TRUSTED_LIMIT} characters and no "
                "space at its ends"
            )
        signature = self._sign(blake2b_digest)
        overall = self._sign(signature + trusted_comment.encode())
        packed = base64.b64encode(PREHASHED + self._key.key_id + signature).decode()
        text = (
            f"{UNTRUSTED}signature from minisign key {self._key.name}\n{packed}\n"
            f"{TRUSTED}{trusted_comment}\n{base64.b64encode(overall).decode()}\n"
        ).encode()
        try:
            verify(self._public_file, text, blake2b_digest)
        except VerificationError:
            raise SigningError(f"the minisign key {self._key.name} gave a signature that is not its own") from None
        return text

    def _sign(self, payload: bytes) -> bytes:
        return bytes.fromhex(self._opened.sign(payload).signature)


def verify(public_file: bytes, signature_file: bytes, blake2b_digest: bytes) -> str:
    """The trusted comment, if key, digest and comment belong together; else raises VerificationError."""
    _check_digest(blake2b_digest)
    key, signed = _signed_by(public_file, signature_file)
    _check(key, signed.signature, blake2b_digest, "The file is not the one that was signed (minisign).")
    return _signed_comment(key, signed)


def signed_comment(public_file: bytes, signature_file: bytes) -> str:
    """The trusted comment, if the key signed it; for which bytes is not asked. Raises VerificationError."""
    return _signed_comment(*_signed_by(public_file, signature_file))


@dataclass(frozen=True)
class _SignatureFile:
    key_id: bytes
    signature: bytes
    comment: bytes
    overall: bytes

    @property
    def key_name(self) -> str:
        return self.key_id[::-1].hex().upper()


def _signed_by(public_file: bytes, signature_file: bytes) -> tuple[Ed25519PublicKey, _SignatureFile]:
    """The key, and the signature that says to be its own. Raises VerificationError when it is another key's."""
    key = _parse_public(public_file)
    signed = _parse_signature(signature_file)
    if signed.key_id != key.key_id:
        raise VerificationError(f"the signature was made with the minisign key {signed.key_name}, not with {key.name}")
    return Ed25519PublicKey.from_public_bytes(key.raw), signed


def _signed_comment(key: Ed25519PublicKey, signed: _SignatureFile) -> str:
    changed = "The trusted comment of the minisign signature was changed."
    _check(key, signed.overall, signed.signature + signed.comment, changed)
    return _comment_text(signed.comment)


def _public_of(signer: Signer) -> _PublicKey:
    if ROLE not in signer.roles:
        raise SigningError(f"{signer.name} does not have the role {ROLE} in signers.yaml")
    if signer.scheme != PLAIN_SCHEME:
        raise SigningError(f"minisign needs an {PLAIN_SCHEME} key; {signer.name} is {signer.scheme}")
    raw = bytes.fromhex(public_key(signer).keyval["public"])
    return _PublicKey(hashlib.sha256(raw).digest()[:8], raw)


def _parse_public(data: bytes) -> _PublicKey:
    comment, packed = _lines(data, 2, "public key")
    _after(comment, UNTRUSTED, "public key")
    raw = _unpack(packed, 2 + 8 + 32, "public key")
    if raw[:2] != KEY_ALGORITHM:
        raise VerificationError("the minisign public key is of an unknown algorithm")
    return _PublicKey(raw[2:10], raw[10:])


def _parse_signature(data: bytes) -> _SignatureFile:
    untrusted, packed, trusted, overall = _lines(data, 4, "signature")
    _after(untrusted, UNTRUSTED, "signature")
    raw = _unpack(packed, 2 + 8 + 64, "signature")
    if raw[:2] == KEY_ALGORITHM:
        raise VerificationError(
            "the minisign signature is of the legacy kind, over the unhashed file", fix="sign again without -l"
        )
    if raw[:2] != PREHASHED:
        raise VerificationError("the minisign signature is of an unknown algorithm")
    return _SignatureFile(raw[2:10], raw[10:], _after(trusted, TRUSTED, "signature"), _unpack(overall, 64, "signature"))


def _lines(data: bytes, count: int, what: str) -> list[bytes]:
    lines = data.removesuffix(b"\n").split(b"\n") if len(data) <= FILE_LIMIT else []
    if len(lines) != count:
        raise VerificationError(f"this is not a minisign {what}: it does not have {count} lines")
    return [line.removesuffix(b"\r") for line in lines]


def _after(line: bytes, prefix: str, what: str) -> bytes:
    if not line.startswith(prefix.encode()):
        raise VerificationError(f"this is not a minisign {what}: a line does not begin with {prefix!r}")
    return line[len(prefix) :]


def _unpack(line: bytes, size: int, what: str) -> bytes:
    """Base64 in its one canonical spelling, so that a signature has one spelling too."""
    try:
        raw = base64.b64decode(line, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != size or base64.b64encode(raw) != line:
        raise VerificationError(f"this is not a minisign {what}: its base64 is damaged")
    return raw


def _comment_text(comment: bytes) -> str:
    """Signed or not, a comment goes to a terminal: no control characters but the tab that minisign itself writes."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not text.replace("\t", " ").isprintable():
        raise VerificationError("the trusted comment of the minisign signature contains control characters")
    return text


def _check(public: Ed25519PublicKey, signature: bytes, payload: bytes, otherwise: str) -> None:
    try:
        public.verify(signature, payload)
    except InvalidSignature:
        raise VerificationError(otherwise) from None


def _check_digest(digest: bytes) -> None:
    if len(digest) != DIGEST_SIZE:
        raise InputError(f"a BLAKE2b-512 digest has {DIGEST_SIZE} bytes, not {len(digest)}")
