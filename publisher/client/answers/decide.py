"""The decision: what a verified channel means for the version that runs here.

Pure: no file, no network, no clock. The same input gives the same answer everywhere; tests/vectors/client holds
published test vectors for other implementations. Brakes only ever take away: what is held, withdrawn, taken back by the
channel, or below the security floor is offered to nobody (R81).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.client.answers.words import time_text
from publisher.client.brakes.what_to_do import WayBack, withdrawal_text
from publisher.wire.answer_words import Outcome
from publisher.wire.feed_parser import OfferedRelease, ParsedFeed
from publisher.wire.feed_words import Action, BackState, WithdrawalAction
from publisher.wire.requirement import Requirement
from publisher.wire.stopping.brakes import Brake, ChannelBrakes, Freeze
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.stopping.withdrawn import GoingBack
from publisher.wire.version import Version

__all__ = ["INSECURE_EXIT", "UPDATE_EXIT", "WITHDRAWN_EXIT", "ClientState", "UpdateAdvice", "decide"]

UPDATE_EXIT = 10
"""`check --exit-code`: a release is offered."""
INSECURE_EXIT = 11
"""`check --exit-code`: the running version is not secure, and nothing is offered in its place."""
WITHDRAWN_EXIT = 12
"""`check --exit-code`: the running version is withdrawn, with or without an offer."""


@dataclass(frozen=True)
class ClientState:
    """What runs on this machine, and what the channel's own role says of versions that it took back."""

    current: Version | None
    """The running version; None: nothing yet."""
    platform: str
    """The platform of this machine, which may differ from that of the feed."""
    taken_back: Mapping[Version, GoingBack] = field(default_factory=dict)
    """The versions that the channel took back, and what happens to their data on the way back."""


@dataclass(frozen=True)
class UpdateAdvice:
    """What to do now, and why."""

    outcome: Outcome
    reason: str
    """The fact, then what to do, in plain sentences."""
    release: OfferedRelease | None = None
    """The release that is offered: a newer one, or the one to go back to from a withdrawn version."""
    action: Action | None = None
    """How urgent the offer is; None without an offer."""
    secure: bool = True
    """False if the running version is below the security floor, withdrawn or taken back, with or without an offer."""
    required_by: datetime | None = None
    """By when an event requires what is offered, UTC, once its runway has begun."""
    hold: Brake | None = None
    """The hold on what would be offered otherwise."""
    withdrawal: Brake | None = None
    """The withdrawal of the running version."""
    freeze: Freeze | None = None
    """The freeze under way; it explains, and stops nothing by itself."""

    @property
    def exit_code(self) -> int:
        """The exit code of `check --exit-code`: 0 when there is nothing to do."""
        if self.outcome is Outcome.WITHDRAWN:
            return WITHDRAWN_EXIT
        if self.release is not None:
            return UPDATE_EXIT
        return 0 if self.secure else INSECURE_EXIT


def decide(
    feed: ParsedFeed,
    requirements: Sequence[Requirement],
    brakes: ChannelBrakes,
    withdrawal: BrakeNotice | None,
    state: ClientState,
    now: datetime,
) -> UpdateAdvice:
    """The answer to a machine in this state at the moment `now`.

    `requirements` are those of the feed that concern this machine, `brakes` what is in force on the channel,
    `withdrawal` the notice of the withdrawal of the running version, None where there is none or it cannot be read.

    A version older than the running one is never offered, unless brakes withdraw the running version *and* the
    channel's own role has taken it back: TUF refuses older metadata, and going back to older software is a decision
    that people have signed.
    """
    return _Question(feed, requirements, brakes, withdrawal, state, now).answer()


@dataclass(frozen=True)
class _Question:
    feed: ParsedFeed
    requirements: Sequence[Requirement]
    brakes: ChannelBrakes
    withdrawal: BrakeNotice | None
    state: ClientState
    now: datetime

    def answer(self) -> UpdateAdvice:
        current = self.state.current
        usable = [release for release in (self.feed.release, self.feed.previous) if release and self._usable(release)]
        newer = [release for release in usable if current is None or release.version > current]
        offer = next((release for release in newer if self._hold(release.version) is None), None)
        hold = self._hold(newer[0].version) if newer else None
        if current is not None and (withdrawn := self._withdrawal(current)) is not None:
            return self._withdrawn(current, withdrawn, offer, hold)
        if offer is not None:
            return self._offered(offer, hold)
        if current is not None and current in self.state.taken_back:
            return self._nothing(Outcome.TAKEN_BACK, _taken_back(current), hold)
        if hold is not None:
            return self._nothing(Outcome.HELD, self._held(hold), hold)
        if current is None or not usable:
            return self._nothing(Outcome.NOTHING_PUBLISHED, self._nothing_published())
        return self._nothing_newer(current, usable[0])

    def _usable(self, release: OfferedRelease) -> bool:
        """Whether nobody has taken it from everybody here, and it is secure. It may be on hold."""
        return self._gone(release.version) is None and not self._below_floor(release.version)

    def _gone(self, version: Version) -> str | None:
        """What happened to a version that is offered to nobody any more, as the end of a sentence."""
        if self._withdrawal(version) is not None:
            return "was withdrawn"
        return "was taken back" if version in self.state.taken_back else None

    def _hold(self, version: Version) -> Brake | None:
        return self.brakes.hold_of(version, *self._platforms)

    def _withdrawal(self, version: Version) -> Brake | None:
        return self.brakes.withdrawal_of(version, *self._platforms)

    @property
    def _platforms(self) -> tuple[str, str]:
        """Files that run anywhere are stopped under that name, and under the name of the machine."""
        return self.state.platform, self.feed.platform

    def _below_floor(self, version: Version) -> bool:
        return self.feed.min_secure is not None and version < self.feed.min_secure

    @property
    def _secure(self) -> bool:
        current = self.state.current
        return current is None or not (self._below_floor(current) or current in self.state.taken_back)

    def _nothing(self, outcome: Outcome, reason: str, hold: Brake | None = None) -> UpdateAdvice:
        return UpdateAdvice(outcome, reason, secure=self._secure, hold=hold, freeze=self.brakes.freeze_at(self.now))

    def _offered(self, release: OfferedRelease, hold: Brake | None) -> UpdateAdvice:
        required_by = self._required_by(release)
        action = release.action if self._secure and required_by is None else Action.REQUIRED
        return UpdateAdvice(
            Outcome.UPDATE_AVAILABLE,
            " ".join(self._offer_sentences(release, action, required_by)),
            release,
            action,
            self._secure,
            required_by,
            hold,
            freeze=self.brakes.freeze_at(self.now),
        )

    def _required_by(self, release: OfferedRelease) -> datetime | None:
        """By when the first event requires this release, of those whose runway has begun."""
        current = self.state.current
        return min(
            (
                requirement.due(self.now)
                for requirement in self.requirements
                if current is not None
                and current < requirement.at_least <= release.version
                and requirement.runway_begins <= self.now
            ),
            default=None,
        )

    def _offer_sentences(self, release: OfferedRelease, action: Action, required_by: datetime | None) -> list[str]:
        current, newest = self.state.current, self.feed.release
        skipped = newest if newest is not None and newest.version > release.version else None
        if current is None:
            if skipped is None:
                return [f"Version {release.version} is the newest published version."]
            return [f"Version {release.version} is offered, because {skipped.version} {self._why_not(skipped)}."]
        because = f"; you run {current}"
        if current in self.state.taken_back:
            because = f", because {current}, which you run, was taken back"
        elif self._below_floor(current):
            because = f", because versions before {self.feed.min_secure} are no longer secure and you run {current}"
        sentences = [f"Version {release.version} is available and {action}{because}."]
        if required_by is not None:
            verb = "requires it by" if required_by > self.now else "has required it since"
            sentences.append(f"An event {verb} {time_text(required_by)}.")
        if skipped is not None:
            sentences.append(f"The newer {skipped.version} {self._why_not(skipped)}.")
        return sentences

    def _why_not(self, release: OfferedRelease) -> str:
        """Why a release is not offered, as the end of a sentence."""
        return self._gone(release.version) or ("is not secure" if self._below_floor(release.version) else "is on hold")

    def _held(self, hold: Brake) -> str:
        current = self.state.current
        fact = f"Version {hold.version} is on hold"
        if current is None:
            return f"{fact}, and no other version is offered. Do not install it now; check again later."
        if self._secure:
            return f"{fact}. Keep running {current}."
        return (
            f"{fact}. You run {current}; versions before {self.feed.min_secure} are no longer secure, and nothing newer"
            f" is offered yet. Keep running {current} and check again soon."
        )

    def _nothing_published(self) -> str:
        current, release = self.state.current, self.feed.release
        if not self._secure:
            return (
                f"You run {current}; versions before {self.feed.min_secure} are no longer secure, "
                "and nothing newer is published here yet."
            )
        if release is None:
            return "Nothing is published here yet."
        keep = f" Keep running {current}." if current is not None else ""
        return f"Version {release.version} {self._why_not(release)}, and nothing is offered in its place yet.{keep}"

    def _nothing_newer(self, current: Version, newest: OfferedRelease) -> UpdateAdvice:
        """The running version is as new as what nobody has stopped, or newer."""
        if newest.version < current:
            reason = f"You run {current}, which is newer than the published {newest.version}."
            return self._nothing(Outcome.AHEAD, reason)
        release = self.feed.release
        if release is not None and release.version > current:
            reason = (
                f"You run {current}, which is the newest version that is offered;"
                f" {release.version} {self._why_not(release)}."
            )
        else:
            reason = f"You run {current}, which is the newest published version."
        if self._hold(current) is not None:
            reason += " It is on hold, so nobody else gets it now; keep running it."
        return self._nothing(Outcome.UP_TO_DATE, reason)

    def _withdrawn(
        self, current: Version, withdrawn: Brake, offer: OfferedRelease | None, hold: Brake | None
    ) -> UpdateAdvice:
        back = WayBack.NOT_SIGNED if offer else self._way_back(current)
        target = self.feed.release if back.is_open else None
        release = offer or target
        action = None
        if release is not None:
            keeps = self.withdrawal is not None and self.withdrawal.action is WithdrawalAction.KEEP_RUNNING
            action = release.action if keeps else Action.REQUIRED
        return UpdateAdvice(
            Outcome.WITHDRAWN,
            withdrawal_text(
                current,
                self.withdrawal,
                forward=offer.version if offer else None,
                back=back,
                backup=self.state.taken_back[current].backup if current in self.state.taken_back else None,
                target=self.feed.release.version if self.feed.release else None,
                held=hold.version if hold and not offer else None,
            ),
            release,
            action,
            secure=False,
            required_by=self._required_by(offer) if offer else None,
            hold=hold,
            withdrawal=withdrawn,
            freeze=self.brakes.freeze_at(self.now),
        )

    def _way_back(self, current: Version) -> WayBack:
        """Whether the newest release may take the place of a newer, withdrawn one."""
        target, way = self.feed.release, self.state.taken_back.get(current)
        if way is None or target is None or target.version >= current:
            return WayBack.NOT_SIGNED
        if self._gone(target.version):
            return WayBack.GONE
        if way.state is BackState.FORBIDDEN:
            return WayBack.HARMS_DATA
        if self._below_floor(target.version):
            return WayBack.INSECURE
        if self._hold(target.version) is not None:
            return WayBack.ON_HOLD
        return WayBack.RESTORE_BACKUP if way.state is BackState.RESTORE_BACKUP else WayBack.OPEN


def _taken_back(current: Version) -> str:
    return (
        f"Version {current}, which you run, was taken back. Nothing is offered in its place yet;"
        " keep it running and check again soon."
    )
