"""One row of the table is all that a further scheme needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from publisher.signing.key_files import open_signer
from publisher.signing.public_keys import public_key, read_public
from publisher.signing.schemes import SCHEMES, Scheme
from tests.signing.conftest import MakeSigner

P521 = Scheme("ecdsa-sha2-nistp521", "p521", "ECDSA on the curve P-521", curve="secp521r1")


def test_a_row_makes_a_scheme_usable(make_signer: MakeSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEMES, P521.name, P521)
    private = ec.generate_private_key(ec.SECP521R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = read_public(pem, "the file")
    assert key.scheme == P521.name
    signer = make_signer(scheme=key.scheme, public=key.text, uri="file:p521.pem")
    (tmp_path / "p521.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "p521.pem").chmod(0o600)
    signature = open_signer(signer, base=tmp_path, passphrase=lambda _: None).sign(b"payload")
    public_key(signer).verify_signature(signature, b"payload")
