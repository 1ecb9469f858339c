"""The minisign format: ours, and that of the real program in both directions."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import InputError, SigningError, VerificationError
from publisher.model.config.signer import Signer
from publisher.signing.key_files import generate_ed25519
from publisher.signing.minisign import MinisignKey, public_file, verify
from tests.signing.conftest import MakeSigner
from tests.support.system import need

COMMENT = "product:btfs-node version:4.1.0 file:btfs-4.1.0-linux-amd64.tar.gz"
DATA = b"not really a program\n"
DIGEST = hashlib.blake2b(DATA).digest()

# The example that the documentation of minisign libraries shares; minisign itself accepts it.
VECTOR_PUBLIC = b"""untrusted comment: minisign public key E7620F1842B4E81F
RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3
"""
VECTOR_SIGNATURE = b"""untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1556193335\tfile:test
y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==
"""


@pytest.fixture
def signer(make_signer: MakeSigner) -> Signer:
    return make_signer("releases", roles=("minisign",))


@pytest.fixture
def key(signer: Signer, tmp_path: Path) -> MinisignKey:
    return MinisignKey.open(signer, base=tmp_path, passphrase=lambda _: None)


def test_what_we_sign_verifies(key: MinisignKey, signer: Signer) -> None:
    signature = key.sign(DIGEST, trusted_comment=COMMENT)
    assert verify(key.public_file(), signature, DIGEST) == COMMENT
    assert key.sign(DIGEST, trusted_comment=COMMENT) == signature
    assert public_file(signer) == key.public_file()
    assert f"trusted comment: {COMMENT}\n".encode() in signature
    assert key.key_id.encode() in key.public_file()


def test_the_published_example_verifies() -> None:
    digest = hashlib.blake2b(b"test").digest()
    assert verify(VECTOR_PUBLIC, VECTOR_SIGNATURE, digest) == "timestamp:1556193335\tfile:test"


def test_files_from_windows_verify(key: MinisignKey) -> None:
    signature = key.sign(DIGEST, trusted_comment=COMMENT).replace(b"\n", b"\r\n")
    assert verify(key.public_file().replace(b"\n", b"\r\n"), signature, DIGEST) == COMMENT


@pytest.mark.parametrize(
    "comment",
    ["", " ", "two\nlines", "cr\rhere", "tab\there", "nul\0", "esc\x1b[31m", "ü", " edge", "edge ", "x" * 1025],
)
def test_comments_that_are_not_signed(key: MinisignKey, comment: str) -> None:
    with pytest.raises(InputError, match="trusted comment"):
        key.sign(DIGEST, trusted_comment=comment)


def test_only_whole_digests_are_signed_and_verified(key: MinisignKey) -> None:
    signature = key.sign(DIGEST, trusted_comment=COMMENT)
    for digest in (b"", DIGEST[:32], DIGEST + b"\0"):
        with pytest.raises(InputError, match="64 bytes"):
            key.sign(digest, trusted_comment=COMMENT)
        with pytest.raises(InputError, match="64 bytes"):
            verify(key.public_file(), signature, digest)


def test_only_ed25519_keys_of_the_role_sign(make_signer: MakeSigner, tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="anna-ops does not have the role minisign"):
        MinisignKey.open(make_signer(), base=tmp_path, passphrase=lambda _: None)
    with pytest.raises(SigningError, match="minisign needs an ed25519 key"):
        public_file(make_signer("other", roles=("minisign",), scheme="rsassa-pss-sha256"))


def test_a_key_that_is_not_the_named_one(key: MinisignKey, make_signer: MakeSigner) -> None:
    other = MinisignKey(make_signer("other", roles=("minisign",)), key._opened)
    with pytest.raises(SigningError, match="gave a signature that is not its own"):
        other.sign(DIGEST, trusted_comment=COMMENT)


def relabel(text: bytes, algorithm: bytes) -> bytes:
    lines = text.split(b"\n")
    lines[1] = base64.b64encode(algorithm + base64.b64decode(lines[1])[2:])
    return b"\n".join(lines)


def test_what_is_refused(key: MinisignKey, make_signer: MakeSigner) -> None:
    public, good = key.public_file(), key.sign(DIGEST, trusted_comment=COMMENT)
    other = public_file(make_signer("other", roles=("minisign",)))
    swapped = key.sign(hashlib.blake2b(b"other").digest(), trusted_comment=COMMENT).split(b"\n")
    mixed = b"\n".join(good.split(b"\n")[:2] + swapped[2:])
    forged = (
        public.split(b"\n")[0]
        + b"\n"
        + base64.b64encode(base64.b64decode(public.split(b"\n")[1])[:10] + bytes.fromhex(generate_ed25519().public))
    )
    cases = [
        (public, good, hashlib.blake2b(b"other").digest(), "not the one that was signed"),
        (public, good.replace(b"4.1.0 ", b"4.1.1 "), DIGEST, "trusted comment of the minisign signature was changed"),
        (public, mixed, DIGEST, "trusted comment of the minisign signature was changed"),
        (forged, good, DIGEST, "not the one that was signed"),
        (other, good, DIGEST, f"made with the minisign key {key.key_id}, not with"),
        (public, relabel(good, b"Ed"), DIGEST, "legacy kind"),
        (public, relabel(good, b"XX"), DIGEST, "unknown algorithm"),
        (relabel(public, b"ED"), good, DIGEST, "unknown algorithm"),
        (public, b"", DIGEST, "does not have 4 lines"),
        (public, good + b"\n", DIGEST, "does not have 4 lines"),
        (public, good + b"x" * 20_000, DIGEST, "does not have 4 lines"),
        (public, good.replace(b"trusted comment: p", b"comment: p"), DIGEST, "does not begin with"),
        (public, good.replace(b"=", b"", 1), DIGEST, "base64 is damaged"),
        (b"", good, DIGEST, "does not have 2 lines"),
        (good, good, DIGEST, "does not have 2 lines"),
    ]
    for public_text, signature, digest, message in cases:
        with pytest.raises(VerificationError, match=message):
            verify(public_text, signature, digest)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_garbage_is_refused_in_words(public: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError):
        verify(public, VECTOR_SIGNATURE, DIGEST)
    with pytest.raises(VerificationError):
        verify(VECTOR_PUBLIC, signature, DIGEST)


@given(st.integers(0, len(VECTOR_SIGNATURE) - 1), st.integers(1, 255))
def test_no_changed_byte_below_the_first_line_verifies(place: int, change: int) -> None:
    first = VECTOR_SIGNATURE.index(b"\n")
    if place <= first:
        return
    spoiled = bytearray(VECTOR_SIGNATURE)
    spoiled[place] ^= change
    if bytes(spoiled).rstrip(b"\r\n") == VECTOR_SIGNATURE.rstrip(b"\n"):
        return
    with pytest.raises(VerificationError):
        verify(VECTOR_PUBLIC, bytes(spoiled), hashlib.blake2b(b"test").digest())


# --- with the real program


def minisign(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(need("minisign")), *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.system
def test_ours_verifies_there_and_tampering_fails_there(key: MinisignKey, tmp_path: Path) -> None:
    file, signature, public = tmp_path / "file", tmp_path / "file.minisig", tmp_path / "minisign.pub"
    good = key.sign(DIGEST, trusted_comment=COMMENT)
    file.write_bytes(DATA)
    signature.write_bytes(good)
    public.write_bytes(key.public_file())
    done = minisign("-V", "-p", public, "-m", file)
    assert done.returncode == 0, done.stderr
    assert f"Trusted comment: {COMMENT}" in done.stdout
    one_line = key.public_file().decode().splitlines()[1]
    assert minisign("-V", "-P", one_line, "-m", file).returncode == 0

    file.write_bytes(DATA + b"!")
    assert minisign("-V", "-p", public, "-m", file).returncode != 0
    file.write_bytes(DATA)
    signature.write_bytes(good.replace(b"4.1.0 ", b"4.1.1 "))
    assert minisign("-V", "-p", public, "-m", file).returncode != 0


@pytest.mark.system
def test_theirs_verifies_here(tmp_path: Path) -> None:
    file, public, secret = tmp_path / "file", tmp_path / "minisign.pub", tmp_path / "minisign.key"
    file.write_bytes(DATA)
    made = minisign("-G", "-W", "-p", public, "-s", secret)
    assert made.returncode == 0, made.stderr
    assert minisign("-S", "-s", secret, "-m", file, "-t", COMMENT).returncode == 0
    signature = (tmp_path / "file.minisig").read_bytes()
    assert verify(public.read_bytes(), signature, DIGEST) == COMMENT
    with pytest.raises(VerificationError, match="not the one that was signed"):
        verify(public.read_bytes(), signature, hashlib.blake2b(b"other").digest())
    with pytest.raises(VerificationError, match="comment of the minisign signature was changed"):
        verify(public.read_bytes(), signature.replace(b"4.1.0 ", b"4.1.1 "), DIGEST)

    assert minisign("-S", "-l", "-s", secret, "-m", file, "-x", tmp_path / "legacy").returncode == 0
    with pytest.raises(VerificationError, match="legacy kind"):
        verify(public.read_bytes(), (tmp_path / "legacy").read_bytes(), DIGEST)
