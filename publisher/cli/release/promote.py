"""publish promote"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, find_release, shipping_channel, wall_clock
from publisher.cli.options import open_to_flip, refuse_sample
from publisher.cli.output.emit import Report, for_programs
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.release.shipping import (
    Shipped,
    record_data,
    record_option,
    recorded,
    refusals_in_ledger,
    shipping_options,
)
from publisher.cli.secrets import key_ring, read_root
from publisher.model.content.release import Release
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.staged import require_staged, staged_release
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.promote import PromotePlan, PromoteRequest, apply_promote, live_version, plan_promote
from publisher.text.terminal import versions, wrapped


@click.command()
@record_option
@shipping_options
def command(name: str, channel: str | None, to: str | None, record: bool, keys: Path, project: Project) -> Report:
    """Decide again, count approvals, and make the staged PRODUCT@VERSION live.

    People approve it before, each with `publish approve`; here only the keys of snapshot and timestamp sign.
    timestamp.json is swapped last: until then clients see the old state, whole. Run again, it does what is missing.
    """
    catalog = project.catalog()
    refuse_sample(catalog)
    release = find_release(catalog, name)
    request = PromoteRequest(release.product, shipping_channel(release, channel, catalog))
    storage = open_to_flip(to, catalog, wall_clock())
    bucket = Bucket(storage, read_root(project.config))
    ring = key_ring(catalog.signers, keys)
    staged = staged_release(storage, request.role, catalog.signers)
    other = staged is None or staged.candidate.release != str(release.version)
    if other and live_version(request, bucket) == release.version:
        return PromoteReport(request, release)
    staged = require_staged(staged, release, request.role)
    with refusals_in_ledger(LedgerAction.PROMOTE, release, bucket.trusted_root, storage, ring):
        plan = plan_promote(request, staged, catalog, bucket, ring, wall_clock())
        track = track_on_terminal(quiet=for_programs())
        written = None if plan.nothing_to_do else apply_promote(plan, catalog, storage, wall_clock, track)
    live = written is not None and plan.candidate is not None and plan.ships
    shipped = recorded(release, wall_clock(), project, record=record) if live else None
    return PromoteReport(request, release, plan, written, shipped)


@dataclass(frozen=True)
class PromoteReport(Report):
    """A release that is live: just now if it `shipped`, else already."""

    request: PromoteRequest
    release: Release
    plan: PromotePlan | None = None
    written: Written | None = None
    shipped: Shipped | None = None

    @property
    def announced(self) -> bool:
        """Whether nothing but requirements has become live."""
        plan = self.plan
        return self.written is not None and plan is not None and plan.candidate is not None and not plan.ships

    def lines(self, width: int) -> list[str]:
        title, channel = f"{self.request.product} {self.release.version}", self.request.channel
        if self.announced:
            return [
                *wrapped(f"What was approved for {self.request.role} is live, verified as a new client.", width),
                *wrapped(f"No files of {title} have changed. Next: build the site again.", width),
            ]
        if self.plan is None or self.shipped is None:
            return [f"{title} is live in {channel} already."]
        return [
            f"{title} is live in {channel}, verified as a new client.",
            *wrapped(f"signed: {versions(self.plan.publication.changed_roles)}", width, 2),
            *wrapped(self.shipped.next_step(), width),
        ]

    def data(self) -> dict[str, object]:
        return {
            "role": self.request.role,
            "version": self.release.version,
            "changed": self.written is not None,
            "announced": self.announced,
            "roles": dict(self.plan.publication.changed_roles) if self.plan else {},
            "written": self.written.keys if self.written else [],
            **record_data(self.shipped),
        }
