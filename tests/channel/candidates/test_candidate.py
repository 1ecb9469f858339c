"""Candidates of any role: what they replace, which number they take, and what is read back of them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root, Targets

from publisher.channel.advance import to_bytes
from publisher.channel.candidates.candidate import (
    Candidate,
    base_of,
    current_candidate,
    is_live,
    is_short_lived,
    next_free_version,
    number_is_its_own,
    payload_digest,
    read_candidate,
    read_pointer,
    refuse_stale,
    signed_by,
)
from publisher.channel.layout import candidate_key, metadata_key, staging_pointer_key
from publisher.channel.repository import verifies
from publisher.channel.roles import BASE_FIELD
from publisher.errors import StorageConflict, StorageForeign, VerificationError
from publisher.model.records.candidate import CandidateRecord, StagingPointer
from tests.support.channel import NOW, SIGNERS, STABLE, MemoryChannel

RECORD = CandidateRecord(staged_at=NOW, because="A test says so.")


@pytest.fixture
def channel() -> MemoryChannel:
    """1.0.0 is live, signed by ana and ben."""
    channel = MemoryChannel()
    channel.publish()
    return channel


def candidate(channel: MemoryChannel, **fields: Any) -> Candidate:
    """A candidate of stable that ships 1.1.0 as version 2, in place of what is live."""
    signed = channel.release("1.1.0", 2)
    signed.unrecognized_fields[BASE_FIELD] = fields.get("base", base_of(channel.repository(), STABLE))
    return Candidate.parse(STABLE, to_bytes(Metadata(signed)), RECORD)


def shipped(made: Candidate) -> Targets:
    """What it would make live."""
    assert isinstance(made.signed, Targets)
    return made.signed


def staged(channel: MemoryChannel, made: Candidate) -> None:
    """Lay it out in staging, as what the channel works on."""
    channel.objects |= dict(made.objects())
    pointer = StagingPointer(candidate=made.digest)
    channel.objects[staging_pointer_key(STABLE)] = pointer.model_dump_json().encode()


# --- numbers


@pytest.mark.parametrize(
    ("taken", "above", "free"), [((), 0, 1), ((), 4, 5), ((5,), 4, 6), ((5, 6, 8), 4, 7), ((3, 4), 4, 5)]
)
def test_the_next_number_is_the_first_that_nobody_has_taken(taken: tuple[int, ...], above: int, free: int) -> None:
    objects = {metadata_key(STABLE, number): b"junk" for number in taken}
    assert next_free_version(STABLE, objects.get, above) == free


def test_a_number_where_something_unreadable_lies_is_taken() -> None:
    def read(key: str) -> bytes | None:
        if key == metadata_key(STABLE, 1):
            raise StorageForeign("is a directory")
        return None

    assert next_free_version(STABLE, read, 0) == 2


def test_a_candidate_has_its_number_until_something_else_lies_there(channel: MemoryChannel) -> None:
    made = candidate(channel)
    assert number_is_its_own(made, channel.objects.get)
    channel.write(STABLE, shipped(made), "channels-ana")
    assert number_is_its_own(made, channel.objects.get), "a killed run has begun to publish it"
    channel.write(STABLE, channel.release("1.2.0", 2))
    assert not number_is_its_own(made, channel.objects.get)
    channel.objects[metadata_key(STABLE, 2)] = b"junk"
    assert not number_is_its_own(made, channel.objects.get)


# --- what it replaces


def test_the_base_is_version_and_digest_of_what_is_live(channel: MemoryChannel) -> None:
    live = channel.live()
    digest = hashlib.sha256(live.roles[STABLE].signed_bytes).hexdigest()
    assert base_of(live, STABLE) == f"1:{digest}"
    assert base_of(live, "node.beta") is None
    assert base_of(None, STABLE) is None
    assert candidate(channel).base == f"1:{digest}"


@pytest.mark.parametrize("base", [7, "", "1", "0:" + "a" * 64, "1:" + "A" * 64, "1:" + "a" * 63, f"1:{'a' * 64}\n", []])
def test_a_base_that_is_nonsense_is_refused(channel: MemoryChannel, base: object) -> None:
    with pytest.raises(VerificationError, match=r"the candidate of node\.stable does not say what it replaces"):
        candidate(channel, base=base)


def test_what_is_live_is_known_as_such(channel: MemoryChannel) -> None:
    made = candidate(channel)
    assert not is_live(made, channel.live())
    assert not is_live(made, None)
    channel.store(channel.plan(stable=channel.signed(STABLE, shipped(made))))
    assert is_live(made, channel.live())


def test_a_candidate_for_what_is_live_is_not_stale(channel: MemoryChannel) -> None:
    refuse_stale(candidate(channel), channel.live())


def test_a_stale_candidate_names_what_is_live_and_who_signed_it(channel: MemoryChannel) -> None:
    made = candidate(channel)
    channel.publish("1.0.1", 2)
    words = (
        r"node\.stable has moved on: the candidate was made for version 1, and version 2 is live,"
        r" signed by ana \(engineering\) and ben \(operations\)"
    )
    with pytest.raises(StorageConflict, match=words):
        refuse_stale(made, channel.live())


def test_a_candidate_of_an_empty_channel_is_stale_once_something_is_live(channel: MemoryChannel) -> None:
    made = candidate(channel, base=None)
    with pytest.raises(StorageConflict, match="made for an empty channel, and version 1 is live"):
        refuse_stale(made, channel.live())


def test_a_candidate_whose_base_was_taken_away_is_stale(channel: MemoryChannel) -> None:
    with pytest.raises(StorageConflict, match="made for version 1, and nothing is live"):
        refuse_stale(candidate(channel), None)


@pytest.mark.parametrize(("days", "short"), [(0, False), (334, False), (335, True), (366, True)])
def test_a_candidate_that_would_be_due_at_once_is_short_lived(channel: MemoryChannel, days: int, short: bool) -> None:
    """365 days of a channel's role are renewed when a twelfth of them, 30.4 days, is left."""
    assert is_short_lived(candidate(channel), SIGNERS, NOW + timedelta(days=days)) is short


# --- as objects


def test_a_candidate_is_named_by_its_payload_and_read_back(channel: MemoryChannel) -> None:
    made = candidate(channel)
    staged(channel, made)
    assert current_candidate(channel.objects.get, Candidate, STABLE) == made
    assert payload_digest(shipped(made)) == made.digest


def test_a_candidate_with_the_signatures_of_its_people_is_what_clients_verify(channel: MemoryChannel) -> None:
    made, targets = candidate(channel), channel.live().targets.signed
    signatures = [key.sign(made.signed_bytes) for key in channel.keys(STABLE)]
    assert verifies(targets, STABLE, made.with_signatures(signatures))
    assert not verifies(targets, STABLE, made.with_signatures(signatures[:1]))


def test_a_role_that_works_on_nothing_has_no_candidate(channel: MemoryChannel) -> None:
    assert read_pointer(channel.objects.get, STABLE) == StagingPointer(candidate=None)
    assert current_candidate(channel.objects.get, Candidate, STABLE) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"candidate": "../../x"}', b"\xff"])
def test_a_damaged_pointer_is_refused(channel: MemoryChannel, data: bytes) -> None:
    channel.objects[staging_pointer_key(STABLE)] = data
    with pytest.raises(VerificationError, match=r"staging/node\.stable/current\.json cannot be read"):
        read_pointer(channel.objects.get, STABLE)


@pytest.mark.parametrize(
    ("file", "data", "words"),
    [
        ("payload.json", None, "is not whole"),
        ("decision.json", None, "is not whole"),
        ("payload.json", b"{}", "is not what was staged"),
        ("decision.json", b"{}", r"the record of candidate [0-9a-f]{12} of node\.stable cannot be read"),
    ],
)
def test_a_candidate_that_was_damaged_is_refused(
    channel: MemoryChannel, file: str, data: bytes | None, words: str
) -> None:
    made = candidate(channel)
    staged(channel, made)
    if data is None:
        del channel.objects[made.key(file)]
    else:
        channel.objects[made.key(file)] = data
    with pytest.raises(VerificationError, match=words):
        read_candidate(channel.objects.get, Candidate, STABLE, made.digest)


@pytest.mark.parametrize(("payload", "words"), [(b"junk", "is not TUF metadata"), (b"<html>", "a web page instead of")])
def test_a_payload_that_is_no_metadata_is_refused_when_it_is_read(
    channel: MemoryChannel, payload: bytes, words: str
) -> None:
    digest = hashlib.sha256(payload).hexdigest()
    channel.objects[candidate_key(STABLE, digest, "payload.json")] = payload
    channel.objects[candidate_key(STABLE, digest, "decision.json")] = RECORD.model_dump_json().encode()
    with pytest.raises(VerificationError, match=words):
        read_candidate(channel.objects.get, Candidate, STABLE, digest)


def test_a_payload_of_another_kind_of_role_is_refused(channel: MemoryChannel) -> None:
    with pytest.raises(VerificationError, match=r"the candidate of node\.stable is metadata of the role type root"):
        Candidate.parse(STABLE, channel.trusted_root, RECORD)
    assert isinstance(Candidate.parse("root", channel.trusted_root, RECORD).signed, Root)


def test_those_who_signed_are_named_with_their_duties(channel: MemoryChannel) -> None:
    assert signed_by(channel.live(), STABLE) == ["ana (engineering)", "ben (operations)"]
    assert signed_by(channel.live(), "node.beta") == []
    assert signed_by(None, STABLE) == []
