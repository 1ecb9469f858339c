"""Integrity: what no override can lift. The right channel, a newer version, the very bytes that were built."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.question import Question


def channel(question: Question) -> Verdict:
    """The release is meant for this channel, and for the public."""
    release = question.release
    if question.channel not in release.channels:
        return Verdict(
            rule="integrity.channel",
            outcome=Outcome.BLOCKED,
            reason=f"{release.id} is meant for {english.listed(release.channels)}, not for {question.channel}.",
            who="Engineering",
            fix=f"Publish it to {english.listed(release.channels, 'or')}, or add {question.channel} to its channels.",
        )
    if release.visibility != "public":
        return Verdict(
            rule="integrity.channel",
            outcome=Outcome.BLOCKED,
            reason=f"{release.id} is internal, and channels are public.",
            public_reason="This release is not public.",
            who="Comms",
            fix="Set its `visibility` to public once everybody may know of it.",
        )
    return Verdict(rule="integrity.channel", outcome=Outcome.PASS, reason=f"It is meant for {question.channel}.")


def version(question: Question) -> Verdict:
    """A channel only moves forward; going back is a rollback, which is decided differently."""
    release, live, withdrawn = question.release, question.evidence.live, question.withdrawn
    if live == release.version:
        return _version(Outcome.PASS, f"{question.channel} offers {release.version} now.")
    known = [version for version in (live, question.current) if version is not None]
    ahead = max((version for version in (*known, *withdrawn) if version > release.version), default=None)
    if ahead in withdrawn:
        return _version(
            Outcome.BLOCKED,
            f"{question.channel} offered {ahead} until it was taken back; whoever runs it updates to nothing older.",
            "Engineering",
            f"Publish a version higher than {ahead}.",
        )
    if ahead is not None:
        return _version(
            Outcome.BLOCKED,
            f"{question.channel} already offers {ahead}, which is newer than {release.version}.",
            "Engineering",
            "Publish a higher version, or use `publish rollback` to take a release back.",
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
            fix="List its files and their platforms under `artifacts`.",
        )
    if facts is None:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.NOT_APPLICABLE,
            reason="Files are checked when the release is published.",
        )
    recorded = {spec.platform: spec.sha256 for spec in release.artifacts if spec.sha256}
    differing = [fact.file for fact in facts if recorded.get(fact.platform, fact.sha256) != fact.sha256]
    if differing:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.BLOCKED,
            reason=f"{english.listed(differing)} {'differs' if len(differing) == 1 else 'differ'}"
            " from what the build recorded.",
            who="Engineering",
            fix="Find out which is right, then rebuild, or record the digest again after code signing.",
        )
    older = {file.sha256: file.version for file in question.evidence.offered if file.version != release.version}
    stale = next((fact for fact in facts if fact.sha256 in older), None)
    if stale is not None:
        return Verdict(
            rule="integrity.artifacts",
            outcome=Outcome.BLOCKED,
            reason=f"{stale.file} has the same bytes as a file of {older[stale.sha256]}, which is already offered.",
            who="Engineering",
            fix=f"Build {release.version}, or remove files of other versions from the directory.",
        )
    return Verdict(
        rule="integrity.artifacts",
        outcome=Outcome.PASS,
        reason=f"It has files for {english.listed([fact.platform for fact in facts])}, as declared.",
    )
