"""Versions that nobody should run never ship again, and versions on hold wait (R81, R82).

Each channel is taken back by its own people: what was taken back from stable goes on in beta where it is live, since
those who test may need it, and since it is taken back there by the same command. But no channel takes over what another
has taken back: a number costs nothing, and whoever wants to ship that build again gives it a higher one.
"""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.question import Question
from publisher.rules.withdrawal_text import hold_sentence, what_happened


def ask(question: Question) -> Ruling:
    """What was taken back stays back: an automatic job that releases it again must not undo an emergency."""
    release, known = question.release, question.evidence.withdrawn
    if known is None:
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public="Holds and withdrawals are checked when the release is published.",
        )
    rollbacks = [entry for entry in known if (entry.product, entry.version) == (release.product, release.version)]
    here = next((entry for entry in rollbacks if entry.channel == question.channel), None)
    if here is not None:
        return _blocked(f"{what_happened(here)} and cannot ship there again.")
    if rollbacks and question.evidence.live != release.version:
        taken_back = " ".join(f"{what_happened(entry)}." for entry in rollbacks)
        return _blocked(
            f"{taken_back} Channels that do not offer it yet, such as {question.channel}, cannot ship it either."
        )
    held = next(
        (
            hold
            for hold in question.evidence.holds
            if (hold.product, hold.channel, hold.version) == (release.product, question.channel, release.version)
        ),
        None,
    )
    if held is not None:
        return Ruling(
            Outcome.WAITING,
            public=hold_sentence(held, question.now),
            who="The people of the channel",
            fix=f"Lift it once the reason is gone: publish lift {release.id} --channel {question.channel}.",
        )
    kept = f" {what_happened(rollbacks[0])}, but {question.channel} still offers it." if rollbacks else ""
    return Ruling(Outcome.PASS, public=f"It is neither withdrawn nor on hold in {question.channel}.{kept}")


def _blocked(reason: str) -> Ruling:
    return Ruling(
        Outcome.BLOCKED, public=reason, who="Engineering", fix="Publish a fixed version under a higher number."
    )


GATE = Gate("integrity.withdrawn", Half.TECHNICAL, "its rollback", ask, overridable=Overridable.NEVER)
