"""Devices: a PIN is asked for once and tried once, no URI shows a secret, and failures are told in our words."""

from __future__ import annotations

from pathlib import Path

import pytest
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, SecretsHandler, Signature, SSlibKey

from publisher.errors import SigningError
from publisher.locks import install_command, lock_file
from publisher.signing.device_errors import DEVICES, NotAtHand, WrongSecret, device_error
from publisher.signing.devices import device_of, import_public, refuse_secrets, shown
from publisher.signing.key_files import OpenSigner, generate_ed25519, open_signer
from tests.signing.conftest import MakeSigner

PIN = "482917"


class PinIncorrect(Exception):
    """As python-pkcs11 names it; it says nothing more."""


class Token(OpenSigner):
    """A token that counts wrong PINs."""

    key = generate_ed25519()

    def __init__(self, public: Key, secrets: SecretsHandler | None) -> None:
        self._public = public
        self._secrets = secrets
        self.tried: list[str] = []

    @property
    def public_key(self) -> Key:
        return self._public

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Token:
        assert priv_key_uri == "token:1"
        return cls(public_key, secrets_handler)

    def sign(self, payload: bytes) -> Signature:
        assert self._secrets is not None
        self.tried.append(self._secrets("pin"))
        if self.tried[-1] == "say it":
            raise ValueError(f"the device was given {self.tried[-1]}")
        if self.tried[-1] != PIN:
            raise PinIncorrect
        return CryptoSigner(self.key.private, SSlibKey.from_crypto(self.key.private.public_key())).sign(payload)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, make_signer: MakeSigner, tmp_path: Path) -> tuple[OpenSigner, list[str]]:
    """The token's key, opened; and the answers to what it asks for, the next one first."""
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "token", Token)
    answers = [PIN]
    signer = make_signer(uri="token:1", public=Token.key.public)
    return open_signer(signer, base=tmp_path, passphrase=lambda _name: answers.pop(0)), answers


def test_a_pin_is_asked_for_once(opened: tuple[OpenSigner, list[str]]) -> None:
    key, answers = opened
    key.sign(b"one")
    key.sign(b"two")
    assert answers == []


def test_a_wrong_pin_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, make_signer: MakeSigner, tmp_path: Path
) -> None:
    tokens: list[Token] = []

    class Counted(Token):
        def __init__(self, public: Key, secrets: SecretsHandler | None) -> None:
            super().__init__(public, secrets)
            tokens.append(self)

    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "token", Counted)
    signer = make_signer(uri="token:1", public=Token.key.public)
    key = open_signer(signer, base=tmp_path, passphrase=lambda _name: "135791")
    for payload in (b"one", b"two"):
        with pytest.raises(WrongSecret, match="the PIN is wrong; it was tried once") as caught:
            key.sign(payload)
        assert "135791" not in str(caught.value)
    assert tokens[0].tried == ["135791"]


def test_a_device_that_repeats_its_secret_is_not_believed(opened: tuple[OpenSigner, list[str]]) -> None:
    key, answers = opened
    answers[0] = "say it"
    with pytest.raises(SigningError, match=r"cannot be used: the device was given \(secret\)$"):
        key.sign(b"one")


@pytest.mark.parametrize(
    ("uri", "public"),
    [
        ("file:ana.pem", "file:ana.pem"),
        ("hsm:2", "hsm:2"),
        ("hsm:2?label=YubiKey+PIV+%2315835999", "hsm:2?label=YubiKey+PIV+%2315835999"),
        ("hsm:2?label=ben&pin-value=1234", "hsm:2?label=ben"),
        ("hsm:2?pin=1234", "hsm:2?..."),
        ("awskms:arn:aws:kms:eu-west-1:1:key/a", "awskms:arn:aws:kms:eu-west-1:1:key/a"),
        ("azurekms://me:word@v.vault.azure.net/keys/k/1", "azurekms://...@v.vault.azure.net/keys/k/1"),
    ],
)
def test_a_uri_is_shown_without_what_may_be_secret(uri: str, public: str) -> None:
    assert shown(uri) == public
    if uri == public:
        refuse_secrets(uri)
    else:
        with pytest.raises(SigningError, match=r"signers\.yaml is public") as caught:
            refuse_secrets(uri)
        assert "1234" not in str(caught.value)
        assert "word@" not in str(caught.value)


def test_two_keys_of_a_token_share_its_pin() -> None:
    assert device_of("hsm:2?label=ben") == device_of("hsm:3?label=ben") != device_of("hsm:2?label=eva")
    assert device_of("hsm:2") == device_of("hsm:")
    assert device_of("tkey:a") != device_of("tkey:b")


class UnsupportedLibraryError(Exception):
    """As securesystemslib names it."""


@pytest.mark.parametrize(("scheme", "lock"), [*((scheme, scheme) for scheme in DEVICES), ("awskms", "run")])
def test_a_missing_library_is_installed_from_the_lock_of_its_scheme(scheme: str, lock: str) -> None:
    error = device_error(UnsupportedLibraryError(), "ana", scheme, "it is required")
    assert isinstance(error, NotAtHand)
    assert error.fix == f"run `{install_command(lock)}`"
    assert lock_file(lock).is_file()


@pytest.mark.parametrize("scheme", ["gcpkms", "hv"])
def test_services_whose_library_is_not_installed(scheme: str) -> None:
    with pytest.raises(NotAtHand) as caught:
        import_public(f"{scheme}:projects/a", "ana", None, lambda _name: None)
    assert caught.value.fix == f"run `{install_command(scheme)}`"


@pytest.mark.parametrize("uri", ["gnupg:a", "tkey:"])
def test_a_kind_that_cannot_be_asked_for_its_public_half(uri: str) -> None:
    with pytest.raises(SigningError, match="cannot be asked for their public half") as caught:
        import_public(uri, "ana", None, lambda _name: None)
    assert "--public FILE --uri URI" in caught.value.fix


@pytest.mark.parametrize("uri", ["hsm:a", "azurekms://v.vault.azure.net/secrets/k"])
def test_a_uri_that_names_no_key(uri: str) -> None:
    with pytest.raises(SigningError, match="does not identify a key"):
        import_public(uri, "ana", None, lambda _name: None)
