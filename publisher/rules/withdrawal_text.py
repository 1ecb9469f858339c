"""Versions that are stopped, in words: what happened, why, and what to run instead (R81, R82)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publisher.model.records.channel_state import ChannelState, Hold, Withdrawal
from publisher.model.records.notice import NoticeFile
from publisher.rules import english
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.version import Version

_NONE = Version.parse("0.0.0")


def sentence(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What happened and what to do, for whoever runs the version: the same words in every command."""
    return f"{withdrawal.product} {what_happened(withdrawal)}. {advice(withdrawal, state)}"


def sentences(state: ChannelState, now: datetime, product: str | None = None) -> list[str]:
    """What is said of each version that nobody should run or that is on hold, of one product or of all."""
    withdrawn = [sentence(entry, state) for entry in state.withdrawn if product in (None, entry.product)]
    return withdrawn + [hold_sentence(hold, now) for hold in state.latest_holds if product in (None, hold.product)]


def advice(
    withdrawal: Withdrawal,
    state: ChannelState,
    platform: str | None = None,
    installs: Mapping[str, Version | None] | None = None,
) -> str:
    """What whoever runs it should do, on one platform, or on the one where most is offered.

    `installs` is what new installs of the channel get, for whoever has asked the state already.
    The client decides by the same facts and has the same sentences; a test holds both together.
    """
    if installs is None:
        installs = state.new_installs(withdrawal.product, withdrawal.channel)
    if platform is None:
        concerned = [name for name in installs if not withdrawal.platforms or name in withdrawal.platforms]
        platform = max(concerned, key=lambda name: installs[name] or _NONE, default="")
    action = withdrawal.notice.action if withdrawal.notice else None
    keep = action is WithdrawalAction.KEEP_RUNNING
    steps = []
    if action is WithdrawalAction.STOP:
        steps.append("Stop running it.")
    if keep:
        steps.append("Keep it running, but do not install it again.")
    offered, newest = installs.get(platform), _released(withdrawal, state, platform)
    if offered is not None and offered > withdrawal.version:
        steps.append(f"Version {offered} is available." if keep else f"Update to {offered}.")
    elif offered is not None and offered == newest and _may_go_back(withdrawal):
        steps.append(f"{'You may go' if keep else 'Go'} back to {offered}.")
        if withdrawal.backup is not None:
            steps.append(
                f"It cannot use the data of {withdrawal.version}: restore a backup from before the update first."
                f" {withdrawal.backup}"
            )
    else:
        if newest is not None and newest > withdrawal.version and not state.withdrawals(withdrawal.product, newest):
            steps.append(f"The newer {newest} is on hold.")
        steps += _meanwhile(withdrawal, state, newest)
    return " ".join(steps)


def _released(withdrawal: Withdrawal, state: ChannelState, platform: str) -> Version | None:
    """The newest version of the channel on a platform, stopped or not."""
    return max(
        (
            release.version
            for release in state.live
            if (release.product, release.channel) == (withdrawal.product, withdrawal.channel)
            and any(file.platform == platform for file in release.artifacts)
        ),
        default=None,
    )


def _may_go_back(withdrawal: Withdrawal) -> bool:
    """A client goes back only where both are signed."""
    return withdrawal.taken_back and withdrawal.id is not None


def _why_not_back(withdrawal: Withdrawal, state: ChannelState, newest: Version | None) -> str:
    if newest is None or newest >= withdrawal.version or not _may_go_back(withdrawal):
        return "Going back is not possible yet: the channel has not signed it"
    if state.withdrawals(withdrawal.product, newest):
        return f"Going back is not possible yet: nobody should run {newest} either"
    return f"Going back is not possible yet: {newest} is on hold"


def _meanwhile(withdrawal: Withdrawal, state: ChannelState, newest: Version | None) -> list[str]:
    """What to do while nothing is offered instead."""
    match withdrawal.notice.action if withdrawal.notice else None:
        case WithdrawalAction.STOP:
            not_back = _why_not_back(withdrawal, state, newest)
            return [f"{not_back}, and nothing newer is offered. Check again soon."]
        case WithdrawalAction.GO_BACK:
            not_back = _why_not_back(withdrawal, state, newest)
            return [f"{not_back}. Keep it running for now, and check again soon."]
        case WithdrawalAction.UPDATE:
            replacement = withdrawal.notice.replaced_by if withdrawal.notice else None
            later = str(replacement) if replacement is not None else "a later version"
            return [f"Keep it running until {later} is offered here, and check again soon."]
        case WithdrawalAction.KEEP_RUNNING:
            return []
        case _:
            keep = f"keep running {withdrawal.version}" if withdrawal.id is None else "do not install it again,"
            return [f"Nothing is offered in its place yet; {keep} and check again soon."]


def advised(version: Version, offered: Version) -> str:
    """What clients that run one version are told once another is offered in its place."""
    return f"Update to {offered}." if offered > version else f"Go back to {offered}."


def what_happened(withdrawal: Withdrawal) -> str:
    """4.1.0 was taken back from stable, and when, if that is known; without a full stop."""
    on = f" on {english.moment(withdrawal.at)}" if withdrawal.at else ""
    did = "taken back" if withdrawal.taken_back else "withdrawn"
    return f"{withdrawal.version} was {did} from {withdrawal.channel}{_where(withdrawal.platforms)}{on}"


def hold_sentence(hold: Hold, now: datetime) -> str:
    """What is on hold, why, and when people hear more: the same words in every command."""
    text = f"{hold.product} {hold.version} is on hold in {hold.channel}{_where(hold.platforms)}"
    if (notice := hold.notice) is None:
        return f"{text}; its notice cannot be read."
    since = f'{text} since {english.moment(notice.at)}: "{notice.because}"'
    update = promise(notice, overdue=hold.overdue(now))
    return f"{since} {update}" if update else since


def promise(notice: NoticeFile, *, overdue: bool) -> str | None:
    """When users hear more, or that they should have; None where nothing was promised."""
    if notice.next_update is None:
        return None
    when = english.moment(notice.next_update)
    if overdue:
        return f"The next update was promised for {when} and has not come."
    return f"The next update is promised for {when}."


def overdue_sentence(hold: Hold, now: datetime) -> str:
    """The same of a hold whose promised next update has passed, and what to do."""
    again = f"publish hold {hold.product}@{hold.version} --channel {hold.channel}"
    return f"{hold_sentence(hold, now)} Next: {again} with a new promise, or publish lift"


def hold_advice(hold: Hold, state: ChannelState) -> str:
    """What to do while a version is on hold: for those who run it, and for those who install the product."""
    installs = {
        platform: version
        for platform, version in state.new_installs(hold.product, hold.channel).items()
        if not hold.platforms or platform in hold.platforms
    }
    by_version: dict[Version | None, list[str]] = {}
    for platform, version in installs.items():
        by_version.setdefault(version, []).append(platform)
    parts = [
        f"{'no version' if version is None else version}{'' if len(by_version) == 1 else _on(platforms)}"
        for version, platforms in by_version.items()
    ]
    return f"Keep running what you run. New installs get {'; '.join(parts) or 'no version'}."


def _where(platforms: Sequence[str]) -> str:
    return f" for {english.listed(platforms)}" if platforms else ""


def _on(platforms: Sequence[str]) -> str:
    return f" on {english.listed(platforms)}"
