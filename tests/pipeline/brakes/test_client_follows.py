"""What publishers stop and lift with their commands is what the client says, from one machine's state (R82)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from publisher.client.answers.check import CheckAnswer, check
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.wire.answer_words import Outcome
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.version import Version
from tests.pipeline.brakes.test_lift import LIVE
from tests.pipeline.test_rollback import take_back
from tests.support.approving import promote
from tests.support.braking import REASON, hold, stage_lift, withdraw
from tests.support.project import Project


@dataclass(frozen=True)
class Machine:
    """A machine with a state of its own."""

    project: Project
    name: str = "machine"

    def check(self, current: str | None, platform: str = "linux-amd64") -> CheckAnswer:
        url = self.project.bucket.as_uri()
        state = self.project.base / self.name
        client = UpdateClient(url, self.project.root, state, fetcher_for(url), lambda: self.project.now)
        channel = client.fetch_channel("node", "stable", platform)
        return check(client, channel, Version.parse(current) if current else None, channel.checked_at)

    def offered(self, current: str | None, platform: str = "linux-amd64") -> str | None:
        release = self.check(current, platform).advice.release
        return str(release.version) if release else None


@pytest.fixture
def machine(project: Project) -> Machine:
    """A machine of a channel with 1.0.0 and then 1.1.0."""
    project.publish("1.0.0")
    project.publish(LIVE)
    return Machine(project)


def test_r82_a_hold_stops_a_version_until_the_channels_people_lift_it(machine: Machine) -> None:
    project = machine.project
    assert machine.offered("1.0.0") == LIVE
    hold(project, LIVE)
    answer = machine.check("1.0.0")
    assert (answer.advice.outcome, answer.advice.release) == (Outcome.HELD, None)
    assert answer.hold is not None
    assert answer.hold.notice is not None
    assert (answer.hold.notice.because, answer.hold.overdue) == (REASON, False)
    assert machine.offered(None) == machine.offered("0.9.0") == "1.0.0"
    stage_lift(project, version=LIVE)
    assert machine.check("1.0.0").advice.outcome is Outcome.HELD
    project.approve(LIVE)
    promote(project)
    assert machine.offered("1.0.0") == machine.offered(None) == LIVE


def test_a_hold_on_one_platform_stops_it_there_alone(machine: Machine) -> None:
    hold(machine.project, LIVE, platforms=("windows-amd64",))
    assert machine.offered("1.0.0") == LIVE
    assert Machine(machine.project, "another").offered("1.0.0", "windows-amd64") is None


def test_a_withdrawal_is_told_to_who_runs_the_version_and_a_fix_forward_ends_it(machine: Machine) -> None:
    project = machine.project
    withdraw(project, LIVE, "stop")
    answer = machine.check(LIVE)
    assert (answer.advice.outcome, answer.advice.release) == (Outcome.WITHDRAWN, None)
    assert answer.withdrawal is not None
    assert answer.withdrawal.notice is not None
    assert (answer.withdrawal.notice.because, answer.withdrawal.notice.action) == (REASON, WithdrawalAction.STOP)
    assert machine.check("1.0.0").advice.outcome is Outcome.UP_TO_DATE
    project.publish("1.1.1")
    answer = machine.check(LIVE)
    assert (answer.advice.outcome, machine.offered(LIVE)) == (Outcome.WITHDRAWN, "1.1.1")
    assert machine.offered("1.0.0") == machine.offered(None) == "1.1.1"


def test_a_rollback_leads_back_and_a_withdrawal_alone_does_not(machine: Machine) -> None:
    withdraw(machine.project, LIVE, "go-back")
    answer = machine.check(LIVE)
    assert (answer.advice.outcome, answer.advice.release) == (Outcome.WITHDRAWN, None)
    assert "Going back is not possible yet" in answer.advice.reason
    take_back(machine.project, LIVE)
    assert machine.offered(LIVE) == "1.0.0"
    assert machine.check(LIVE).advice.reason.endswith("Go back to 1.0.0.")
