"""publish lift"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import Project, project_options, wall_clock
from publisher.cli.options import open_to_write, readable, refuse_example, to_option
from publisher.cli.output.emit import Report, answering
from publisher.cli.release.braking import meant_by
from publisher.cli.release.shipping import rebase_option, refuse_both, replace_option
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import UsageError
from publisher.pipeline.brakes.lift import meant_brakes
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.announce import AnnouncePlan, plan_announce
from publisher.pipeline.release.stage import Supersede, apply_stage
from publisher.text.terminal import wrapped
from publisher.wire.stopping.brakes import Brake


@click.command()
@click.argument("name", metavar="PRODUCT[@VERSION]")
@click.option("--channel", help="The channel; needed where the product has several.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only the hold or withdrawal whose id begins so.")
@rebase_option
@replace_option
@to_option
@keys_option
@project_options
@answering
def command(
    name: str,
    channel: str | None,
    ids: tuple[str, ...],
    rebase: bool,
    replace: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Stage the end of a hold or a withdrawal: all of those on VERSION, or those with an ID.

    What one person has stopped, only the channel's people let go again: they approve this like a release, and `publish
    promote` makes it live. No files change, so no freeze applies.
    """
    refuse_both(rebase=rebase, replace=replace)
    catalog = project.catalog()
    refuse_example(catalog, project.config, project.content)
    meant = meant_by(name, channel, catalog)
    if meant.version is None and not ids:
        raise UsageError(f"{name} names neither a version nor an id", fix="add @VERSION, or --id ID")
    storage = open_to_write(to, catalog, wall_clock())
    bucket, ring = Bucket(readable(storage), read_root(project.config)), key_ring(catalog.signers, keys)
    brakes = meant_brakes(meant.product, meant.channel, meant.version, ids, bucket)
    supersede = Supersede.ANY if replace else Supersede.STALE if rebase else Supersede.NOTHING
    lifts = tuple(brake.id for brake in brakes)
    plan = plan_announce(meant.product, meant.channel, catalog, bucket, ring, wall_clock(), supersede, lifts)
    return LiftReport(plan, brakes, None if plan.nothing_to_do else apply_stage(plan, storage))


@dataclass(frozen=True)
class LiftReport(Report):
    """What is lifted once the channel's people have approved it."""

    plan: AnnouncePlan
    brakes: tuple[Brake, ...]
    written: Written | None

    def lines(self, width: int) -> list[str]:
        plan, release = self.plan, self.plan.release
        assert plan.candidate is not None
        staged = "Staged" if self.written is not None else "Staged already"
        name = f"{release.id} --channel {plan.channel}"
        return [
            *wrapped(f"{staged} for {plan.role}: candidate {plan.candidate.digest[:12]}.", width),
            *(line for change in plan.changes for line in wrapped(change.strip(), width, 2)),
            *wrapped("Until the channel's people have approved it and it is promoted, all stays stopped.", width),
            f"Next: publish approve {name} --key YOUR-KEY",
            f"Then: publish promote {name}",
        ]

    def data(self) -> dict[str, object]:
        return {
            "product": self.plan.release.product,
            "channel": self.plan.channel,
            "version": self.plan.release.version,
            "lifts": [brake.id for brake in self.brakes],
            "candidate": self.plan.candidate.digest if self.plan.candidate else None,
            "changes": self.plan.changes,
            "changed": self.written is not None,
            "written": self.written.keys if self.written else [],
        }
