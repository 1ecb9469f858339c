"""What `tidegate ready` does: ask the channel, judge what it requires, and leave metrics where they are wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.client.answers.check import StoppedVersion, hold_in_the_way, withdrawal_of_running
from publisher.client.ready.assess import EXIT_CODES, ReadinessAnswer, assess
from publisher.client.ready.metrics import (
    CheckedVersion,
    answer_metrics,
    failure_metrics,
    refuse_unwritable,
    write_metrics,
)
from publisher.client.ready.report import readiness_json, readiness_lines
from publisher.client.tuf_errors import plain_errors
from publisher.client.updater import UpdateClient
from publisher.client.verified_channel import VerifiedChannel
from publisher.wire.errors import ClientError
from publisher.wire.feed_words import Audience
from publisher.wire.version import Version

__all__ = ["ReadinessQuestion", "ReadyReport", "ask"]


@dataclass(frozen=True)
class ReadinessQuestion:
    """Which version runs where, and what is asked about it."""

    product: str
    channel: str
    platform: str
    current: Version
    at: datetime | None = None
    """The moment that the answer is for; None: when the channel was checked."""
    audience: Audience | None = None


@dataclass(frozen=True)
class ReadyReport:
    """The answer, for people and for programs."""

    question: ReadinessQuestion
    channel: VerifiedChannel
    answer: ReadinessAnswer
    hold: StoppedVersion | None
    """The hold on what would be offered otherwise."""
    withdrawal: StoppedVersion | None
    """The withdrawal of the running version."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.answer.readiness]

    def lines(self, next_command: str, width: int) -> list[str]:
        """For people, `width` columns wide; `next_command` is what to run to get the release that is needed."""
        stopped = [brake for brake in (self.withdrawal, self.hold) if brake]
        return readiness_lines(
            self.channel, self.answer, self.question.current, stopped, next_command=next_command, width=width
        )

    def json(self) -> str:
        """One JSON object; see schemas/readiness-1.json."""
        next_update = self.hold.notice.next_update if self.hold and self.hold.notice else None
        return readiness_json(self.channel, self.answer, self.question.current, next_update)


def ask(
    question: ReadinessQuestion, client: UpdateClient, metrics: Path | None, clock: Callable[[], datetime]
) -> ReadyReport:
    """The answer to the question; if `metrics` is given, that file says what came of it, also of a failure.

    Raises ClientError, for a file that cannot be written before anything is asked or written.
    """
    if metrics:
        refuse_unwritable(metrics)
    subject = CheckedVersion(question.product, question.channel, question.current)
    try:
        channel = client.fetch_or_recall(question.product, question.channel, question.platform)
        at = question.at or channel.checked_at
        withdrawal = withdrawal_of_running(client, channel, question.current, at)
        answer = assess(
            channel.feed,
            channel.state_of(question.current),
            at,
            channel.brakes,
            withdrawal.notice if withdrawal else None,
            audience=question.audience,
            silenced=channel.silenced,
        )
        hold = hold_in_the_way(client, channel, answer.advice, at)
    except Exception as error:
        if metrics:
            exit_code = error.exit_code if isinstance(error, ClientError) else ClientError.exit_code
            _write(metrics, failure_metrics(subject, clock(), exit_code))
        raise
    if metrics:
        _write(metrics, answer_metrics(subject, clock(), channel, answer))
    return ReadyReport(question, channel, answer, hold, withdrawal)


def _write(path: Path, data: bytes) -> None:
    with plain_errors(f"write {path}"):
        write_metrics(path, data)
