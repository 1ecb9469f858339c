"""Integrity: what no override can lift. The right channel, a newer version, the very bytes that were built."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from publisher.model.decision import Outcome, Verdict
from publisher.rules import words
from publisher.rules.question import Question


def channel(question: Question) -> Verdict:
    """The release is meant for this channel, and for the public."""
    release = question.release
    if question.channel not in release.channels:
        return Verdict(
            rule="integrity.channel",
            outcome=Outcome.BLOCKED,
            reason=f"{release.id} is meant for {words.listed(release.channels)}, not for {question.channel}.",
            who="Engineering",
            fix=f"Publish it to {words.listed(release.channels, 'or')}, or add {question.channel} to its channels.",
        )
    if release.visibility != "public":
        return Verdict(
            rule="integrity.channel",
            outcome=Outcome.BLOCKED,
            reason=f"{release.id} is internal, and a channel is public.",
            public_reason="This release is not public.",
            who="Comms",
            fix="Set its visibility to public when it may be known.",
        )
    return Verdict(rule="integrity.channel", outcome=Outcome.PASS, reason=f"It is meant for {question.channel}.")


def version(question: Question) -> Verdict:
    """A channel only moves forward; going back is a rollback, which is decided differently."""
    release, live, withdrawn = question.release, question.evidence.live, question.withdrawn
    if live == release.version:
        return _version(Outcome.PASS, f"{release.version} is what {question.channel} offers now.")
    known = [one for one in (live, question.current) if one is not None]
    ahead = max((one for one in (*known, *withdrawn) if one > release.version), default=None)
    if ahead in withdrawn:
        return _version(
            Outcome.BLOCKED,
            f"{ahead} was out in {question.channel} until it was taken back, and who runs it updates to nothing older.",
            "Engineering",
            f"Publish a version higher than {ahead}.",
        )
    if ahead is not None:
        return _version(
            Outcome.BLOCKED,
            f"{ahead} is already out in {question.channel} and is newer than {release.version}.",
            "Engineering",
            "Publish a higher version; taking a release back is a rollback, not a release.",
        )
    if release.version in known:
        offers = f"{question.channel} offers {live}" if live is not None else "the channel itself was not looked at"
        return _version(Outcome.PASS, f"{release.version} is recorded as shipped; {offers}.")
    before = f"It follows {max(known)}." if known else f"It is the first release in {question.channel}."
    return _version(Outcome.PASS, before)


def _version(outcome: Outcome, reason: str, who: str = "", fix: str = "") -> Verdict:
    return Verdict(rule="integrity.version", outcome=outcome, reason=reason, who=who, fix=fix)


def version_boundaries(question: Question) -> Iterable[datetime]:
    """What is current changes when a release ships; when asked about the past, such moments are still to come."""
    moments = question.catalog.shipping_moments(question.release.product, question.channel)
    return moments[bisect_right(moments, question.now) :]


def artifacts(question: Question) -> Verdict:
    """Every declared platform has a file, and recorded digests match."""
    release, facts = question.release, question.evidence.artifacts
    if not release.artifacts:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.BLOCKED,
            reason=f"{release.id} names no files, so there is nothing to publish.",
            who="Engineering",
            fix="List its files and their platforms under `artifacts:`.",
        )
    if facts is None:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.NOT_APPLICABLE,
            reason="No files were looked at here; publishing looks at each of them.",
        )
    recorded = {spec.platform: spec.sha256 for spec in release.artifacts if spec.sha256}
    differing = [fact.file for fact in facts if recorded.get(fact.platform, fact.sha256) != fact.sha256]
    if differing:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.BLOCKED,
            reason=f"{words.listed(differing)} {'differs' if len(differing) == 1 else 'differ'}"
            " from what the build recorded.",
            who="Engineering",
            fix="Find out which is right: rebuild, or record the digest again after code signing.",
        )
    older = {one.sha256: one.version for one in question.evidence.offered if one.version != release.version}
    stale = next((fact for fact in facts if fact.sha256 in older), None)
    if stale is not None:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.BLOCKED,
            reason=f"{stale.file} is byte for byte what {older[stale.sha256]} offers already.",
            who="Engineering",
            fix=f"Build {release.version}, or clear the directory of files from another version.",
        )
    return Verdict(
        rule="integrity.artifacts",
        outcome=Outcome.PASS,
        reason=f"Files for {words.listed([fact.platform for fact in facts])}, as declared.",
    )
