"""Whether the running version is ready for what events require: the decision behind `tidegate ready` (R55, R86).

Pure: no file, no network, no clock. tests/vectors/client/ready.json holds published test vectors for other
implementations. The worst answer counts, for each requirement and over all of them:

    withdrawn   running it is harmful today, whatever is required later: it was withdrawn or taken back
    too late    the moment has come, or may have
    unknown     no date can be told, so it may be any day
    held        there is a date, and what is required may not be installed: on hold, withdrawn, or brakes that expired
    update      there is a date, and time left
    ready
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.client.answers.decide import ClientState, UpdateAdvice, decide
from publisher.wire.answer_words import Outcome, Readiness
from publisher.wire.feed_parser import OfferedRelease, ParsedFeed
from publisher.wire.feed_words import Audience
from publisher.wire.requirement import Requirement
from publisher.wire.stopping.brakes import ChannelBrakes
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.version import Version

__all__ = ["EXIT_CODES", "ReadinessAnswer", "RequirementAnswer", "assess"]


EXIT_CODES = {
    Readiness.READY: 0,
    Readiness.UPDATE: 10,
    Readiness.TOO_LATE: 11,
    Readiness.UNKNOWN: 12,
    Readiness.WITHDRAWN: 13,
    Readiness.HELD: 14,
}
"""What `tidegate ready` exits with."""

_FROM_BEST = tuple(Readiness)


@dataclass(frozen=True)
class RequirementAnswer:
    """How the running version stands to one requirement."""

    requirement: Requirement
    readiness: Readiness
    due: datetime
    """By when the version must be running, UTC: the earliest moment that the estimate leaves open."""
    left: timedelta
    """The time until then; none or negative once it is over."""
    available: bool
    """Whether a release meets it that the channel publishes and nobody has stopped."""

    @property
    def days_left(self) -> int:
        """Whole days until then, rounded down; negative once it is over."""
        return self.left // timedelta(days=1)


@dataclass(frozen=True)
class ReadinessAnswer:
    """How the running version stands to everything that is required of it."""

    readiness: Readiness
    at: datetime
    """The moment that the answer is for, UTC."""
    audience: Audience | None
    """Whom it is for; None: everybody."""
    requirements: tuple[RequirementAnswer, ...]
    """Every requirement that concerns the audience, the next one first."""
    advice: UpdateAdvice
    """What `tidegate check` says of the same feed and version."""
    silenced: bool
    """Whether the channel offers nothing, since its brakes have expired."""

    @property
    def pressing(self) -> RequirementAnswer | None:
        """The requirement that decides: of those not met, the next one among the worst."""
        return max(self.not_met, key=lambda answer: _FROM_BEST.index(answer.readiness), default=None)

    @property
    def not_met(self) -> tuple[RequirementAnswer, ...]:
        """The requirements that the running version does not meet, the next one first."""
        return tuple(answer for answer in self.requirements if answer.readiness is not Readiness.READY)

    @property
    def release(self) -> OfferedRelease | None:
        """The release to install now because of a requirement or because of a withdrawal."""
        if self.silenced:
            return None
        if self.readiness is Readiness.WITHDRAWN:
            return self.advice.release
        return self.advice.release if any(answer.available for answer in self.not_met) else None


def assess(
    feed: ParsedFeed,
    state: ClientState,
    at: datetime,
    brakes: ChannelBrakes,
    withdrawal: BrakeNotice | None = None,
    *,
    audience: Audience | None = None,
    silenced: bool = False,
) -> ReadinessAnswer:
    """The answer of `feed` to a machine in this state, which runs something, as it stands at the moment `at`.

    `brakes` and `withdrawal` are those of `decide`. `silenced` says that the brakes have expired: then it is unclear
    whether a version is on hold, so nothing is offered and nobody is told to be ready.
    """
    current = state.current
    assert current is not None
    requirements = [requirement for requirement in feed.requirements if requirement.concerns(audience)]
    advice = decide(feed, requirements, brakes, withdrawal, state, at)
    published = [release.version for release in (feed.release, feed.previous) if release]

    def is_stopped(version: Version) -> bool:
        return any(brakes.stops(version, platform) for platform in (state.platform, feed.platform))

    def answer(requirement: Requirement) -> RequirementAnswer:
        enough = [version for version in published if version >= requirement.at_least]
        available = any(version not in state.taken_back and not is_stopped(version) for version in enough)
        held = not available and any(is_stopped(version) for version in (requirement.at_least, *enough))
        due = requirement.due(at)
        readiness = _readiness(requirement, current, at, held=silenced or held)
        return RequirementAnswer(requirement, readiness, due, due - at, available)

    answers = [answer(requirement) for requirement in requirements]
    answers.sort(key=lambda answer: (answer.due, answer.requirement.event))
    counting = [Readiness.READY, *(answer.readiness for answer in answers)]
    if silenced:
        counting.append(Readiness.HELD)
    if advice.outcome is Outcome.WITHDRAWN or current in state.taken_back:
        counting.append(Readiness.WITHDRAWN)
    worst = max(counting, key=_FROM_BEST.index)
    return ReadinessAnswer(worst, at, audience, tuple(answers), advice, silenced)


def _readiness(requirement: Requirement, current: Version, at: datetime, *, held: bool) -> Readiness:
    if current >= requirement.at_least:
        return Readiness.READY
    # Before the age of the estimate: its moment does not move away by itself, so nor does the answer get better.
    if requirement.due(at) <= at:
        return Readiness.TOO_LATE
    if not requirement.believed(at):
        return Readiness.UNKNOWN
    return Readiness.HELD if held else Readiness.UPDATE
