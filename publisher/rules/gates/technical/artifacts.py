"""The very bytes that were built: every declared platform has a file, and recorded digests match."""

from __future__ import annotations

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Overridable, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """Whether the files at hand are those that the release declares, and none of another version is among them."""
    release, facts = question.release, question.evidence.artifacts
    if not release.artifacts:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{release.id} names no files, so there is nothing to publish.",
            who="Engineering",
            fix="List its files and their platforms under `artifacts`.",
        )
    if facts is None:
        return Ruling(Outcome.NOT_APPLICABLE, public="Files are checked when the release is published.")
    recorded = {spec.platform: spec.sha256 for spec in release.artifacts if spec.sha256}
    differing = [fact.file for fact in facts if recorded.get(fact.platform, fact.sha256) != fact.sha256]
    if differing:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{english.listed(differing)} {'differs' if len(differing) == 1 else 'differ'}"
            " from what the build recorded.",
            who="Engineering",
            fix="Find out which is right, then rebuild, or record the digest again after code signing.",
        )
    older = {file.sha256: file.version for file in question.evidence.offered if file.version != release.version}
    stale = next((fact for fact in facts if fact.sha256 in older), None)
    if stale is not None:
        return Ruling(
            Outcome.BLOCKED,
            public=f"{stale.file} has the same bytes as a file of {older[stale.sha256]}, which is already offered.",
            who="Engineering",
            fix=f"Build {release.version}, or remove files of other versions from the directory.",
        )
    return Ruling(
        Outcome.PASS, public=f"It has files for {english.listed([fact.platform for fact in facts])}, as declared."
    )


GATE = Gate("integrity.artifacts", Half.TECHNICAL, "the check of its files", ask, overridable=Overridable.NEVER)
