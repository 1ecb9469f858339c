"""Keys: made, kept, found by URI, and checked against what signers.yaml says of them.

A `file:` key is a PKCS#8 PEM file that only its owner can read. Every other URI belongs to securesystemslib (KMS,
PKCS#11, ...). No message, repr or exception chain here holds a passphrase or a private key.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey
from securesystemslib.signer import Signer as _OpenSigner

from publisher.errors import SigningError
from publisher.model.config.signer import Signer, Signers
from publisher.signing.devices import Passphrase, open_device
from publisher.signing.public_keys import public_key

MIN_PASSPHRASE = 12
"""PKCS#8 as `cryptography` writes it derives the key with 2048 rounds only, so the passphrase must carry the weight."""

OpenSigner = _OpenSigner
"""What signs with a key that has been opened; only signing/ and the client import securesystemslib."""

KEY_FILE_LIMIT = 65_536


class OtherKey(SigningError):
    """A private key is not the one that was asked for."""


class NoPassphrase(SigningError):
    """The question for the passphrase of a key file was answered with nothing."""


class WrongPassphrase(SigningError):
    """A passphrase does not open a key file."""


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
                f"the passphrase is too short: a key file can be guessed at offline, so it needs "
                f"{MIN_PASSPHRASE} characters or more",
                fix="use five or six random words",
            )
        encryption = BestAvailableEncryption(passphrase.encode())
    data = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    _check_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise SigningError(f"cannot write the key to {path}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise SigningError(f"cannot write the key to {path}: {error.strerror}") from None


def refuse_taken(path: Path) -> None:
    """Raises SigningError where anything has the name of a key that is to be made."""
    if path.exists() or path.is_symlink():
        raise _taken(path)


def _taken(path: Path) -> SigningError:
    return SigningError(f"{path} exists already; a key is never overwritten", fix="choose another name")


def open_signer(signer: Signer, *, base: Path, passphrase: Passphrase) -> OpenSigner:
    """What signs with the private key of a signer; `file:` URIs are relative to `base`.

    `passphrase` is asked once, and only if the key needs one. Raises SigningError, now or when signing.
    """
    public = public_key(signer)
    path = key_path(signer.uri, base)
    return open_device(signer, passphrase) if path is None else _open_file(signer, path, public, passphrase)


def key_path(uri: str, base: Path) -> Path | None:
    """Where the file of a `file:` URI is; None for the URI of a device."""
    scheme, _, rest = uri.partition(":")
    return base / re.sub(r"^//(?=/)", "", rest) if scheme == "file" else None


def is_encrypted(path: Path) -> bool:
    """Whether a key file needs a passphrase. Raises SigningError as `refuse_bad_keeping`."""
    return b"ENCRYPTED" in _read_key_file(path)


def refuse_bad_keeping(path: Path) -> None:
    """Raises SigningError for a key file that is absent, or that others can read or exchange."""
    _read_key_file(path)


def _open_file(signer: Signer, path: Path, public: SSlibKey, passphrase: Passphrase) -> CryptoSigner:
    data = _read_key_file(path)
    private = _parse(signer, path, data, passphrase)
    try:
        return CryptoSigner(private, public)
    except Exception:  # KeyMismatchError, or ValueError for a key of another type
        raise OtherKey(
            f"the key in {path} is not the one that signers.yaml lists for {signer.name}",
            fix="correct the uri or the public key there; nothing was signed",
        ) from None


def _read_key_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise SigningError(
            f"there is no key file {path}", fix="bring the key here, or correct its uri in signers.yaml"
        ) from None
    except OSError as error:
        if path.is_symlink():
            raise SigningError(f"{path} is a symbolic link", fix="name the key file itself in the uri") from None
        raise SigningError(f"cannot read the key file {path}: {error.strerror}") from None
    try:
        _check_folder(path.parent)
        _check_keeping(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(KEY_FILE_LIMIT)
    finally:
        os.close(descriptor)


def _check_folder(folder: Path) -> None:
    """Whoever can write to a directory can take a key away and put another in its place."""
    if os.name != "posix":
        return
    try:
        status = folder.stat()
    except OSError as error:
        raise SigningError(f"cannot read the directory of keys {folder}: {error.strerror}") from None
    if status.st_uid not in (os.geteuid(), 0):
        raise SigningError(
            f"the directory of keys {folder} belongs to another user",
            fix=f"keep keys in your own directory; if this one is yours: chown {os.geteuid()} {folder}",
        )
    if status.st_mode & 0o022:
        raise SigningError(f"the directory of keys {folder} can be written to by others", fix=f"chmod 700 {folder}")


def _check_keeping(path: Path, status: os.stat_result) -> None:
    """A key that others can read, or that somebody else can exchange, is not a key any more."""
    if not stat.S_ISREG(status.st_mode):
        raise SigningError(f"{path} is not a file", fix="name the key file itself in the uri")
    if os.name != "posix":
        return
    if status.st_uid != os.geteuid():
        raise SigningError(
            f"the key file {path} belongs to another user", fix=f"chown {os.geteuid()} {path}, if it is yours"
        )
    if status.st_mode & 0o077:
        raise SigningError(f"the key file {path} can be read by others", fix=f"chmod 600 {path}")


def _parse(signer: Signer, path: Path, data: bytes, passphrase: Passphrase) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        pass  # it is encrypted
    except (ValueError, UnsupportedAlgorithm):
        raise SigningError(f"{path} is not a private key in PEM form (PKCS#8)") from None
    secret = passphrase(signer.name)
    if not secret:
        raise (SigningError if secret is None else NoPassphrase)(
            f"the key {signer.name} in {path} is encrypted, and there is no passphrase for it",
            fix="type it at the prompt of a terminal, or set TIDEGATE_PASSPHRASE",
        )
    try:
        return load_pem_private_key(data, secret.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise WrongPassphrase(
            f"the passphrase does not open the key {signer.name} in {path}",
            fix="type it again at the prompt of a terminal, or correct TIDEGATE_PASSPHRASE",
        ) from None


def refuse_demo_keys(signers: Signers) -> None:
    """Keys of the demo are public knowledge: they and real ones never meet in one configuration.

    Raises SigningError that names all the keys that are in the wrong place.
    """
    if signers.demo:
        wrong = [signer.name for signer in signers.signers if not signer.demo]
        what, fix = "this is the demo's configuration, but these keys are not demo keys", "make a new configuration"
    else:
        wrong = [signer.name for signer in signers.signers if signer.demo or _sounds_like_demo(signer)]
        what, fix = "demo keys sign nothing but the demo", "make real keys, and remove these from signers.yaml"
    if wrong:
        raise SigningError(f"{what}: {', '.join(wrong)}", fix=fix)


def _sounds_like_demo(signer: Signer) -> bool:
    return any(re.match(r"demo(-|$)", name) for name in (signer.name, signer.person))
