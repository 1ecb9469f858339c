"""The release is meant for this channel, and for the public."""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether the release names the channel, and everybody may know of it."""
    release = question.release
    if question.channel not in release.channels:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{release.id} is meant for {english.listed(release.channels)}, not for {question.channel}.",
            who="Engineering",
            fix=f"Publish it to {english.listed(release.channels, 'or')}, or add {question.channel} to its channels.",
        )
    if release.visibility != "public":
        return Ruling(
            Outcome.BLOCKED,
            reason=f"{release.id} is internal, and channels are public.",
            public="This release is not public.",
            who="Comms",
            fix="Set its `visibility` to public once it may be announced.",
        )
    return Ruling(Outcome.PASS, public=f"It is meant for {question.channel}.")


GATE = Gate("integrity.channel", Half.TECHNICAL, "its channel", ask, overridable=Overridable.NEVER)
