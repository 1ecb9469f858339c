"""What tokens and services raise, in our words: what it means for a person, and what to do about it.

Known by the names of their exceptions, since the libraries that raise them are optional.
"""

from __future__ import annotations

from http import HTTPStatus

from publisher.errors import SigningError
from publisher.locks import install_command

DEVICES = ("hsm", "gcpkms", "azurekms", "hv", "tkey")
"""Schemes of URIs that need more than this program brings; for each there is a lock of its name."""

SERVICES = ("awskms", "gcpkms", "azurekms", "hv")
"""Schemes of services: what they deny is known after one trial signature, which costs nobody a touch or a PIN."""


class NotAtHand(SigningError):
    """The device is not here, or the service is not there for whoever asks; another key of the role may do."""


class WrongSecret(SigningError):
    """A device has refused a PIN. It counts wrong ones, so it is not tried again."""


_PLUG = "plug the token in; PYKCS11LIB must name the PKCS#11 library of its maker"
_ALLOW = "have the owner of the key allow it, or use the credentials of somebody who may"

_KNOWN: dict[str, tuple[type[SigningError], str, str]] = {
    "PinIncorrect": (WrongSecret, "the PIN is wrong; it was tried once", "be sure of it before you try again"),
    "PinLenRange": (WrongSecret, "the PIN is wrong: no PIN of this token is so long or short", "be sure of it first"),
    "PinInvalid": (WrongSecret, "the PIN is wrong: it has characters that no PIN has", "be sure of it first"),
    "PinLocked": (WrongSecret, "the token has locked itself after wrong PINs", "unlock it with its PUK or SO PIN"),
    "PinExpired": (WrongSecret, "the PIN has expired", "set a new one with the tool of the token's maker"),
    "UserPinNotInitialized": (WrongSecret, "the token has no PIN yet", "set one with the tool of its maker"),
    "TokenNotPresent": (NotAtHand, "the token is gone", _PLUG),
    "TokenNotRecognised": (NotAtHand, "the token is not recognised", _PLUG),
    "DeviceRemoved": (NotAtHand, "the token was unplugged", _PLUG),
    "NoCredentialsError": (NotAtHand, "there are no AWS credentials", "log in, or set AWS_PROFILE"),
    "PartialCredentialsError": (NotAtHand, "the AWS credentials are not complete", "log in, or set AWS_PROFILE"),
    "NoRegionError": (NotAtHand, "it is not known in which AWS region it is", "set AWS_REGION, or name its ARN"),
    "EndpointConnectionError": (NotAtHand, "the KMS cannot be reached", "check the network and AWS_REGION"),
    "ConnectTimeoutError": (NotAtHand, "the KMS does not answer", "check the network and AWS_REGION"),
    "ReadTimeoutError": (NotAtHand, "the KMS does not answer", "try again later"),
    "ConnectionClosedError": (NotAtHand, "the KMS broke the connection off", "try again later"),
}
"""Name of an exception -> what it is, what happened, and what to do."""

_AWS_CODES: dict[str, tuple[type[SigningError], str, str]] = {
    "AccessDeniedException": (NotAtHand, "the KMS denies access with these credentials", _ALLOW),
    "AccessDenied": (NotAtHand, "the KMS denies access with these credentials", _ALLOW),
    "UnrecognizedClientException": (NotAtHand, "the KMS does not know these credentials", "log in again"),
    "InvalidClientTokenId": (NotAtHand, "the KMS does not know these credentials", "log in again"),
    "ExpiredTokenException": (NotAtHand, "the AWS credentials have expired", "log in again"),
    "NotFoundException": (SigningError, "the KMS has no such key", "correct its uri; is AWS_REGION that of the key?"),
    "DisabledException": (SigningError, "the key is disabled in the KMS", "have its owner enable it"),
    "KMSInvalidStateException": (SigningError, "the key is to be deleted, or is not ready", "check it in the KMS"),
    "InvalidKeyUsageException": (SigningError, "the key is not for signing this way", "name another key"),
}
"""Error codes of AWS in the same way (KMS API Reference, GetPublicKey and Sign)."""

_SAID = (
    ("PYKCS11LIB", NotAtHand, "it is not known how to speak to tokens here", "set PYKCS11LIB to a PKCS#11 library"),
    ("while loading", NotAtHand, "the PKCS#11 library cannot be loaded: {}", "correct PYKCS11LIB"),
    ("No PKCS#11 token", NotAtHand, "its token is not here", _PLUG),
    (
        "Multiple PKCS#11 tokens",
        SigningError,
        "several tokens are here that it may be on",
        "name one in the uri, as in hsm:2?label=NAME, or unplug the others",
    ),
    ("could not find ECDSA", SigningError, "the token has no ECDSA key of this id", "correct the uri: hsm:ID"),
    ("found multiple ECDSA", SigningError, "the token has several keys of this id", "remove one of them"),
)
"""What securesystemslib raises as a plain ValueError, known by a part of its text."""


def device_error(error: Exception, name: str, scheme: str, text: str) -> SigningError:
    """The error for what a device of a URI scheme raised. `text` is what it said, without secrets."""
    kind, what, fix = _meaning(error, scheme, text)
    return kind(f"the key {name} cannot be used: {what}", fix=fix)


def _meaning(error: Exception, scheme: str, text: str) -> tuple[type[SigningError], str, str]:
    name = type(error).__name__
    if name == "UnsupportedLibraryError":
        return NotAtHand, text.rstrip("."), f"run `{install_command(scheme if scheme in DEVICES else 'run')}`"
    if name in _KNOWN:
        return _KNOWN[name]
    answer = getattr(error, "response", None)  # botocore's ClientError, or one of its many subclasses
    if isinstance(answer, dict):
        code = answer.get("Error", {}).get("Code")
        if code in _AWS_CODES:
            return _AWS_CODES[code]
        if answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == HTTPStatus.FORBIDDEN:  # by what stands before it
            return _AWS_CODES["AccessDenied"]
    for part, kind, what, fix in _SAID:
        if part in text:
            return kind, what.format(text.partition(": ")[2] or text), fix
    return SigningError, text.rstrip(".") or name, ""
