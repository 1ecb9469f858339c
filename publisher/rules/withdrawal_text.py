"""Versions that a channel has taken back, in words: what happened, and what to run instead (R81)."""

from __future__ import annotations

from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.rules import english
from publisher.wire.version import Version


def sentence(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What happened and what to do, for whoever runs the version: the same words in every command."""
    return f"{withdrawal.product} {what_happened(withdrawal)}. {advice(withdrawal, state)}"


def sentences(state: ChannelState, product: str | None = None) -> list[str]:
    """One sentence for each version that was taken back, of one product or of all."""
    return [sentence(entry, state) for entry in state.withdrawn if product in (None, entry.product)]


def advice(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What to run instead, in the client's words."""
    live = state.of(withdrawal.product, withdrawal.channel)
    return advised(withdrawal.version, live.version if live else None)


def advised(version: Version, offered: Version | None) -> str:
    """The same by the version that the channel offers."""
    if offered is None or offered == version:
        return "There is no replacement yet; keep using it."
    return f"Update to {offered}." if offered > version else f"Go back to {offered}."


def what_happened(withdrawal: Withdrawal) -> str:
    """4.1.0 was taken back from stable, and when, if that is known; without a full stop."""
    on = f" on {english.moment(withdrawal.at)}" if withdrawal.at else ""
    return f"{withdrawal.version} was taken back from {withdrawal.channel}{on}"
