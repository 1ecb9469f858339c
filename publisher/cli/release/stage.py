"""publish stage"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, find_release, shipping_channel, wall_clock
from publisher.cli.options import open_to_write, readable, refuse_example
from publisher.cli.output.emit import Report, for_programs
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.release.shipping import (
    artifacts_options,
    rebase_option,
    refusals_in_ledger,
    refuse_both,
    shipping_options,
)
from publisher.cli.secrets import key_ring, read_root
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.stage import StagePlan, Supersede, apply_stage, plan_stage
from publisher.text.terminal import wrapped


@click.command()
@artifacts_options
@rebase_option
@shipping_options
def command(
    name: str,
    channel: str | None,
    artifacts: Path,
    evidence: EvidenceBundle,
    rebase: bool,
    replace: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Upload PRODUCT@VERSION and make it the channel's candidate; clients see nothing of it.

    The candidate is the exact metadata that clients will verify. It waits for signatures, and for `publish promote`.
    """
    refuse_both(rebase=rebase, replace=replace)
    catalog = project.catalog()
    refuse_example(catalog, project.config, project.content)
    release = find_release(catalog, name)
    chosen = shipping_channel(release, channel, catalog)
    request = ReleaseRequest(release, chosen, artifacts, evidence)
    storage = open_to_write(to, catalog, wall_clock())
    supersede = Supersede.ANY if replace else Supersede.STALE if rebase else Supersede.NOTHING
    track = track_on_terminal(quiet=for_programs())
    ring = key_ring(catalog.signers, keys)
    root = read_root(project.config)
    with refusals_in_ledger(LedgerAction.STAGE, release, root, storage, ring):
        plan = plan_stage(request, catalog, Bucket(readable(storage), root), ring, wall_clock(), supersede, track)
    written = None if plan.nothing_to_do else apply_stage(plan, storage, track)
    return StageReport(plan, written)


@dataclass(frozen=True)
class StageReport(Report):
    """A candidate that waits for signatures, or the release that is live already."""

    plan: StagePlan
    written: Written | None

    def lines(self, width: int) -> list[str]:
        request, candidate = self.plan.request, self.plan.candidate
        title = f"{request.release.product} {request.release.version}"
        if candidate is None:
            return [f"{title} is live in {request.channel} already; there is nothing to stage."]
        staged = "is staged for" if self.written is not None else "was staged already for"
        return [
            f"{title} {staged} {request.channel}: candidate {candidate.digest[:12]} of {self.plan.role}.",
            *wrapped(self.plan.no_way_back or "", width),
            f"Next: publish approve {request.release.id} --channel {request.channel} --key YOUR-KEY",
        ]

    def data(self) -> dict[str, object]:
        return {
            "candidate": self.plan.candidate.digest if self.plan.candidate else None,
            "role": self.plan.role,
            "changed": self.written is not None,
            "written": self.written.keys if self.written else [],
            "ignored": self.plan.ignored,
            "no_way_back": self.plan.no_way_back,
        }
