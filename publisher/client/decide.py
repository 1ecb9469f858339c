"""The decision: what a verified feed means for the version that runs here.

Pure: no file, no network, no clock. The same feed and the same version give the same answer everywhere;
tests/vectors/client holds published test vectors for other implementations.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from publisher.wire.feed_parser import OfferedRelease, ParsedFeed
from publisher.wire.feed_words import Action
from publisher.wire.version import Version

__all__ = ["Outcome", "UpdateAdvice", "decide"]


class Outcome(StrEnum):
    """How the running version stands to what is published."""

    UPDATE_AVAILABLE = "update-available"
    UP_TO_DATE = "up-to-date"
    AHEAD = "ahead"
    TAKEN_BACK = "taken-back"
    NOTHING_PUBLISHED = "nothing-published"


@dataclass(frozen=True)
class UpdateAdvice:
    """What to do now, and why."""

    outcome: Outcome
    reason: str
    """One plain sentence."""
    release: OfferedRelease | None
    """The release that is offered: a newer one, or the one to go back to if the running version was taken back."""
    action: Action | None
    """How urgent the offer is; None without an offer."""
    secure: bool
    """False if the running version is below the security floor or was taken back, with or without an offer."""


def decide(feed: ParsedFeed, current: Version | None, withdrawn: Collection[Version] = ()) -> UpdateAdvice:
    """The answer of `feed` to a machine that runs `current`, or nothing yet (None).

    `withdrawn` are the versions that the channel has taken back; none of them is ever offered. A feed older than the
    running version never offers a downgrade, unless the running version is one of them: TUF refuses older metadata,
    and going back to older software is a decision of its own, which people have signed.
    """
    release = feed.release if feed.release is None or feed.release.version not in withdrawn else None
    if current is not None and current in withdrawn:
        return _taken_back(release, current)
    secure = current is None or feed.min_secure is None or current >= feed.min_secure
    if release is None:
        return UpdateAdvice(Outcome.NOTHING_PUBLISHED, _nothing(feed, current, secure), None, None, secure)
    if current is None:
        reason = f"Version {release.version} is the newest published version."
        return UpdateAdvice(Outcome.UPDATE_AVAILABLE, reason, release, release.action, secure)
    if release.version > current:
        action = release.action if secure else Action.REQUIRED
        reason = _offer(feed, release, current, action, secure)
        return UpdateAdvice(Outcome.UPDATE_AVAILABLE, reason, release, action, secure)
    # parse_feed refuses a release below the floor, so whoever runs it or a later version is secure.
    if release.version == current:
        reason = f"You run {current}, which is the newest published version."
        return UpdateAdvice(Outcome.UP_TO_DATE, reason, None, None, secure)
    reason = f"You run {current}, which is newer than the published {release.version}."
    return UpdateAdvice(Outcome.AHEAD, reason, None, None, secure)


def _taken_back(release: OfferedRelease | None, current: Version) -> UpdateAdvice:
    """What to do instead of running a version that was taken back: update, go back, or wait."""
    what = f"{current}, which you run, was taken back"
    if release is None:
        reason = f"Version {what}. Nothing is offered in its place yet; keep it running."
        return UpdateAdvice(Outcome.TAKEN_BACK, reason, None, None, False)
    if release.version > current:
        reason = f"Version {release.version} is available and required, because {what}."
        return UpdateAdvice(Outcome.UPDATE_AVAILABLE, reason, release, Action.REQUIRED, False)
    reason = f"Version {what}. Go back to {release.version}."
    return UpdateAdvice(Outcome.TAKEN_BACK, reason, release, Action.REQUIRED, False)


def _nothing(feed: ParsedFeed, current: Version | None, secure: bool) -> str:
    if not secure:
        return (
            f"You run {current}; versions before {feed.min_secure} are no longer secure, "
            "and nothing newer is published here yet."
        )
    if feed.release is not None:
        return f"Version {feed.release.version} was taken back, and nothing is offered in its place yet."
    return "Nothing is published here yet."


def _offer(feed: ParsedFeed, release: OfferedRelease, current: Version, action: Action, secure: bool) -> str:
    if not secure:
        return (
            f"Version {release.version} is available and required, because versions before {feed.min_secure} "
            f"are no longer secure and you run {current}."
        )
    return f"Version {release.version} is available and {action}; you run {current}."
