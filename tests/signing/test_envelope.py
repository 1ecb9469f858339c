"""Signed envelopes: every signature counts, and none can be borrowed from elsewhere."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tuf.api.metadata import Key

from publisher.errors import VerificationError
from publisher.signing.envelope import payload_of, seal, verify_envelope
from publisher.signing.key_files import OpenSigner, generate_ed25519
from tests.signing.conftest import MakeSigner

KIND = "application/vnd.tidegate.test+json"
PAYLOAD = b'{"a":1}'


@pytest.fixture
def key(make_signer: MakeSigner) -> OpenSigner:
    new = generate_ed25519()
    return new.open(make_signer(public=new.public))


def keys(*signers: OpenSigner) -> dict[str, Key]:
    return {one.public_key.keyid: one.public_key for one in signers}


def edited(data: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(data), **changes}).encode()


def test_what_was_sealed_is_read_back_and_its_key_is_named(key: OpenSigner) -> None:
    data = seal(PAYLOAD, KIND, key)
    assert payload_of(data, KIND) == PAYLOAD
    assert verify_envelope(data, KIND, keys(key)) == (key.public_key,)


def test_what_is_signed_begins_as_no_metadata_does(key: OpenSigner) -> None:
    """The encoding that the specification of DSSE gives: type and payload, each with its length."""
    [signature] = json.loads(seal(PAYLOAD, KIND, key))["signatures"]
    said = b"DSSEv1 %d %b %d %b" % (len(KIND), KIND.encode(), len(PAYLOAD), PAYLOAD)
    assert base64.b64decode(signature["sig"]).hex() == key.sign(said).signature, "Ed25519 is deterministic"


@pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff", b'{"payload": 1}'])
def test_junk_is_no_envelope(junk: bytes) -> None:
    with pytest.raises(VerificationError, match="is not a signed envelope"):
        payload_of(junk, KIND)


def test_another_type_of_payload_is_refused(key: OpenSigner) -> None:
    with pytest.raises(VerificationError, match="of something else"):
        verify_envelope(seal(PAYLOAD, "application/vnd.other+json", key), KIND, keys(key))


def test_a_type_that_was_exchanged_afterwards_is_refused(key: OpenSigner) -> None:
    borrowed = edited(seal(PAYLOAD, "application/vnd.other+json", key), payloadType=KIND)
    with pytest.raises(VerificationError, match="does not contain what was signed"):
        verify_envelope(borrowed, KIND, keys(key))


def test_a_signature_over_the_bare_payload_is_refused(key: OpenSigner) -> None:
    bare = base64.b64encode(bytes.fromhex(key.sign(PAYLOAD).signature)).decode()
    data = edited(seal(PAYLOAD, KIND, key), signatures=[{"keyid": key.public_key.keyid, "sig": bare}])
    with pytest.raises(VerificationError, match="does not contain what was signed"):
        verify_envelope(data, KIND, keys(key))


def test_an_edited_payload_is_refused(key: OpenSigner) -> None:
    with pytest.raises(VerificationError, match="does not contain what was signed"):
        verify_envelope(edited(seal(PAYLOAD, KIND, key), payload="eyJhIjoyfQ=="), KIND, keys(key))


def test_no_signature_is_refused(key: OpenSigner) -> None:
    with pytest.raises(VerificationError, match="is not signed"):
        verify_envelope(edited(seal(PAYLOAD, KIND, key), signatures=[]), KIND, keys(key))


def test_one_stranger_among_the_signers_is_refused(key: OpenSigner, make_signer: MakeSigner) -> None:
    new = generate_ed25519()
    stranger = new.open(make_signer("stranger", public=new.public))
    both = [one for by in (key, stranger) for one in json.loads(seal(PAYLOAD, KIND, by))["signatures"]]
    data = edited(seal(PAYLOAD, KIND, key), signatures=both)
    assert len(verify_envelope(data, KIND, keys(key, stranger))) == 2
    with pytest.raises(VerificationError, match=r"a key that this channel has never named"):
        verify_envelope(data, KIND, keys(key))
