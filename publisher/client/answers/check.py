"""What `tidegate check` answers: the decision about a verified channel, and the reasons for what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.client.answers.decide import UpdateAdvice, decide
from publisher.client.updater import UpdateClient
from publisher.client.verified_channel import VerifiedChannel
from publisher.wire.answer_words import Outcome
from publisher.wire.errors import ClientInputError, Code
from publisher.wire.feed_words import BrakeKind
from publisher.wire.stopping.brakes import Brake
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.version import Version

__all__ = ["CheckAnswer", "StoppedVersion", "check", "hold_in_the_way", "withdrawal_of_running"]


@dataclass(frozen=True)
class StoppedVersion:
    """A hold or a withdrawal that concerns this machine, with its reason."""

    kind: BrakeKind
    brake: Brake
    notice: BrakeNotice | None
    """None if it could not be fetched or read."""
    overdue: bool
    """Whether the moment has passed at which the publisher promised to say more."""


@dataclass(frozen=True)
class CheckAnswer:
    """The answer to one machine."""

    channel: VerifiedChannel
    current: Version | None
    advice: UpdateAdvice
    hold: StoppedVersion | None
    """The hold on what would be offered otherwise, or else on what runs."""
    withdrawal: StoppedVersion | None
    """The withdrawal of the running version."""

    def refuse_without_offer(self) -> None:
        """Raise ClientInputError if nothing is offered because somebody has stopped it, with the reason."""
        advice, feed = self.advice, self.channel.feed
        if advice.release is not None:
            return
        if advice.outcome is Outcome.WITHDRAWN:
            raise ClientInputError(
                f"{feed.product} {self.current}, which you run, was withdrawn, and nothing is offered in its place"
                f"{_quotation(self.withdrawal)}",
                fix="run tidegate check, which says what to do",
                code=Code.WITHDRAWN,
            )
        if advice.outcome is Outcome.HELD and self.hold is not None:
            raise ClientInputError(
                f"{feed.product} {self.hold.brake.version} is on hold{_quotation(self.hold)}",
                fix="keep what you run, and try again later",
                code=Code.HELD,
            )
        nothing = advice.outcome is Outcome.NOTHING_PUBLISHED
        if nothing and feed.release and self.channel.withdrawal_of(feed.release.version):
            raise ClientInputError(
                f"{feed.product} {feed.release.version} was withdrawn, and nothing is offered in its place",
                fix="try again later",
                code=Code.WITHDRAWN,
            )


def _quotation(stopped: StoppedVersion | None) -> str:
    return f'; the publisher says: "{stopped.notice.because}"' if stopped and stopped.notice else ""


def check(client: UpdateClient, channel: VerifiedChannel, current: Version | None, at: datetime) -> CheckAnswer:
    """The answer for the moment `at`. Fetches the notices that concern this machine, and no others."""
    withdrawal = withdrawal_of_running(client, channel, current, at)
    advice = decide(
        channel.feed,
        channel.feed.requirements,
        channel.brakes,
        withdrawal.notice if withdrawal else None,
        channel.state_of(current),
        at,
    )
    hold = hold_in_the_way(client, channel, advice, at)
    if hold is None and withdrawal is None and current is not None:
        hold = _stopped(client, channel, BrakeKind.HOLD, channel.hold_of(current), at)
    return CheckAnswer(channel, current, advice, hold, withdrawal)


def withdrawal_of_running(
    client: UpdateClient, channel: VerifiedChannel, current: Version | None, at: datetime
) -> StoppedVersion | None:
    """The withdrawal of the running version, None if it is good."""
    brake = channel.withdrawal_of(current) if current is not None else None
    return _stopped(client, channel, BrakeKind.WITHDRAWAL, brake, at)


def hold_in_the_way(
    client: UpdateClient, channel: VerifiedChannel, advice: UpdateAdvice, at: datetime
) -> StoppedVersion | None:
    """The hold on what would be offered otherwise, None if there is none."""
    return _stopped(client, channel, BrakeKind.HOLD, advice.hold, at)


def _stopped(
    client: UpdateClient, channel: VerifiedChannel, kind: BrakeKind, brake: Brake | None, at: datetime
) -> StoppedVersion | None:
    if brake is None:
        return None
    notice = client.fetch_notice(channel, kind, brake)
    overdue = notice is not None and notice.next_update is not None and notice.next_update <= at
    return StoppedVersion(kind, brake, notice, overdue)
