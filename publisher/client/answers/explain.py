"""What `tidegate explain` tells: why this machine is offered what it is, and what may change that (R94).

Pure: values in, text out. The decision is that of `check`; a step names one fact that it rests on.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.client.answers.check import CheckAnswer
from publisher.client.answers.report import brake_lines, listed_signers
from publisher.client.answers.report_json import COMMON_KEYS, Shape, json_object
from publisher.client.answers.words import time_text
from publisher.wire.answer_words import StepKind
from publisher.wire.feed_parser import OfferedRelease
from publisher.wire.version import Version

__all__ = ["EXPLANATION", "Explanation"]

EXPLANATION: Shape = (
    "tidegate-explanation/1",
    (
        *COMMON_KEYS, "reached_at", "valid_until", "product", "channel", "platform", "current", "install_id", "at",
        "outcome", "reason", "action", "offers", "steps", "changes", "signed_by",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class ExplainedFact:
    """One fact."""

    kind: StepKind
    text: str
    """One plain sentence."""
    version: Version | None = None
    """The version that it is about; None: all, or the running one."""
    until: datetime | None = None
    """When it ends or is told more about, UTC, where that is known."""


@dataclass(frozen=True)
class ExpectedChange:
    """A moment from which the answer may be another one."""

    at: datetime
    text: str
    """What happens then, after the moment: "the freeze for fork ends"."""


@dataclass(frozen=True)
class Explanation:
    """The answer to one machine at one moment, and what it rests on."""

    answer: CheckAnswer
    at: datetime
    """The moment that it is for, UTC."""
    install_id: str | None
    """What tells this installation from others, for releases that reach one part of them after another."""

    @property
    def offers(self) -> OfferedRelease | None:
        """The release that is offered; none while what it rests on has expired."""
        channel = self.answer.channel
        return None if channel.silenced or self.at >= channel.valid_until else self.answer.advice.release

    def steps(self) -> list[ExplainedFact]:
        """What is published, what stops it, and what is asked of this machine, in this order."""
        return [*self._published(), *self._stopped(), *self._around()]

    def changes(self) -> list[ExpectedChange]:
        """What may change the answer after its moment, as far as that is known, the next one first."""
        return sorted(
            (change for change in self._all_changes() if change.at > self.at),
            key=lambda change: (change.at, change.text),
        )

    def lines(self, width: int) -> list[str]:
        """For people, `width` columns wide."""
        channel, advice = self.answer.channel, self.answer.advice
        feed = channel.feed
        moment = f", at {time_text(self.at)}" if self.at != channel.checked_at else ""
        lines = [f"{feed.product} {feed.channel}, {channel.platform}{moment}"]
        for number, step in enumerate(self.steps(), 1):
            lines += _item(f"{number}. {step.text}", width)
            for line in self._notice_lines(step):
                lines += textwrap.wrap(line, width, initial_indent="   ", subsequent_indent="   ")
        lines += ["", *textwrap.wrap(f"So: {self._conclusion()}", width, break_on_hyphens=False)]
        if changes := self.changes():
            lines += ["", "This may change:"]
            for change in changes:
                lines += _item(f"- {time_text(change.at)}: {change.text}", width)
        elif advice.release is None:
            lines += ["", "This changes when the publisher publishes again."]
        if channel.recalled:
            lines += ["", f"The channel cannot be reached. This is its state of {time_text(channel.reached_at)}."]
        return [*lines, "", *textwrap.wrap(f"Signed by {listed_signers(channel.signatures)}: verified", width)]

    def json(self) -> str:
        """One JSON object; see schemas/explanation-1.json."""
        channel, advice = self.answer.channel, self.answer.advice
        return json_object(
            EXPLANATION,
            ok=True,
            verdict="verified",
            exit_code=0,
            checked_at=channel.checked_at,
            reached_at=channel.reached_at,
            valid_until=channel.valid_until,
            product=channel.feed.product,
            channel=channel.feed.channel,
            platform=channel.platform,
            current=self.answer.current,
            install_id=self.install_id,
            at=self.at,
            outcome=advice.outcome,
            reason=self._conclusion(),
            action=advice.action if self.offers else None,
            offers=self.offers.version if self.offers else None,
            steps=self.steps(),
            changes=self.changes(),
            signed_by=channel.signatures,
        )

    def _notice_lines(self, step: ExplainedFact) -> list[str]:
        """What the publisher says of a step, if it concerns this machine."""
        stopped = {StepKind.HELD: self.answer.hold, StepKind.WITHDRAWN: self.answer.withdrawal}.get(step.kind)
        return brake_lines(stopped) if stopped and stopped.brake.version == step.version else []

    def _conclusion(self) -> str:
        if self.answer.advice.release is not None and self.offers is None:
            return "Nothing is offered. Keep what you run, and check again later."
        return self.answer.advice.reason

    def _published(self) -> Iterator[ExplainedFact]:
        channel = self.answer.channel
        feed = channel.feed
        where = f"for {channel.platform}"
        if feed.platform != channel.platform:
            where += ", with files that run on any platform"
        if feed.release is None:
            yield ExplainedFact(StepKind.NOTHING_PUBLISHED, f"Nothing is published {where} yet.")
        else:
            version = feed.release.version
            yield ExplainedFact(
                StepKind.PUBLISHED, f"{version} is the newest version that is published {where}.", version
            )
        if feed.previous is not None:
            version = feed.previous.version
            yield ExplainedFact(StepKind.PUBLISHED, f"{version} is the version before it.", version)
        if self.at >= channel.valid_until:
            text = f"By then the signatures have expired, on {time_text(channel.valid_until)}, so nothing is offered."
            yield ExplainedFact(StepKind.EXPIRED, text)
        if channel.silenced:
            text = "The channel's brakes have expired, so it is unclear what is on hold, and nothing is offered."
            yield ExplainedFact(StepKind.BRAKES_EXPIRED, text)

    def _stopped(self) -> Iterator[ExplainedFact]:
        """What stops each version: the running one, then those that are published."""
        feed, current = self.answer.channel.feed, self.answer.current
        if current is not None:
            yield from self._gone(current, f"{current}, which you run,")
            if feed.min_secure is not None and current < feed.min_secure:
                text = f"{current}, which you run, is below {feed.min_secure}, the lowest version that is secure."
                yield ExplainedFact(StepKind.BELOW_FLOOR, text, current)
        for release in (feed.release, feed.previous):
            if release is None:
                continue
            version = release.version
            if version != current:
                yield from self._gone(version, str(version))
                if feed.min_secure is not None and version < feed.min_secure:
                    text = f"{version} is below {feed.min_secure}, the lowest version that is secure."
                    yield ExplainedFact(StepKind.BELOW_FLOOR, text, version)
            yield from self._held(version)
            if current is not None and version <= current:
                relation = "the version that you run" if version == current else f"older than {current}, which you run"
                yield ExplainedFact(StepKind.NOT_NEWER, f"{version} is {relation}.", version)

    def _gone(self, version: Version, name: str) -> Iterator[ExplainedFact]:
        channel = self.answer.channel
        if channel.withdrawal_of(version) is not None:
            yield ExplainedFact(StepKind.WITHDRAWN, f"{name} is withdrawn: nobody should run it.", version)
        if version in channel.taken_back:
            yield ExplainedFact(StepKind.TAKEN_BACK, f"{name} was taken back by the channel.", version)

    def _held(self, version: Version) -> Iterator[ExplainedFact]:
        channel, hold = self.answer.channel, self.answer.hold
        brake = channel.hold_of(version)
        if brake is None:
            return
        notice = hold.notice if hold and hold.brake == brake else None
        until = notice.next_update if notice else None
        yield ExplainedFact(StepKind.HELD, f"{version} is on hold: nobody is offered it.", version, until)

    def _around(self) -> Iterator[ExplainedFact]:
        """What does not depend on one version."""
        advice = self.answer.advice
        if (freeze := advice.freeze) is not None:
            text = (
                f"A freeze for {freeze.event} lasts until {time_text(freeze.ends)}; it delays new releases, and stops"
                " none that is published."
            )
            yield ExplainedFact(StepKind.FREEZE, text, until=freeze.ends)
        if (release := advice.release) is not None:
            text = f"{release.version} has no ramp: it is offered to everybody at once, whatever the install id."
            yield ExplainedFact(StepKind.RAMP, text, release.version)
        if advice.required_by is not None:
            verb = "requires what is offered by" if advice.required_by > self.at else "has required it since"
            yield ExplainedFact(
                StepKind.REQUIRED, f"An event {verb} {time_text(advice.required_by)}.", until=advice.required_by
            )

    def _all_changes(self) -> Iterator[ExpectedChange]:
        channel, advice = self.answer.channel, self.answer.advice
        hold = self.answer.hold
        if hold is not None and hold.notice is not None and hold.notice.next_update is not None:
            yield ExpectedChange(
                hold.notice.next_update, f"the next update on the hold of {hold.brake.version} is promised"
            )
        if advice.freeze is not None:
            yield ExpectedChange(advice.freeze.ends, f"the freeze for {advice.freeze.event} ends")
        if advice.release is not None and advice.required_by is None:
            for requirement in channel.feed.requirements:
                current = self.answer.current
                if current is not None and current < requirement.at_least <= advice.release.version:
                    yield ExpectedChange(requirement.runway_begins, "the update becomes required, because of an event")
        yield ExpectedChange(channel.valid_until, "the signatures expire, unless the publisher renews them")


def _item(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="   ", break_on_hyphens=False)
