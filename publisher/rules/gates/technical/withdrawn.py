"""Versions that a channel has taken back: they never ship there again, and people are told what to run instead (R81).

Each channel is taken back by its own people: what was taken back from stable goes on in beta where it is live, since
those who test may need it, and since it is taken back there by the same command. But no channel takes over what another
has taken back: a number costs nothing, and whoever wants to ship that build again gives it a higher one.
"""

from __future__ import annotations

from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.question import Question
from publisher.wire.version import Version

RULE = "integrity.withdrawn"


def never_again(question: Question) -> Verdict:
    """What was taken back stays back: an automatic job that releases it again must not undo an emergency."""
    release, known = question.release, question.evidence.withdrawn
    if known is None:
        return Verdict(
            rule=RULE,
            outcome=Outcome.NOT_APPLICABLE,
            reason="Whether it was taken back was not looked at here; publishing looks at the channel.",
        )
    rollbacks = [entry for entry in known if (entry.product, entry.version) == (release.product, release.version)]
    here = next((entry for entry in rollbacks if entry.channel == question.channel), None)
    if here is not None:
        return _blocked(f"{_what(here)}, and what was taken back never ships there again.")
    if rollbacks and question.evidence.live != release.version:
        taken_back = " ".join(f"{_what(entry)}." for entry in rollbacks)
        return _blocked(f"{taken_back} No other channel takes it over, and {question.channel} has not shipped it yet.")
    kept = f" {_what(rollbacks[0])}; {question.channel} offers it all the same." if rollbacks else ""
    reason = f"It was not taken back from {question.channel}.{kept}"
    return Verdict(rule=RULE, outcome=Outcome.PASS, reason=reason)


def _blocked(reason: str) -> Verdict:
    fix = "Publish a fixed version under a higher number."
    return Verdict(rule=RULE, outcome=Outcome.BLOCKED, reason=reason, who="Engineering", fix=fix)


def sentence(withdrawal: Withdrawal, state: ChannelState) -> str:
    """What happened and what to do, for whoever runs the version: the same words in every command."""
    return f"{withdrawal.product} {_what(withdrawal)}. {advice(withdrawal, state)}"


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
        return "Nothing is offered in its place yet; keep it running."
    return f"Update to {offered}." if offered > version else f"Go back to {offered}."


def _what(withdrawal: Withdrawal) -> str:
    on = f" on {english.moment(withdrawal.at)}" if withdrawal.at else ""
    return f"{withdrawal.version} was taken back from {withdrawal.channel}{on}"
