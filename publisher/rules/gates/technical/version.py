"""A channel only moves forward; going back is a rollback, which is decided differently."""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether nothing newer is, or was, offered by the channel."""
    release, live, withdrawn = question.release, question.evidence.live, question.withdrawn
    if live == release.version:
        return Ruling(Outcome.PASS, public=f"{question.channel} offers {release.version} now.")
    known = [version for version in (live, question.current) if version is not None]
    ahead = max((version for version in (*known, *withdrawn) if version > release.version), default=None)
    if ahead in withdrawn:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{question.channel} offered {ahead} until it was taken back;"
            " clients that run it accept no older version.",
            who="Engineering",
            fix=f"Publish a version higher than {ahead}.",
        )
    if ahead is not None:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{question.channel} already offers {ahead}, which is newer than {release.version}.",
            who="Engineering",
            fix="Publish a higher version, or use `publish rollback` to take a release back.",
        )
    if release.version in known:
        offers = f"{question.channel} offers {live}" if live is not None else "the channel itself was not checked"
        return Ruling(Outcome.PASS, public=f"{release.version} is recorded as shipped; {offers}.")
    before = f"It follows {max(known)}." if known else f"It is the first release in {question.channel}."
    return Ruling(Outcome.PASS, public=before)


GATE = Gate(
    "integrity.version",
    Half.TECHNICAL,
    "its version",
    ask,
    boundaries=Question.shipping_boundaries,
    overridable=Overridable.NEVER,
)
