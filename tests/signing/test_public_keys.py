"""Public keys as people send them: read in every form that is taken, and refused in words otherwise."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from publisher.errors import SigningError
from publisher.signing.public_keys import read_public

AnyPrivate = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def pem(private: AnyPrivate) -> bytes:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_hex_digits_in_any_case() -> None:
    found = read_public(b"  " + b"AB" * 32 + b"\r\n", "the file")
    assert (found.scheme, found.text) == ("ed25519", "ab" * 32)


@pytest.mark.parametrize(
    ("private", "scheme"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (ec.generate_private_key(ec.SECP256R1()), "ecdsa-sha2-nistp256"),
        (rsa.generate_private_key(65537, 3072), "rsassa-pss-sha256"),
    ],
    ids=["ed25519", "ecdsa", "rsa"],
)
def test_pem_of_every_kind_that_is_taken(private: AnyPrivate, scheme: str) -> None:
    found = read_public(pem(private), "the file")
    assert found.scheme == scheme
    if isinstance(private, ed25519.Ed25519PrivateKey):
        assert found.text == private.public_key().public_bytes_raw().hex()
    else:
        assert found.text.encode() == pem(private)


@pytest.mark.parametrize(
    "private",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())],
    ids=["small rsa", "p-384"],
)
def test_kinds_that_are_not_taken(private: AnyPrivate) -> None:
    with pytest.raises(SigningError, match="the file contains a key of an unsupported kind"):
        read_public(pem(private), "the file")


def test_a_private_key_is_refused_and_not_repeated() -> None:
    data = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(SigningError, match="contains a private key") as caught:
        read_public(data, "the file")
    assert data.splitlines()[1].decode() not in str(caught.value)
    assert "make a new key" in caught.value.fix


@pytest.mark.parametrize("data", [b"", b"hello", b"ab" * 31, b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_what_is_no_key(data: bytes) -> None:
    with pytest.raises(SigningError, match="the file contains no public key"):
        read_public(data, "the file")
