"""Versions that are stopped, in words: what happened, why, and what to run instead (R81, R82)."""

from __future__ import annotations

from datetime import datetime

from publisher.model.records.channel_state import ChannelState, Hold, Withdrawal
from publisher.rules import english
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.version import Version


def sentence(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What happened and what to do, for whoever runs the version: the same words in every command."""
    return f"{withdrawal.product} {what_happened(withdrawal)}. {advice(withdrawal, state)}"


def sentences(state: ChannelState, now: datetime, product: str | None = None) -> list[str]:
    """What is said of each version that nobody should run or that is on hold, of one product or of all."""
    withdrawn = [sentence(entry, state) for entry in state.withdrawn if product in (None, entry.product)]
    return withdrawn + [hold_sentence(hold, now) for hold in state.holds if product in (None, hold.product)]


def advice(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What to do instead of running it, in the client's words."""
    live = state.of(withdrawal.product, withdrawal.channel)
    offered = live.version if live and live.version != withdrawal.version else None
    if offered is not None and offered < withdrawal.version and not (withdrawal.taken_back and withdrawal.id):
        offered = None  # a client goes back only where both are signed
    notice = withdrawal.notice
    if notice is None or notice.action is None:
        return advised(withdrawal.version, offered)
    replacement = notice.replaced_by or offered
    match notice.action:
        case WithdrawalAction.STOP:
            return "Stop it now." + (f" {advised(withdrawal.version, replacement)}" if replacement else "")
        case WithdrawalAction.KEEP_RUNNING:
            return "Keep it running, and do not install it anew."
        case WithdrawalAction.UPDATE | WithdrawalAction.GO_BACK:
            return advised(withdrawal.version, replacement)


def advised(version: Version, offered: Version | None) -> str:
    """The same by the version that the channel offers."""
    if offered is None or offered == version:
        return "There is no replacement yet; keep using it."
    return f"Update to {offered}." if offered > version else f"Go back to {offered}."


def what_happened(withdrawal: Withdrawal) -> str:
    """4.1.0 was taken back from stable, and when, if that is known; without a full stop."""
    on = f" on {english.moment(withdrawal.at)}" if withdrawal.at else ""
    did = "taken back" if withdrawal.taken_back else "withdrawn"
    where = f" for {english.listed(withdrawal.platforms)}" if withdrawal.platforms else ""
    return f"{withdrawal.version} was {did} from {withdrawal.channel}{where}{on}"


def hold_sentence(hold: Hold, now: datetime) -> str:
    """What is on hold, why, and when people hear more: the same words in every command."""
    where = f" for {english.listed(hold.platforms)}" if hold.platforms else ""
    text = f"{hold.product} {hold.version} is on hold in {hold.channel}{where}"
    if (notice := hold.notice) is None:
        return f"{text}; its notice cannot be read."
    since = f'{text} since {english.moment(notice.at)}: "{notice.because}"'
    if notice.next_update is None:
        return since
    if hold.overdue(now):
        return f"{since} The next update was promised for {english.moment(notice.next_update)} and is overdue."
    return f"{since} The next update is promised for {english.moment(notice.next_update)}."
