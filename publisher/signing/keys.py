"""Keys: made, kept, found by URI, and checked against what signers.yaml says of them.

A `file:` key is a PKCS#8 PEM file that only its owner can read. Every other URI belongs to securesystemslib (KMS,
PKCS#11, ...). No message, repr or exception chain here holds a passphrase or a private key.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, SecretsHandler, Signature, SSlibKey
from securesystemslib.signer import Signer as OpenSigner

from publisher.errors import SigningError
from publisher.model.signer import Signer, Signers

__all__ = [
    "DEMO_FIELD",
    "DUTY_FIELD",
    "PERSON_FIELD",
    "NewKey",
    "OpenSigner",
    "OtherKey",
    "Passphrase",
    "described",
    "generate_ed25519",
    "open_signer",
    "public_key",
    "refuse_demo_keys",
    "signed_by",
    "signer_of",
    "write_private_key",
]

PERSON_FIELD = "x-tidegate-person"
DUTY_FIELD = "x-tidegate-duty"
DEMO_FIELD = "x-tidegate-demo"

MIN_PASSPHRASE = 12
"""PKCS#8 as `cryptography` writes it derives the key with 2048 rounds only, so the passphrase must carry the weight."""

MIN_RSA_BITS = 3072
KEY_FILE_LIMIT = 65_536

Passphrase = Callable[[str], str | None]
"""Asked with the name of a key (and, for devices, of the secret); None when there is no answer."""


class OtherKey(SigningError):
    """A private key is not the one that was asked for."""


@dataclass(frozen=True)
class NewKey:
    """A key that was just made and is not kept anywhere yet."""

    public: str
    """As signers.yaml wants it: 64 hexadecimal digits."""
    private: Ed25519PrivateKey = field(repr=False, compare=False)

    def open(self, signer: Signer) -> OpenSigner:
        """What signs with this key, as the given signer."""
        return CryptoSigner(self.private, public_key(signer))


def generate_ed25519() -> NewKey:
    """A new key from the system's randomness."""
    private = Ed25519PrivateKey.generate()
    return NewKey(private.public_key().public_bytes_raw().hex(), private)


def write_private_key(path: Path, key: NewKey, passphrase: str | None) -> None:
    """Keep a key in a new PEM file of mode 0600, encrypted if there is a passphrase.

    Raises SigningError when anything has that name already, the passphrase is too short, or writing fails.
    """
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        if len(passphrase) < MIN_PASSPHRASE:
            raise SigningError(
                f"The passphrase is too short: a key file can be guessed at offline, so it needs "
                f"{MIN_PASSPHRASE} characters or more.",
                fix="use five or six random words",
            )
        encryption = BestAvailableEncryption(passphrase.encode())
    data = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SigningError(f"{path} exists already; a key is never overwritten.", fix="choose another name") from None
    except OSError as error:
        raise SigningError(f"Cannot write the key to {path}: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise SigningError(f"Cannot write the key to {path}: {error.strerror}.") from None


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
            f"The public key of {signer.name} in signers.yaml is not a {signer.scheme} key.",
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
        raise SigningError(f"The metadata names no person and duty for the key {key.keyid[:12]}.") from error


def described(key: Key) -> str:
    """Whose key it is and what for, as its signed fields say: ana (engineering)."""
    fields = key.unrecognized_fields
    return f"{fields.get(PERSON_FIELD, '?')} ({fields.get(DUTY_FIELD, '?')})"


def _public_from_text(signer: Signer) -> PublicKeyTypes:
    """Raises ValueError when the text is not a key of the signer's scheme."""
    if signer.scheme == "ed25519":
        if not re.fullmatch(r"[0-9a-f]{64}", signer.public):
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public))
    key = load_pem_public_key(signer.public.encode())
    fits = (
        isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        if signer.scheme == "ecdsa-sha2-nistp256"
        else isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    )
    if not fits:
        raise ValueError
    return key


def open_signer(signer: Signer, *, base: Path, passphrase: Passphrase) -> OpenSigner:
    """What signs with the private key of a signer; `file:` URIs are relative to `base`.

    `passphrase` is asked once, and only if the key needs one. Raises SigningError, now or when signing.
    """
    public = public_key(signer)
    scheme, _, rest = signer.uri.partition(":")
    if scheme == "file":
        return _open_file(signer, base / re.sub(r"^//(?=/)", "", rest), public, passphrase)
    if scheme not in SIGNER_FOR_URI_SCHEME or scheme == CryptoSigner.SCHEME:
        known = sorted({"file", *SIGNER_FOR_URI_SCHEME} - {CryptoSigner.SCHEME})
        raise SigningError(
            f"The uri of {signer.name} in signers.yaml begins with {scheme!r}, which is no kind of key.",
            fix=f"use one of {', '.join(known)}",
        )
    with _translated(signer):
        inner = OpenSigner.from_priv_key_uri(signer.uri, public, _secrets(signer, passphrase))
    return _Translating(signer, inner)


def _open_file(signer: Signer, path: Path, public: SSlibKey, passphrase: Passphrase) -> CryptoSigner:
    data = _read_key_file(path)
    private = _parse(signer, path, data, passphrase)
    try:
        return CryptoSigner(private, public)
    except Exception:  # KeyMismatchError, or ValueError for a key of another type
        raise OtherKey(
            f"The key in {path} is not the key that signers.yaml names for {signer.name}.",
            fix="correct the uri or the public key there; nothing was signed",
        ) from None


def _read_key_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise SigningError(
            f"There is no key file {path}.", fix="bring the key here, or correct its uri in signers.yaml"
        ) from None
    except OSError as error:
        if path.is_symlink():
            raise SigningError(f"{path} is a symbolic link.", fix="name the key file itself in the uri") from None
        raise SigningError(f"Cannot read the key file {path}: {error.strerror}.") from None
    try:
        _check_keeping(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(KEY_FILE_LIMIT)
    finally:
        os.close(descriptor)


def _check_keeping(path: Path, found: os.stat_result) -> None:
    """A key that others can read, or that somebody else can exchange, is not a key any more."""
    if not stat.S_ISREG(found.st_mode):
        raise SigningError(f"{path} is not a file.", fix="name the key file itself in the uri")
    if os.name != "posix":
        return
    if found.st_uid != os.geteuid():
        raise SigningError(
            f"The key file {path} belongs to another user.", fix=f"if it is yours: chown {os.geteuid()} {path}"
        )
    if found.st_mode & 0o077:
        raise SigningError(f"The key file {path} can be read by others.", fix=f"chmod 600 {path}")


def _parse(signer: Signer, path: Path, data: bytes, passphrase: Passphrase) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        pass  # it is encrypted
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"{path} is not a private key in PEM form (PKCS#8).") from None
    secret = passphrase(signer.name)
    if not secret:
        raise SigningError(
            f"The key {signer.name} in {path} is encrypted, and there is no passphrase for it.",
            fix="type it at the prompt of a terminal, or set TIDEGATE_PASSPHRASE",
        )
    try:
        return load_pem_private_key(data, secret.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(
            f"The passphrase does not open the key {signer.name} in {path}.",
            fix="type it again at the prompt of a terminal, or correct TIDEGATE_PASSPHRASE",
        ) from None


def _secrets(signer: Signer, passphrase: Passphrase) -> SecretsHandler:
    def answer(secret: str) -> str:
        value = passphrase(f"{signer.name} {secret}")
        if value is None:
            raise SigningError(f"The key {signer.name} asks for its {secret}, and there is none.")
        return value

    return answer


class _Translating(OpenSigner):
    """A signer of securesystemslib whose failures are told in our words, and whose signatures are checked."""

    def __init__(self, signer: Signer, inner: OpenSigner) -> None:
        self._signer = signer
        self._inner = inner

    @property
    def public_key(self) -> Key:
        return self._inner.public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> OpenSigner:
        # The interface of securesystemslib asks for it; here every key is opened by `open_signer`.
        raise NotImplementedError("use open_signer")

    def sign(self, payload: bytes) -> Signature:
        with _translated(self._signer):
            signature = self._inner.sign(payload)
        try:
            public_key(self._signer).verify_signature(signature, payload)
        except UnverifiedSignatureError:
            raise SigningError(
                f"What {self._signer.uri} signs with is not the key that signers.yaml names for {self._signer.name}.",
                fix="correct the uri or the public key there",
            ) from None
        return signature


@contextmanager
def _translated(signer: Signer) -> Iterator[None]:
    """Devices and services raise what they like (securesystemslib documents a generic catch)."""
    try:
        yield
    except SigningError:
        raise
    except Exception as error:
        raise SigningError(f"The key {signer.name} cannot be used: {error}") from None


def refuse_demo_keys(signers: Signers) -> None:
    """Keys of the demo are public knowledge: they and real ones never meet in one configuration.

    Raises SigningError that names all the keys that are in the wrong place.
    """
    if signers.demo:
        wrong = [signer.name for signer in signers.signers if not signer.demo]
        what, fix = "This is the demo's configuration, but these keys are not demo keys", "make a new configuration"
    else:
        wrong = [signer.name for signer in signers.signers if signer.demo or _sounds_like_demo(signer)]
        what, fix = "Demo keys sign nothing but the demo", "make real keys, and remove these from signers.yaml"
    if wrong:
        raise SigningError(f"{what}: {', '.join(wrong)}.", fix=fix)


def _sounds_like_demo(signer: Signer) -> bool:
    return any(re.match(r"demo(-|$)", name) for name in (signer.name, signer.person))
