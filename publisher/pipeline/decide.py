"""What is asked to be published, and the decision that lets it through or refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from publisher.errors import RefusedByPolicy
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import Hold, Withdrawal
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence, OfferedFile
from publisher.rules.evaluate import evaluate
from publisher.wire.feed_parser import ParsedFeed

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class ReleaseRequest:
    """What is to be published, and where its files are."""

    release: Release
    channel: str
    artifacts: Path
    """Directory of the built files."""
    evidence: EvidenceBundle = field(default_factory=EvidenceBundle)
    """Files that prove something of it, of any kind."""
    decide_at: datetime | None = None
    """The moment to decide for, where that is not the wall clock: in a dry run, and for the demo's sample content."""


def decide(
    catalog: Catalog, release: Release, channel: str, moment: datetime, evidence: Evidence | None = None
) -> Decision:
    """The decision, if it lets the release through. Raises RefusedByPolicy with every reason that stops it."""
    return require_go(evaluate(catalog, release, channel, moment, evidence or Evidence()))


def require_go(decision: Decision) -> Decision:
    """The same, if it lets the release through. Raises RefusedByPolicy with every reason that stops it."""
    if decision.go:
        return decision
    stopping = [verdict for verdict in decision.verdicts if verdict.outcome.stops]
    reasons = "\n".join(f"  {verdict.rule} ({verdict.outcome}): {verdict.reason}" for verdict in stopping)
    raise RefusedByPolicy(
        f"{decision.product}@{decision.version} may not ship to {decision.channel} now; clients see nothing of it.\n"
        + reasons,
        fix=next((verdict.fix for verdict in stopping if verdict.fix), ""),
        decision=decision,
    )


def evidence_of(
    offered: Mapping[str, ParsedFeed],
    files: Sequence[PublishedFile] | None = None,
    withdrawn: Sequence[Withdrawal] = (),
    held: Sequence[Hold] = (),
) -> Evidence:
    """Facts about what the channel offers now, and about the files once they are known.

    `withdrawn` is what nobody should run in channels of the product, `held` what is on hold there.
    """
    versions = [feed.release.version for feed in offered.values() if feed.release is not None]
    return Evidence(
        artifacts=None if files is None else tuple(files),
        live=max(versions, default=None),
        offered=tuple(
            OfferedFile(version=feed.release.version, sha256=feed.release.artifact.sha256)
            for feed in offered.values()
            if feed.release is not None
        ),
        withdrawn=tuple(withdrawn),
        holds=tuple(held),
    )
