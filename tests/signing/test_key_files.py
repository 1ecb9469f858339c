"""Keys are kept well or refused, and no message gives a secret away."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, SecretsHandler, Signature, SSlibKey

from publisher.errors import SigningError
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer, Signers
from publisher.signing.key_files import OpenSigner, generate_ed25519, open_signer, refuse_demo_keys, write_private_key
from publisher.signing.public_keys import public_key
from tests.signing.conftest import MakeSigner

KEYID = "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916"
SECRET = "correct horse battery staple"


def no_passphrase(name: str) -> str | None:
    raise AssertionError(f"asked for the passphrase of {name}")


def say(answer: str | None) -> Callable[[str], str | None]:
    return lambda _: answer


def sign_and_verify(signer: Signer, base: Path, passphrase: Callable[[str], str | None] = no_passphrase) -> None:
    signature = open_signer(signer, base=base, passphrase=passphrase).sign(b"payload")
    public_key(signer).verify_signature(signature, b"payload")


# --- making and keeping


def test_a_new_key_shows_its_public_half_only() -> None:
    key = generate_ed25519()
    assert re.fullmatch(r"[0-9a-f]{64}", key.public)
    assert repr(key) == f"NewKey(public='{key.public}')"


def test_a_key_file_is_private_from_the_start(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_private_key(tmp_path / "key.pem", generate_ed25519(), None)
    finally:
        os.umask(old)
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_passphrase_encrypts(tmp_path: Path) -> None:
    write_private_key(tmp_path / "key.pem", generate_ed25519(), SECRET)
    assert (tmp_path / "key.pem").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.parametrize("passphrase", ["", "elevenchars"])
def test_a_short_passphrase_is_refused(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(SigningError, match="too short"):
        write_private_key(tmp_path / "key.pem", generate_ed25519(), passphrase)
    assert not (tmp_path / "key.pem").exists()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("mine")
    (tmp_path / "link.pem").symlink_to(tmp_path / "new.pem")
    for name in ("key.pem", "link.pem"):
        with pytest.raises(SigningError, match="exists already"):
            write_private_key(tmp_path / name, generate_ed25519(), None)
    with pytest.raises(SigningError, match="No such file or directory"):
        write_private_key(tmp_path / "missing" / "key.pem", generate_ed25519(), None)
    assert (tmp_path / "key.pem").read_text() == "mine"
    assert not (tmp_path / "new.pem").exists()


def test_a_new_key_signs_before_it_is_kept(make_signer: MakeSigner) -> None:
    key = generate_ed25519()
    signer = make_signer(public=key.public)
    public_key(signer).verify_signature(key.open(signer).sign(b"payload"), b"payload")


# --- public keys


def test_the_public_key_names_person_and_duty(make_signer: MakeSigner) -> None:
    signer = make_signer(demo=True)
    fields = public_key(signer).to_dict()
    assert fields == {
        "keytype": "ed25519",
        "scheme": "ed25519",
        "keyval": {"public": signer.public},
        "x-tidegate-person": "anna",
        "x-tidegate-duty": "operations",
        "x-tidegate-demo": True,
    }
    assert "x-tidegate-demo" not in public_key(make_signer("other")).to_dict()


def test_one_key_has_one_id_whoever_holds_it(make_signer: MakeSigner) -> None:
    """The id of RFC 8032's first test key, computed over canonical JSON by hand."""
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    anna = make_signer("anna", public=public)
    bert = make_signer("bert", public=public, person="bert", duty=Duty.ENGINEERING)
    assert public_key(anna).keyid == public_key(bert).keyid == KEYID


@pytest.mark.parametrize(
    ("scheme", "public"),
    [
        ("ed25519", "zz" * 32),
        ("ed25519", "AB" * 32),
        ("ed25519", "ab" * 31),
        ("ecdsa-sha2-nistp256", "ab" * 32),
        ("rsassa-pss-sha256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
    ],
)
def test_a_public_key_that_is_none(make_signer: MakeSigner, scheme: str, public: str) -> None:
    with pytest.raises(SigningError, match=f"public key of anna-ops in signers.yaml is not a {scheme} key"):
        public_key(make_signer(scheme=scheme, public=public))


def pem(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_other_schemes_sign_too(make_signer: MakeSigner, tmp_path: Path) -> None:
    curve, big = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 3072)
    for scheme, private in (("ecdsa-sha2-nistp256", curve), ("rsassa-pss-sha256", big)):
        signer = make_signer(scheme, scheme=scheme, public=pem(private))
        data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{scheme}.pem").write_bytes(data)
        sign_and_verify(signer, tmp_path)


def test_keys_that_do_not_fit_their_scheme(make_signer: MakeSigner) -> None:
    small, other = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())
    for scheme, private in (("rsassa-pss-sha256", small), ("ecdsa-sha2-nistp256", other)):
        with pytest.raises(SigningError, match="is not a"):
            public_key(make_signer(scheme, scheme=scheme, public=pem(private)))


# --- key files


def test_a_plain_key_signs_without_asking(make_signer: MakeSigner, tmp_path: Path) -> None:
    sign_and_verify(make_signer(), tmp_path)


def test_an_absolute_uri(make_signer: MakeSigner, tmp_path: Path) -> None:
    sign_and_verify(make_signer("one", uri=f"file:{tmp_path}/one.pem"), Path("/nowhere"))
    sign_and_verify(make_signer("two", uri=f"file://{tmp_path}/two.pem"), Path("/nowhere"))


def test_an_encrypted_key_asks_once_by_name(make_signer: MakeSigner, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return SECRET

    sign_and_verify(make_signer(passphrase=SECRET), tmp_path, answer)
    assert asked == ["anna-ops"]


@pytest.mark.parametrize("answer", [None, ""])
def test_an_encrypted_key_without_passphrase(make_signer: MakeSigner, tmp_path: Path, answer: str | None) -> None:
    signer = make_signer(passphrase=SECRET)
    with pytest.raises(SigningError, match=r"anna-ops in .*anna-ops\.pem is encrypted, and there is no passphrase"):
        open_signer(signer, base=tmp_path, passphrase=say(answer))


def test_a_wrong_passphrase_is_not_repeated(make_signer: MakeSigner, tmp_path: Path) -> None:
    signer = make_signer(passphrase=SECRET)
    with pytest.raises(SigningError, match="the passphrase does not open the key anna-ops") as caught:
        open_signer(signer, base=tmp_path, passphrase=say("a wrong but secret guess"))
    assert "guess" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_of_somebody_else(make_signer: MakeSigner, tmp_path: Path) -> None:
    signer = make_signer("anna", public=make_signer("bert").public)
    with pytest.raises(SigningError, match=r"anna\.pem is not the one that signers.yaml lists for anna"):
        open_signer(signer, base=tmp_path, passphrase=no_passphrase)


def test_a_key_of_another_kind(make_signer: MakeSigner, tmp_path: Path) -> None:
    signer = make_signer(scheme="ecdsa-sha2-nistp256", public=pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(SigningError, match=r"is not the one that signers\.yaml lists"):
        open_signer(signer, base=tmp_path, passphrase=no_passphrase)


def open_permissions(path: Path) -> None:
    path.chmod(0o640)


def missing(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def symbolic_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere.pem"))
    path.symlink_to(path.with_name("elsewhere.pem"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def no_key(path: Path) -> None:
    path.write_text("hello\n")


def empty(path: Path) -> None:
    path.write_text("")


def public_half(path: Path) -> None:
    path.write_text(pem(ec.generate_private_key(ec.SECP256R1())))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (open_permissions, r"can be read by others\n    -> chmod 600 /"),
        (missing, "there is no key file"),
        (directory, "is not a file"),
        (symbolic_link, "is a symbolic link"),
        (pipe, "is not a file"),
        (no_key, "is not a private key in PEM form"),
        (empty, "is not a private key in PEM form"),
        (public_half, "is not a private key in PEM form"),
        (cut_short, "is not a private key in PEM form"),
    ],
)
def test_a_key_file_that_is_refused(
    make_signer: MakeSigner, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    signer = make_signer()
    spoil(tmp_path / "anna-ops.pem")
    with pytest.raises(SigningError, match=message):
        open_signer(signer, base=tmp_path, passphrase=no_passphrase)


def test_a_key_file_of_another_user(make_signer: MakeSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = make_signer()
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "anna-ops.pem").stat().st_uid + 1)
    with pytest.raises(SigningError, match="belongs to another user"):
        open_signer(signer, base=tmp_path, passphrase=no_passphrase)


# --- keys elsewhere


class Device(OpenSigner):
    """A signing device that wants a PIN, holds one key, and may be unplugged."""

    key = generate_ed25519()
    unplugged = False

    def __init__(self, public: Key, secrets: SecretsHandler | None) -> None:
        self._public = public
        self._secrets = secrets

    @property
    def public_key(self) -> Key:
        return self._public

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Device:
        if priv_key_uri != "device:1":
            raise ValueError("no such slot")
        return cls(public_key, secrets_handler)

    def sign(self, payload: bytes) -> Signature:
        assert self._secrets is not None
        if self.unplugged:
            raise ConnectionError("device unplugged")
        if self._secrets("PIN") != "1234":
            raise ValueError("PIN refused")
        return CryptoSigner(self.key.private, SSlibKey.from_crypto(self.key.private.public_key())).sign(payload)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[Device]:
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "device", Device)
    return Device


def test_a_device_signs(device: type[Device], make_signer: MakeSigner, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return "1234"

    sign_and_verify(make_signer(uri="device:1", public=device.key.public), tmp_path, answer)
    assert asked == ["anna-ops PIN"]


def test_failures_of_a_device_are_told_in_our_words(
    device: type[Device], make_signer: MakeSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = make_signer("ours", uri="device:1", public=device.key.public)
    with pytest.raises(SigningError, match="the key other cannot be used: no such slot"):
        open_signer(make_signer("other", uri="device:2"), base=tmp_path, passphrase=say("1234"))
    with pytest.raises(SigningError, match="the key ours cannot be used: PIN refused"):
        open_signer(ours, base=tmp_path, passphrase=say("4321")).sign(b"x")
    with pytest.raises(SigningError, match="the key ours asks for its PIN, and there is none"):
        open_signer(ours, base=tmp_path, passphrase=say(None)).sign(b"x")
    with pytest.raises(SigningError, match=r"is not the one that signers\.yaml lists for wrong"):
        open_signer(make_signer("wrong", uri="device:1"), base=tmp_path, passphrase=say("1234")).sign(b"x")
    monkeypatch.setattr(device, "unplugged", True)
    with pytest.raises(SigningError, match="the key ours cannot be used: device unplugged"):
        open_signer(ours, base=tmp_path, passphrase=say("1234")).sign(b"x")


@pytest.mark.parametrize("uri", ["gpg2:x", "no-scheme", "file2:anna-ops.pem"])
def test_unknown_uris(make_signer: MakeSigner, tmp_path: Path, uri: str) -> None:
    """file2: is securesystemslib's own loader, which looks at no permissions."""
    with pytest.raises(SigningError, match="is no kind of key") as caught:
        open_signer(make_signer(uri=uri), base=tmp_path, passphrase=no_passphrase)
    assert "awskms" in caught.value.fix
    assert "file2" not in caught.value.fix


# --- the demo's keys


def signers(demo: bool, *entries: Signer) -> Signers:
    return Signers(demo=demo, roles={}, signers=entries)


def test_demo_keys_stay_in_the_demo(make_signer: MakeSigner) -> None:
    real = make_signer("anna")
    near = make_signer("demographics", person="demoulin")
    flagged, named = make_signer("bert", demo=True), make_signer("demo-ops")
    person = make_signer("carl", person="demo")
    refuse_demo_keys(signers(False, real, near))
    refuse_demo_keys(signers(True, flagged))
    for wrong in (flagged, named, person):
        with pytest.raises(SigningError, match=f"nothing but the demo: {wrong.name}"):
            refuse_demo_keys(signers(False, real, wrong))


def test_real_keys_stay_out_of_the_demo(make_signer: MakeSigner) -> None:
    with pytest.raises(SigningError, match="not demo keys: anna, demo-ops"):
        refuse_demo_keys(signers(True, make_signer("anna"), make_signer("demo-ops")))
