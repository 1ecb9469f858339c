"""Keys on tokens and in services: opened by URI and asked for their public half, through securesystemslib.

A device is asked for nothing twice: a PIN is given once, and one that was refused is not tried again, since a token
locks itself after a few wrong ones. What devices and services raise is told in our words by `failures`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import (
    SIGNER_FOR_URI_SCHEME,
    AWSSigner,
    AzureSigner,
    CryptoSigner,
    GCPSigner,
    HSMSigner,
    Key,
    SecretsHandler,
    Signature,
    VaultSigner,
)
from securesystemslib.signer import Signer as OpenSigner

from publisher.errors import SigningError
from publisher.model.config.signer import Signer
from publisher.signing.aws_kms import be_brief
from publisher.signing.device_errors import SERVICES, WrongSecret, device_error
from publisher.signing.public_keys import PublicKey, public_key, read_public
from publisher.signing.schemes import KNOWN_KEYS, SCHEMES

Passphrase = Callable[[str], str | None]
"""Asked with the name of a key, and for devices with that of the secret behind it ("ops-ben pin"); None when there is
no answer."""

TRIAL = b"tidegate: is this key at hand?\n"
"""What a service signs first, so that one that denies it is known before any work. No metadata: that is JSON."""

logging.getLogger("securesystemslib.signer").setLevel(logging.CRITICAL)  # it logs what it then raises


def open_device(signer: Signer, passphrase: Passphrase) -> OpenSigner:
    """What signs with a key that is no file. Raises NotAtHand for a device that is not here, other SigningErrors."""
    scheme = _scheme(signer.uri, f"The uri of {signer.name} in signers.yaml")
    answers = _Answers(signer.name, passphrase)
    public = public_key(signer)
    with _translated(signer.name, signer.uri, answers):
        _prepare(signer.uri)
        inner = OpenSigner.from_priv_key_uri(signer.uri, public, answers)
    opened = _Device(signer, inner, answers)
    if scheme in SERVICES:
        opened.sign(TRIAL)
    return opened


def shown(uri: str) -> str:
    """A URI for people to read, without what may be a secret: of its parameters only the token's label stays."""
    bare, mark, query = uri.partition("?")
    bare = re.sub(r"//[^/@]*@", "//...@", bare)
    kept = [(name, value) for name, value in parse_qsl(query) if name == "label"]
    return bare + (f"?{urlencode(kept)}" if kept else "?..." if mark else "")


def device_of(uri: str) -> str:
    """Equal for two keys of one token, which share a PIN."""
    is_token = uri.startswith(f"{HSMSigner.SCHEME}:")
    return f"{HSMSigner.SCHEME}:{_label(uri) or ''}" if is_token else uri


def refuse_secrets(uri: str) -> None:
    """Raises SigningError for a URI with more in it than where the key is: signers.yaml is public."""
    if shown(uri) != uri and sorted(parse_qsl(shown(uri).partition("?")[2])) != sorted(
        parse_qsl(uri.partition("?")[2])
    ):
        raise SigningError(
            "the uri contains parameters that may be secret, but signers.yaml is public",
            fix=f"write only where the key is: {shown(uri).removesuffix('?...')}",
        )
    if "//...@" in shown(uri):
        raise SigningError("the uri contains a user name or password, but signers.yaml is public", fix="leave it out")


def import_public(uri: str, name: str, scheme: str | None, passphrase: Passphrase) -> tuple[str, PublicKey]:
    """Ask a token or service for the public half of a key; `scheme` where it may sign by several.

    The URI comes back as it should be kept: with the token's label. Raises SigningError.
    """
    _scheme(uri, "The uri")
    answers = _Answers(name, passphrase)
    with _translated(name, uri, answers):
        _prepare(uri)
        kept, key = _imported(uri, scheme, answers)
    if key.scheme not in SCHEMES:
        raise SigningError(f"{shown(uri)} signs by {key.scheme}, which is not taken", fix=f"use one of: {KNOWN_KEYS}")
    return kept, read_public(str(key.keyval["public"]).encode(), shown(uri))


def _scheme(uri: str, what: str) -> str:
    scheme = uri.partition(":")[0]
    if scheme not in SIGNER_FOR_URI_SCHEME or scheme == CryptoSigner.SCHEME:
        known = sorted({"file", *SIGNER_FOR_URI_SCHEME} - {CryptoSigner.SCHEME})
        raise SigningError(
            f"{what} begins with {scheme!r}, which is no kind of key", fix=f"use one of {', '.join(known)}"
        )
    return scheme


def _prepare(uri: str) -> None:
    """What comes before a device is used: a token must be there before anybody is asked for its PIN."""
    if uri.startswith(f"{HSMSigner.SCHEME}:"):
        keyid = urlsplit(uri).path
        if keyid and not keyid.isdecimal():
            raise SigningError(
                f"{shown(uri)} does not identify a key", fix="write hsm:2, or hsm:2?label=NAME for one token of many"
            )
        if _has_pkcs11():
            HSMSigner._find_token(_label(uri))  # its public methods ask for the PIN before they look for the token
    if uri.startswith(f"{AWSSigner.SCHEME}:"):
        be_brief(uri)


def _has_pkcs11() -> bool:
    from securesystemslib.signer import _hsm_signer  # noqa: PLC0415 - its flag for the optional library

    return _hsm_signer.PKCS11_IMPORT_ERROR is None


def _label(uri: str) -> str | None:
    return dict(parse_qsl(urlsplit(uri).query)).get("label")


def _imported(uri: str, scheme: str | None, answers: SecretsHandler) -> tuple[str, Key]:
    parts = urlsplit(uri)
    match parts.scheme:
        case HSMSigner.SCHEME:
            return HSMSigner.import_(int(parts.path) if parts.path else None, _label(uri), answers)
        case AWSSigner.SCHEME:
            return AWSSigner.import_(parts.path, scheme)
        case GCPSigner.SCHEME:
            return GCPSigner.import_(parts.path)
        case AzureSigner.SCHEME:
            keys, _, rest = parts.path.strip("/").partition("/")
            if keys != "keys" or not rest:
                fix = "write azurekms://VAULT.vault.azure.net/keys/KEY"
                raise SigningError(f"{shown(uri)} does not identify a key", fix=fix)
            return AzureSigner.import_(parts.netloc.split(".")[0], rest.split("/")[0])
        case VaultSigner.SCHEME:
            return VaultSigner.import_(parts.path.split("/")[0])
        case _:
            raise SigningError(
                f"keys of {parts.scheme}: cannot be asked for their public half",
                fix="write the public key into a file, and give --public FILE --uri URI",
            )


class _Answers:
    """Asks for a secret when a device wants it, once, and remembers it for as long as the device is open."""

    def __init__(self, name: str, passphrase: Passphrase) -> None:
        self._name = name
        self._passphrase = passphrase
        self._given: dict[str, str] = {}

    def __call__(self, secret: str) -> str:
        if secret not in self._given:
            answer = self._passphrase(f"{self._name} {secret}")
            if not answer:
                raise SigningError(
                    f"the key {self._name} asks for its {_spelt(secret)}, and there is none",
                    fix="type it at the prompt of a terminal, or set TIDEGATE_PIN",
                )
            self._given[secret] = answer
        return self._given[secret]

    def without(self, text: str) -> str:
        """The text without any secret that was given."""
        for answer in self._given.values():
            text = text.replace(answer, "(secret)")
        return text


def _spelt(secret: str) -> str:
    return "PIN" if secret.lower() == "pin" else secret


class _Device(OpenSigner):
    """A signer of securesystemslib whose failures are told in our words, and whose signatures are checked."""

    def __init__(self, signer: Signer, inner: OpenSigner, answers: _Answers) -> None:
        self._signer = signer
        self._inner = inner
        self._answers = answers
        self._refused: WrongSecret | None = None

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
        if self._refused is not None:
            raise self._refused
        try:
            with _translated(self._signer.name, self._signer.uri, self._answers):
                signature = self._inner.sign(payload)
        except WrongSecret as refused:
            self._refused = refused
            raise
        try:
            public_key(self._signer).verify_signature(signature, payload)
        except UnverifiedSignatureError:
            raise SigningError(
                f"the key at {shown(self._signer.uri)} is not the one that signers.yaml lists for {self._signer.name}",
                fix="correct the uri or the public key there",
            ) from None
        return signature


@contextmanager
def _translated(name: str, uri: str, answers: _Answers) -> Iterator[None]:
    """Devices and services raise what they like (securesystemslib documents a generic catch)."""
    try:
        yield
    except SigningError:
        raise
    except Exception as error:
        raise device_error(error, name, uri.partition(":")[0], answers.without(str(error))) from None
