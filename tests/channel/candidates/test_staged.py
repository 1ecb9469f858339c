"""Signatures on a candidate: given once a key, stored by key id, and read back without what nobody signed."""

from __future__ import annotations

import json

import pytest
from tuf.api.metadata import Metadata, Signature

from publisher.channel.advance import to_bytes
from publisher.channel.candidates.candidate import BACK, SIGNATURES, Candidate
from publisher.channel.candidates.staged import SIGNATURE_LIMIT, Staged, lacks, read_signature, read_signatures
from publisher.channel.layout import candidate_key
from publisher.channel.repository import verifies
from publisher.errors import VerificationError
from publisher.model.records.candidate import CandidateRecord
from tests.support.channel import NOW, STABLE, MemoryChannel


@pytest.fixture
def channel() -> MemoryChannel:
    """1.0.0 is live, signed by ana and ben."""
    channel = MemoryChannel()
    channel.publish()
    return channel


@pytest.fixture
def unsigned(channel: MemoryChannel) -> Staged[Candidate]:
    """1.1.0, and nobody has signed it."""
    payload = to_bytes(Metadata(channel.release("1.1.0", 2)))
    return Staged(Candidate.parse(STABLE, payload, CandidateRecord(staged_at=NOW)))


def test_signatures_add_up_to_what_clients_verify(channel: MemoryChannel, unsigned: Staged[Candidate]) -> None:
    targets, payloads = channel.live().targets.signed, {SIGNATURES: unsigned.candidate.signed_bytes}
    by_ana = unsigned.signed_with(channel.key("channels-ana"), payloads)
    by_both = by_ana.signed_with(channel.key("channels-ben"), payloads)
    assert [verifies(targets, STABLE, staged.metadata) for staged in (unsigned, by_ana, by_both)] == [
        False,
        False,
        True,
    ]
    assert unsigned.objects() == {}, "what was given stays as it was"


def test_a_key_signs_each_thing_once_and_what_is_damaged_again(
    channel: MemoryChannel, unsigned: Staged[Candidate]
) -> None:
    key, payload = channel.key("channels-ana"), unsigned.candidate.signed_bytes
    signed = unsigned.signed_with(key, {SIGNATURES: payload})
    assert signed.signed_with(key, {SIGNATURES: payload}) == signed
    assert [len(signed.signed_with(key, {BACK: b"x"}).signatures_in(folder)) for folder in (SIGNATURES, BACK)] == [1, 1]
    damaged = Staged(unsigned.candidate, {SIGNATURES: (Signature(key.public_key.keyid, "00"),)})
    assert damaged.signed_with(key, {SIGNATURES: payload}) == signed


def test_whether_a_key_has_signed_is_seen_by_its_good_signature(channel: MemoryChannel) -> None:
    ana, ben = channel.key("channels-ana"), channel.key("channels-ben")
    assert lacks((), ana, b"data")
    assert lacks([ben.sign(b"data")], ana, b"data")
    assert lacks([ana.sign(b"other data")], ana, b"data")
    assert not lacks([ben.sign(b"data"), ana.sign(b"data")], ana, b"data")


def test_what_people_add_is_stored_under_their_key_ids_and_read_back(
    channel: MemoryChannel, unsigned: Staged[Candidate]
) -> None:
    for name in ("channels-ana", "channels-ben"):
        unsigned = unsigned.signed_with(channel.key(name), {SIGNATURES: unsigned.candidate.signed_bytes})
    staged = unsigned.stating("attest/a.json", b"{}")
    channel.objects |= staged.objects()
    keys = [
        staged.candidate.key(SIGNATURES + channel.key(name).public_key.keyid)
        for name in ("channels-ana", "channels-ben")
    ]
    assert set(staged.objects()) == {*keys, "attest/a.json"}
    assert read_signatures(channel.objects.get, keys) == staged.signatures_in(SIGNATURES)


def signature_at(channel: MemoryChannel, data: bytes, keyid: str = "a" * 64) -> str:
    key = candidate_key(STABLE, "b" * 64, f"sig/{keyid}")
    channel.objects[key] = data
    return key


def test_only_what_is_signed_is_taken_of_a_signature_object(channel: MemoryChannel) -> None:
    data = json.dumps({"keyid": "a" * 64, "sig": "00", "note": "from a stranger"}).encode()
    read = read_signature(channel.objects.get, signature_at(channel, data))
    assert read == Signature("a" * 64, "00")
    assert read.unrecognized_fields == {}


NOT_ONE, OF_ANOTHER = "is not a signature", "is not the signature that its name says"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", NOT_ONE),
        (b"{}", NOT_ONE),
        (b"[]", NOT_ONE),
        (b"null", NOT_ONE),
        (b"\xff", NOT_ONE),
        (b"[" * 100_000, NOT_ONE),
        (json.dumps({"keyid": "c" * 64, "sig": "00"}).encode(), OF_ANOTHER),
        (json.dumps({"keyid": "a" * 64, "sig": "0" * SIGNATURE_LIMIT}).encode(), OF_ANOTHER),
    ],
)
def test_what_is_no_signature_is_refused_and_counts_for_nobody(channel: MemoryChannel, data: bytes, words: str) -> None:
    key = signature_at(channel, data)
    with pytest.raises(VerificationError, match=words):
        read_signature(channel.objects.get, key)
    good = signature_at(channel, json.dumps({"keyid": "d" * 64, "sig": "00"}).encode(), "d" * 64)
    assert read_signatures(channel.objects.get, [key, good]) == (Signature("d" * 64, "00"),)
