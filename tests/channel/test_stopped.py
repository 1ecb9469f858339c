"""What nobody should run, and what is on hold, as signed metadata says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.channel.brakes import notice_key
from publisher.channel.stopped import holds, withdrawals
from publisher.errors import VerificationError
from publisher.model.records.channel_state import Withdrawal
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD
from publisher.wire.version import Version
from tests.support.braking import REASON, hold, withdraw
from tests.support.channel import STABLE, MemoryChannel
from tests.support.project import Project

ONCE = (Withdrawal(product="node", channel="stable", version=Version.parse("1.1.0")),)
TWICE = (*ONCE, Withdrawal(product="node", channel="stable", version=Version.parse("1.2.0")))


@pytest.fixture
def channel() -> MemoryChannel:
    """Stable ships 1.0.0 again: it has taken back 1.2.0, and 1.1.0 before."""
    channel = MemoryChannel()
    channel.publish()
    back = channel.release("1.0.0", 2)
    back.unrecognized_fields |= {BACK_FIELD: "1.2.0", WITHDRAWN_FIELD: ["1.1.0"]}
    channel.store(channel.plan(stable=channel.signed(STABLE, back)))
    return channel


def test_the_metadata_of_a_channel_names_all_that_it_has_taken_back(channel: MemoryChannel) -> None:
    assert withdrawals(channel.live()) == TWICE
    assert withdrawals(channel.live(), "node") == TWICE
    assert withdrawals(channel.live(), "desktop") == ()
    assert withdrawals(None) == ()


def test_metadata_that_names_no_versions_where_it_should_is_refused(channel: MemoryChannel) -> None:
    nonsense = channel.release("1.0.0", 3)
    nonsense.unrecognized_fields[WITHDRAWN_FIELD] = ["not a version"]
    live = channel.live()
    broken = replace(live, roles={**live.roles, STABLE: channel.signed(STABLE, nonsense)})
    with pytest.raises(VerificationError, match="is not a list of versions"):
        withdrawals(broken)


@pytest.fixture
def stopped(project: Project) -> Project:
    """1.1.0 is live; 1.0.0 is withdrawn on one platform, 1.1.0 on hold."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    withdraw(project, "1.0.0", "stop", platforms=("linux-amd64",))
    hold(project, "1.1.0")
    return project


def test_r81_brakes_withdraw_what_no_channel_has_taken_back(stopped: Project) -> None:
    (withdrawal,) = withdrawals(stopped.look().live, read=stopped.look().read)
    assert (str(withdrawal.version), withdrawal.platforms, withdrawal.taken_back, withdrawal.at) == (
        "1.0.0",
        ("linux-amd64",),
        False,
        stopped.now,
    )
    assert withdrawal.notice is not None
    assert withdrawal.notice.because == REASON


def test_r82_a_hold_says_why_and_when_people_hear_more(stopped: Project) -> None:
    (held,) = holds(stopped.look().live, stopped.look().read)
    assert held.notice is not None
    assert held.notice.next_update == stopped.now + timedelta(hours=6)
    assert not held.overdue(stopped.now)
    assert held.overdue(stopped.now + timedelta(hours=6))


def test_a_notice_that_cannot_be_read_costs_the_reason_and_nothing_else(stopped: Project) -> None:
    (held,) = holds(stopped.look().live)
    (stopped.bucket / notice_key("node", "stable", held.id)).write_text("{}")
    (withdrawal,) = withdrawals(stopped.look().live, read=stopped.look().read)
    assert holds(stopped.look().live, stopped.look().read) == (held,)
    assert (held.notice, withdrawal.id is not None) == (None, True)
