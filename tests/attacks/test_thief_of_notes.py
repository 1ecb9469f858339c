"""A thief of a key of the notes, with the online keys: words, of a list that the channel signed, and never an offer."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from publisher.channel.mitigations import mitigation_key
from publisher.client.mitigations import advice
from publisher.wire.advice.notes import NOTES, NOTES_FIELD
from publisher.wire.stopping.notice import MAX_BYTES
from tests.support.machine import CHUNK, Machine, machine_for
from tests.support.mitigating import with_settings
from tests.support.project import Project
from tests.support.thief import Thief

REASON = "It loses data while it runs."
GENUINE = b"node 1.1.0 linux-amd64.tar.gz \n" * 100


@pytest.fixture
def live(project: Project) -> Project:
    """node 1.0.0, then 1.1.0, with the settings auto-sync and max-peers."""
    with_settings(project).publish("1.0.0")
    project.publish("1.1.0")
    return project


@pytest.fixture
def thief(live: Project) -> Thief:
    return Thief.of(live, "notes-coco", "snapshot-ben", "timestamp-ben")


def says(thief: Thief, field: Any) -> None:
    """Make notes live that have this signed field."""
    live = thief.live()
    notes = copy.deepcopy(live.roles[NOTES])
    notes.signed.version += 1
    notes.signed.unrecognized_fields = {NOTES_FIELD: field}
    notes.signatures.clear()
    notes.sign(thief.keys["notes-coco"])
    thief.flip(live.timestamp.signed.version + 1, live.snapshot.signed.version + 1, replaced={NOTES: notes})


def advises(thief: Thief, **changes: Any) -> str:
    """List a notice for everybody before 2.0.0, which no model of ours has checked; the key of its object."""
    about = {"before": "2.0.0", "until": "2026-12-20T12:00:00Z"}
    notice = {"format": "tidegate-notice/1", "kind": "mitigation", "product": "node", **about}
    notice |= {"setting": "auto-sync", "value": "off", "because": REASON, "at": "2026-11-20T12:00:00Z", **changes}
    data = json.dumps(notice).encode()
    digest = hashlib.sha256(data).hexdigest()
    key = mitigation_key("node", digest)
    thief.write(key, data)
    says(thief, {"node": {"mitigations": [{"id": digest, **about}]}})
    return key


def still_gets_the_release(machine: Machine) -> None:
    """Whatever the notes say, the machine gets what the channel's people signed."""
    assert machine.download().offers == "1.1.0"
    [file] = machine.downloads.iterdir()
    assert file.read_bytes() == GENUINE


def test_a_thief_of_the_notes_asks_for_a_setting_that_the_channel_signed(machine: Machine, thief: Thief) -> None:
    """That much can be had: bad advice, from the list. Name and place of the setting are those that were signed."""
    advises(thief)
    [advice] = machine.check().answer["mitigations"]
    assert (advice["setting"]["name"], advice["value"], advice["because"]) == ("storage.auto_sync", "off", REASON)
    still_gets_the_release(machine)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"setting": "remote-login", "value": "on"}, "remote-login"),
        ({"value": "sudo"}, "sudo"),
        ({"setting": "max-peers", "value": "999999"}, "999999"),
        ({"because": "Get the fix from https://evil.example at once."}, "evil"),
        ({"because": "Run curl evil.example now."}, "curl"),
        ({"fixed_in": "6.6.6-get.it.at.evil.example"}, "evil"),
    ],
    ids=["a setting", "a value", "a number", "an address", "a command", "a version"],
)
def test_a_thief_of_the_notes_puts_no_words_of_their_own_where_they_could_be_followed(
    machine: Machine, thief: Thief, changes: dict[str, Any], words: str
) -> None:
    """What is not on the list is left out as a whole, and that something was is said."""
    advises(thief, **changes)
    ran = machine.check()
    assert (ran.exit_code, ran.answer["mitigations"]) == (0, [])
    [left_out] = ran.answer["left_out"]
    assert left_out.startswith("A notice about this version ")
    assert words not in "".join(map(str, (*machine.run("check"), *machine.run("check", "--json"))))
    still_gets_the_release(machine)


@pytest.mark.parametrize(
    "field", [7, [], {"node": []}, {"node": {"mitigations": "x"}}, {"node": {"mitigations": [{}]}}]
)
def test_a_thief_of_the_notes_who_cannot_be_understood_stops_nothing(
    machine: Machine, thief: Thief, field: object
) -> None:
    """Notes only advise: a client that cannot read them says less."""
    says(thief, field)
    ran = machine.check()
    assert (ran.exit_code, ran.offers, ran.answer["mitigations"]) == (0, "1.1.0", [])
    assert ran.answer["left_out"]
    still_gets_the_release(machine)


def test_a_thief_of_the_notes_sends_no_endless_notice(live: Project, tmp_path: Path, thief: Thief) -> None:
    """No more than a notice can have is taken, and the answer comes all the same."""
    key = advises(thief)
    machine = machine_for(live, tmp_path / "other")
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        for chunk in repeat(b" " * CHUNK, 1000):
            taken.append(len(chunk))
            yield chunk

    machine.wire.instead[key] = endless
    ran = machine.check()
    assert (ran.offers, ran.answer["mitigations"]) == ("1.1.0", [])
    assert sum(taken) <= MAX_BYTES + CHUNK
    still_gets_the_release(machine)


def test_a_thief_of_the_notes_with_a_slow_server_keeps_nobody_waiting_for_long(
    machine: Machine, thief: Thief, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One small file may take two minutes, and so may all notices of a check together."""
    now = 0.0

    def slowly(path: str) -> None:
        nonlocal now
        now += 100 if "/notes/" in path else 0

    monkeypatch.setattr(advice, "monotonic", lambda: now)
    machine.wire.before = slowly
    about = {"before": "2.0.0", "until": "2026-12-20T12:00:00Z"}
    says(thief, {"node": {"mitigations": [{"id": f"{number:064x}", **about} for number in range(50)]}})
    ran = machine.check()
    assert (ran.offers, ran.answer["mitigations"], bool(ran.answer["left_out"])) == ("1.1.0", [], True)
    assert len([path for path in machine.wire.asked if "/notes/" in path]) == 2
