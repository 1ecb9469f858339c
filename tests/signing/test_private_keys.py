"""Private keys are known by how they are kept, whatever their file is called; what only speaks of them is none."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from publisher.signing.private_keys import private_key_in

ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC = ec.derive_private_key(7, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
PLAIN, SECRET = NoEncryption(), BestAvailableEncryption(b"a passphrase")
PEM, DER = Encoding.PEM, Encoding.DER
PKCS8, OLD, SSH = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH


def minisign(kind: bytes) -> bytes:
    secret = b"Ed" + kind + b"B2" + bytes(152)
    return b"untrusted comment: minisign encrypted secret key\n" + base64.b64encode(secret) + b"\n"


KEYS = {
    "pkcs8": ED.private_bytes(PEM, PKCS8, PLAIN),
    "pkcs8-encrypted": ED.private_bytes(PEM, PKCS8, SECRET),
    "openssh": ED.private_bytes(PEM, SSH, PLAIN),
    "rsa": RSA.private_bytes(PEM, OLD, PLAIN),
    "rsa-encrypted": RSA.private_bytes(PEM, OLD, SECRET),
    "ec": EC.private_bytes(PEM, OLD, PLAIN),
    "der": ED.private_bytes(DER, PKCS8, PLAIN),
    "der-encrypted": EC.private_bytes(DER, PKCS8, SECRET),
    "der-rsa": RSA.private_bytes(DER, OLD, PLAIN),
    "der-rsa-pkcs8": RSA.private_bytes(DER, PKCS8, PLAIN),
    "der-ec": EC.private_bytes(DER, OLD, PLAIN),
    "pkcs12": pkcs12.serialize_key_and_certificates(b"x", EC, None, None, SECRET),
    "windows-lines": ED.private_bytes(PEM, PKCS8, PLAIN).replace(b"\n", b"\r\n"),
    "in-the-middle-of-a-page": b"# Help\n\nUse this:\n\n" + ED.private_bytes(PEM, PKCS8, PLAIN),
    "utf-16": ED.private_bytes(PEM, PKCS8, PLAIN).decode().encode("utf-16"),
    "minisign": minisign(b"Sc"),
    "minisign-without-a-passphrase": minisign(b"\0\0"),
    "signify": b"untrusted comment: key\n" + base64.b64encode(b"EdBK" + bytes(100)) + b"\n",
    "age": b"AGE-SECRET-KEY-1" + b"Q" * 58,
    "jwk": json.dumps({"kty": "OKP", "crv": "Ed25519", "d": "A" * 43, "x": "B" * 43}).encode(),
    "securesystemslib": json.dumps(
        {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "ab" * 32, "private": "cd" * 32}}
    ).encode(),
    "securesystemslib-encrypted": b"ab" * 16 + b"@@@@100000@@@@" + b"cd" * 32 + b"@@@@" + b"ef" * 16 + b"@@@@00",
}


@pytest.mark.parametrize("name", KEYS)
def test_every_way_of_keeping_a_private_key_is_known(name: str) -> None:
    assert private_key_in(KEYS[name]) is not None


def test_what_is_public_or_only_words_is_no_private_key(tmp_path: Path) -> None:
    public = {
        "pem": ED.public_key().public_bytes(PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": RSA.public_key().public_bytes(DER, PublicFormat.SubjectPublicKeyInfo),
        "ssh": ED.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "minisign": b"untrusted comment: minisign public key\n" + base64.b64encode(b"Ed" + bytes(40)),
        "signature": b"untrusted comment: x\n" + base64.b64encode(b"ED" + bytes(72)) + b"\ntrusted comment: y\n",
        "words": b"A key file begins with `-----BEGIN PRIVATE KEY-----` and must stay where it is.",
        "securesystemslib": json.dumps({"keytype": "ed25519", "keyval": {"public": "ab" * 32}}).encode(),
        "program": b"\x7fELF" + bytes(100) + b"-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0",
        "empty": b"",
    }
    assert {name: private_key_in(content) for name, content in public.items()} == dict.fromkeys(public)


def test_no_file_of_this_repository_is_taken_for_a_private_key() -> None:
    root = Path(__file__).parents[2]
    for folder in ("publisher", "content", "site_config", "templates", "schemas", "docs"):
        for file in (root / folder).rglob("*"):
            if file.is_file() and not re.search(r"__pycache__", str(file)):
                assert private_key_in(file.read_bytes()) is None, file
