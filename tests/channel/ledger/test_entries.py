"""What an auditor finds in a ledger that somebody has been at. Each test is one attack or one accident."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tuf.api.metadata import Key

from publisher.channel.ledger.entries import (
    NO_ENTRY,
    PAYLOAD_TYPE,
    Head,
    LedgerCheck,
    Logged,
    check_ledger,
    in_sequence,
    named_keys,
    number_of,
    seal_entry,
    took_effect,
)
from publisher.model.config.signer import Signers
from publisher.model.records.decision import Decision, Outcome, Verdict
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody
from publisher.signing.envelope import payload_of, seal
from publisher.signing.key_files import OpenSigner
from tests.support.channel import SIGNERS, MemoryChannel, opened
from tests.support.ledger import stamp
from tests.support.project import Project, seeded_keys

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
SECRETS = ("the Atlantis listing", "atlantis-listing", "7 d for Atlantis", "ask the Atlantis desk")


@pytest.fixture
def key(project: Project) -> OpenSigner:
    return project.key_ring().for_ledger("node.stable")


@pytest.fixture
def stranger(project: Project) -> OpenSigner:
    made = seeded_keys()
    new = [made() for _ in range(100)][-1]
    return new.open(project.catalog.signers.signers[0].model_copy(update={"public": new.public}))


def named(*signers: OpenSigner) -> dict[str, Key]:
    return {one.public_key.keyid: one.public_key for one in signers}


def routine(**fields: Any) -> LedgerEntryBody:
    return LedgerEntryBody(action=LedgerAction.REFRESH, policy_version=1, policy_digest="a" * 64, **fields)


def flip(number: int) -> LedgerEntryBody:
    """From the timestamp before to this one."""
    return routine(base=stamp(number - 1) if number > 1 else None, result=stamp(number), roles={"timestamp": number})


def decision(*verdicts: Verdict) -> Decision:
    return Decision.model_validate(
        {"product": "node", "version": "1.0.0", "channel": "stable", "at": NOW, "outcome": Outcome.WAITING,
         "verdicts": verdicts, "policy_version": 3, "policy_digest": "b" * 64}
    )  # fmt: skip


SECRET_DECISION = decision(
    Verdict(
        rule="freeze.hard",
        outcome=Outcome.WAITING,
        reason=f"It waits for {SECRETS[0]}.",
        public_reason="It waits for a reserved period.",
        sources=(SECRETS[1],),
        arithmetic=SECRETS[2],
        fix=SECRETS[3],
    )
)


def refused(**fields: Any) -> LedgerEntryBody:
    return LedgerEntryBody(
        action=LedgerAction.RELEASE,
        refused=True,
        product=SECRET_DECISION.product,
        version=SECRET_DECISION.version,
        channel=SECRET_DECISION.channel,
        policy_version=SECRET_DECISION.policy_version,
        policy_digest=SECRET_DECISION.policy_digest,
        decision=SECRET_DECISION,
        **fields,
    )


def ledger(bodies: Sequence[LedgerEntryBody], key: OpenSigner) -> list[Logged]:
    logged: list[Logged] = []
    for index, body in enumerate(bodies):
        head = logged[-1].head if logged else NO_ENTRY
        _, data = seal_entry(body, head, NOW + timedelta(minutes=index), key)
        logged.append(Logged(index + 1, data))
    return logged


@pytest.fixture
def sound(key: OpenSigner) -> list[Logged]:
    """Two refusals among four flips, and a refusal at the end; timestamp 4 is live."""
    return ledger([flip(1), refused(), flip(2), refused(), flip(3), flip(4), refused()], key)


def check(logged: Sequence[Logged], key: OpenSigner, live: int | None = 4, noted: Head | None = None) -> LedgerCheck:
    return check_ledger(logged, (), named(key), stamp(live) if live else None, noted)


def said(checked: LedgerCheck) -> list[str]:
    return [f"{finding.where[-6:-5]}: {finding.what}" for finding in checked.findings]


def edited(one: Logged, **changes: Any) -> Logged:
    """The payload as somebody with the bucket but without a key would have it."""
    envelope = json.loads(one.data)
    payload = {**json.loads(base64.b64decode(envelope["payload"])), **changes}
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    return Logged(one.number, json.dumps(envelope).encode())


def test_r17_a_ledger_as_we_write_it_is_sound(sound: list[Logged], key: OpenSigner) -> None:
    found = check(sound, key)
    assert (found.findings, found.sound) == ((), True)
    assert set(found.signers) == set(range(1, 8))
    assert check([], key, live=None).sound


def test_r17_an_edited_entry_is_found(sound: list[Logged], key: OpenSigner) -> None:
    sound[3] = edited(sound[3], refused=False)
    assert said(check(sound, key)) == [
        "4: does not contain what was signed",
        "5: does not link to entry 4: one of the two was edited or replaced",
    ]


def test_r17_an_entry_removed_from_the_middle_is_found(sound: list[Logged], key: OpenSigner) -> None:
    assert said(check([*sound[:3], *sound[4:]], key)) == ["5: comes after a gap: entry 4 is missing"]
    gap = said(check([*sound[:1], *sound[4:]], key))
    assert gap[0] == "5: comes after a gap: entries 2 to 4 are missing"
    assert "builds on timestamp 2, which no earlier entry announces" in gap[1]


def test_r17_a_middle_that_is_closed_again_is_found(sound: list[Logged], key: OpenSigner) -> None:
    moved = [Logged(number, one.data) for number, one in enumerate([*sound[:3], *sound[4:]], start=1)]
    assert "4: contains entry 5" in said(check(moved, key))
    assert any("4: does not link to entry 3" in one for one in said(check(moved, key)))


def test_r17_a_removed_beginning_is_found(sound: list[Logged], key: OpenSigner) -> None:
    assert "3: comes after a gap: entries 1 to 2 are missing" in said(check(sound[2:], key))


def test_r17_swapped_entries_are_found(sound: list[Logged], key: OpenSigner) -> None:
    sound[1], sound[3] = Logged(2, sound[3].data), Logged(4, sound[1].data)
    found = said(check(sound, key))
    assert "2: contains entry 4" in found
    assert "4: contains entry 2" in found


def test_r17_a_removed_last_flip_is_found_by_what_is_live(sound: list[Logged], key: OpenSigner) -> None:
    [found] = check(sound[:5], key).findings
    assert found.where == "tuf/metadata/timestamp.json"
    assert "is version 4, which no entry announces" in found.what


def test_r17_a_removed_end_without_a_flip_needs_a_head_that_was_noted(sound: list[Logged], key: OpenSigner) -> None:
    assert check(sound[:6], key).sound
    assert said(check(sound[:6], key, noted=sound[6].head)) == [
        "7: was noted as the head and is missing; the last entry here is 6"
    ]
    assert check(sound, key, noted=sound[3].head).sound, "an older head is proven by the links"


def test_r17_a_ledger_that_was_written_anew_with_a_stolen_key_is_found_by_a_noted_head(
    sound: list[Logged], key: OpenSigner
) -> None:
    anew = ledger([flip(1), flip(2), flip(3), flip(4)], key)
    assert check(anew, key).sound
    [found] = said(check(anew, key, noted=sound[1].head))
    assert found.startswith("2: is not what was noted: its SHA-256 is ")


def test_a_ledger_that_was_begun_anew_on_a_live_channel_is_found(key: OpenSigner) -> None:
    [found] = said(check(ledger([flip(4)], key), key))
    assert found == "1: builds on timestamp 3, which no earlier entry announces"


def test_a_change_that_somebody_made_beside_the_ledger_is_found_afterwards_too(key: OpenSigner) -> None:
    [found] = said(check(ledger([flip(1), flip(3), flip(4)], key), key))
    assert found == "2: builds on timestamp 2, which no earlier entry announces"


def test_r17_an_entry_signed_by_an_unknown_key_is_found(
    sound: list[Logged], key: OpenSigner, stranger: OpenSigner
) -> None:
    _, data = seal_entry(flip(5), sound[-1].head, NOW, stranger)
    [found] = said(check([*sound, Logged(8, data)], key))
    assert found == f"8: is signed by a key that this channel has never named: {stranger.public_key.keyid[:12]}"
    both = check_ledger([*sound, Logged(8, data)], (), named(key, stranger), stamp(4), None)
    assert both.sound


def test_a_decision_that_is_not_the_one_of_its_digest_is_found(key: OpenSigner) -> None:
    name, data = seal_entry(refused(), NO_ENTRY, NOW, key)
    payload = json.loads(payload_of(data, PAYLOAD_TYPE))
    payload["decision"]["outcome"] = "pass"
    forged = seal(json.dumps(payload).encode(), PAYLOAD_TYPE, key)
    assert name == "ledger/00000001.json"
    assert said(check([Logged(1, forged)], key, live=None)) == [
        "1: does not contain the decision whose SHA-256 it gives"
    ]


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"\xff", b"null", b'{"format": "tidegate-ledger/2"}'])
def test_a_signed_payload_that_is_no_entry_is_found(payload: bytes, key: OpenSigner) -> None:
    found = said(check([Logged(1, seal(payload, PAYLOAD_TYPE, key))], key, live=None))
    assert found == ["1: cannot be read as an entry of the ledger"]


def test_junk_is_found_and_does_not_hide_the_rest(sound: list[Logged], key: OpenSigner) -> None:
    sound[1] = Logged(2, b"junk")
    found = check_ledger(sound, ("ledger/note.txt",), named(key), stamp(4), None)
    assert [(one.where, one.what) for one in found.findings] == [
        ("ledger/00000002.json", "is not a signed envelope"),
        ("ledger/00000003.json", "does not link to entry 2: one of the two was edited or replaced"),
        ("ledger/note.txt", "is not a ledger entry"),
    ]


def test_a_flip_that_clients_never_saw_is_known(key: OpenSigner) -> None:
    """Two were planned on timestamp 1; the second won, and a third was planned on that."""
    lost = routine(base=stamp(1), result=stamp(99))
    logged = ledger([flip(1), lost, flip(2), refused(base=stamp(2)), flip(3)], key)
    entries = [one.entry for one in logged if one.entry]
    assert took_effect(entries, stamp(2).sha256) == {1, 3}, "entry 5 is announced and not live yet"
    assert took_effect(entries, stamp(3).sha256) == {1, 3, 5}
    assert check(logged, key, live=2).sound
    assert check(logged, key, live=3).sound


def test_r96_the_public_projection_holds_nothing_that_is_not_public(key: OpenSigner) -> None:
    _, data = seal_entry(refused(), NO_ENTRY, NOW, key)
    entry = Logged(1, data).entry
    assert entry is not None
    assert entry.public is not None
    private, public = entry.model_dump_json(), entry.public.model_dump_json()
    assert [one for one in SECRETS if one not in private] == []
    assert [one for one in SECRETS if one in public] == []
    assert "It waits for a reserved period." in public
    assert entry.decision_sha256 is not None
    assert entry.decision_sha256 not in public, "with it, a guess at what was left out could be tried"
    assert (entry.public.number, entry.public.policy_digest) == (1, "b" * 64)


def test_r96_of_a_release_that_is_not_public_nothing_is_told(key: OpenSigner) -> None:
    _, data = seal_entry(refused(visibility="internal"), NO_ENTRY, NOW, key)
    entry = Logged(1, data).entry
    assert entry is not None
    assert entry.public is None


def test_the_payload_of_an_entry_is_one_canonical_text(key: OpenSigner) -> None:
    _, data = seal_entry(refused(), NO_ENTRY, NOW, key)
    payload = payload_of(data, PAYLOAD_TYPE)
    entry = Entry.model_validate_json(payload)
    again = json.dumps(entry.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == payload


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("ledger/00000001.json", 1),
        ("ledger/99999999.json", 99_999_999),
        ("ledger/00000000.json", None),
        ("ledger/1.json", None),
        ("ledger/000000001.json", None),
        ("ledger/00000001.json.bak", None),
        ("ledger/a/00000001.json", None),
    ],
)
def test_only_eight_digits_name_an_entry(key: str, number: int | None) -> None:
    assert number_of(key) == number


@pytest.mark.parametrize(
    ("numbers", "begin", "taken"),
    [
        ([], 0, []),
        ([3, 1, 2], 0, [1, 2, 3]),
        ([1, 2, 1002, 2003], 0, [1, 2, 1002]),
        ([1001], 0, []),
        ([1001], 1, [1001]),
        ([1, 99_999_999], 0, [1]),
    ],
)
def test_a_number_that_somebody_planted_far_ahead_is_not_in_the_sequence(
    numbers: list[int], begin: int, taken: list[int]
) -> None:
    assert in_sequence(numbers, begin) == taken


def test_an_entry_may_pass_by_numbers_that_are_taken(sound: list[Logged], key: OpenSigner) -> None:
    name, data = seal_entry(flip(5), sound[-1].head, NOW, key, number=11)
    assert name == "ledger/00000011.json"
    assert check([*sound, Logged(11, data)], key, live=5).sound


def test_a_state_that_was_replaced_and_is_live_again_is_found(key: OpenSigner) -> None:
    [found] = check(ledger([flip(number) for number in range(1, 6)], key), key, live=3).findings
    assert found.where == "tuf/metadata/timestamp.json"
    assert found.what == "is version 3, which was replaced: entry 4 made version 4 live after it"


def test_a_recovery_says_itself_that_no_entry_announces_what_it_replaces(key: OpenSigner) -> None:
    recovery = flip(3).model_copy(update={"action": LedgerAction.RECOVER})
    assert check(ledger([flip(1), recovery], key), key, live=3).sound


def named_in(channel: MemoryChannel, versions: Iterable[int], signers: Signers) -> set[str]:
    found = named_keys(channel.objects.get, channel.trusted_root, versions, signers)
    names = {opened(signer.name).public_key.keyid: signer.name for signer in SIGNERS.signers}
    return {names[keyid] for keyid in found}


TOP = {"root-ana", "root-ben", "targets-ana", "targets-ben", "snapshot-ben", "timestamp-ben"}
DELEGATED = {"channels-ana", "channels-ben", "rollout-ben", "brakes-ben", "notes-ben"}


def test_keys_were_named_by_roots_by_targets_and_by_the_configuration() -> None:
    channel = MemoryChannel()
    channel.publish()
    nobody = Signers(roles={})
    assert named_in(channel, [], nobody) == TOP
    assert named_in(channel, [1, 2], nobody) == TOP | DELEGATED
    assert named_in(channel, [], SIGNERS) == TOP | DELEGATED, "and no key for checks by hand"


@pytest.mark.parametrize("names", [[], ["targets-ana"], ["brakes-ben", "channels-ana"]])
def test_targets_that_their_people_did_not_sign_name_no_keys(names: list[str]) -> None:
    channel = MemoryChannel()
    if names:
        channel.write("targets", channel.targets(), *names)
    assert named_in(channel, [1], Signers(roles={})) == TOP
