"""publish release"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, at_option, find_release, moment, shipping_channel, wall_clock
from publisher.cli.options import open_to_flip, open_to_look, readable, refuse_example
from publisher.cli.output.emit import Report, for_programs, picked
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.release.shipping import (
    Shipped,
    artifacts_options,
    record_data,
    record_option,
    recorded,
    refusals_in_ledger,
    shipping_options,
)
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import UsageError
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.release import ReleasePlan, apply_release, plan_release
from publisher.rules import english
from publisher.text.terminal import versions, wrapped


@click.command()
@artifacts_options
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@at_option
@record_option
@shipping_options
def command(
    name: str,
    channel: str | None,
    artifacts: Path,
    evidence: EvidenceBundle,
    to: str | None,
    dry_run: bool,
    replace: bool,
    record: bool,
    keys: Path,
    project: Project,
    at: str | None,
) -> Report:
    """Decide, sign and publish PRODUCT@VERSION to a channel.

    Checks the content, decides, hashes, signs, writes manifests, feed and TUF metadata, stores everything and replaces
    the timestamp last; then downloads it all again as a new client would. Run again, it does what is missing.
    """
    if at is not None and not dry_run:
        raise UsageError("--at goes with --dry-run only", fix="leave --at out; a release is decided at the real time")
    catalog = project.catalog()
    refuse_example(catalog, project.config, project.content)
    release = find_release(catalog, name)
    request = ReleaseRequest(
        release=release,
        channel=shipping_channel(release, channel, catalog),
        artifacts=artifacts,
        evidence=evidence,
        decide_at=moment(at, catalog) if at is not None else None,
    )
    storage = open_to_look(to, catalog) if dry_run else open_to_flip(to, catalog, wall_clock())
    track = track_on_terminal(quiet=for_programs())
    ring = key_ring(catalog.signers, keys)
    root = read_root(project.config)
    logged = refusals_in_ledger(LedgerAction.RELEASE, release, root, storage, ring)
    with nullcontext() if dry_run else logged:
        bucket = Bucket(readable(storage), root)
        plan = plan_release(request, catalog, bucket, ring, wall_clock(), replace=replace, track=track)
        written = None if dry_run or plan.nothing_to_do else apply_release(plan, catalog, storage, wall_clock, track)
    shipped = recorded(release, wall_clock(), project, record=record) if written is not None else None
    return ReleaseReport(plan, written, storage.url, dry_run, shipped)


_DIGEST = re.compile("[0-9a-f]{64}")

_FLIP = (
    "  append   signed entries to ledger/, for what is staged and published",
    "  replace  tuf/metadata/timestamp.json, which publishes all of the above",
)


@dataclass(frozen=True)
class ReleaseReport(Report):
    """What was planned and, unless it was a dry run, published."""

    plan: ReleasePlan
    written: Written | None
    url: str
    dry_run: bool
    shipped: Shipped | None

    def lines(self, width: int) -> list[str]:
        plan, stage, written = self.plan, self.plan.stage, self.written
        title, channel = f"{stage.request.release.product} {stage.request.release.version}", stage.request.channel
        left_alone = f"Not part of the release, left alone: {', '.join(stage.ignored)}"
        ignored = wrapped(left_alone, width) if stage.ignored else []
        if self.dry_run:
            return [
                *wrapped(f"Plan for {title} to {channel} in {self.url}; nothing was written.", width),
                "",
                *(line for planned in plan.objects for line in self._object_lines(planned, width)),
                *(_FLIP if plan.flips else []),
                "",
                *wrapped(stage.no_way_back or "", width),
                *ignored,
                "Run it again without --dry-run to publish." if not plan.nothing_to_do else "Nothing is left to do.",
            ]
        if written is None or self.shipped is None:
            there = f"{title} is already in {channel} with these very bytes; nothing was written."
            return [*wrapped(there, width), *ignored]
        return [
            f"{title} is published to {channel}.",
            *wrapped(f"{len(written.keys)} objects, {written.size:,} bytes, to {self.url}", width, 2),
            *wrapped(f"signed: {versions(plan.promote.publication.changed_roles) or 'nothing new'}", width, 2),
            *wrapped(f"verified as a new client: {english.listed(stage.platforms)}", width, 2),
            *wrapped(stage.no_way_back or "", width, 2),
            *ignored,
            *wrapped(self.shipped.next_step(), width),
        ]

    def _object_lines(self, planned: PlannedObject, width: int) -> list[str]:
        """An object as people read it; --json has its whole key."""
        verb = "is there" if planned.key in self.plan.already_there else "copy" if planned.copy_of else "write"
        folder, slash, name = _DIGEST.sub(lambda digest: f"{digest[0][:12]}...", planned.key).rpartition("/")
        head, tail = f"  {verb:8} {folder}{slash}", f"{name}  ({planned.size:,} bytes)"
        return [head + tail] if len(head + tail) <= width else [head, f"{'':13}{tail}"]

    def data(self) -> dict[str, object]:
        plan, stage, written = self.plan, self.plan.stage, self.written
        return {
            "product": stage.request.release.product,
            "version": stage.request.release.version,
            "channel": stage.request.channel,
            "storage": self.url,
            "dry_run": self.dry_run,
            "changed": written is not None,
            "candidate": stage.candidate.digest if stage.candidate else None,
            "decision": plan.decision.model_dump(mode="json"),
            "plan": [
                {
                    **picked(planned, "key", "size", "sha256", "copy_of"),
                    "already_there": planned.key in plan.already_there,
                }
                for planned in plan.objects
            ],
            "flip": plan.flips,
            "roles": dict(plan.promote.publication.changed_roles),
            "written": written.keys if written else [],
            "bytes_written": written.size if written else 0,
            "verified_platforms": stage.platforms if written else [],
            "ignored": stage.ignored,
            **record_data(self.shipped),
        }
