"""publish announce"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from publisher.channel.candidates.rollback_metadata import RollbackMetadata
from publisher.cli.inputs import Project, channel_among, known_product, project_options, wall_clock
from publisher.cli.options import open_to_write, readable, refuse_example, to_option
from publisher.cli.output.emit import Report, answering
from publisher.cli.release.shipping import rebase_option, refuse_both, replace_option
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.announce import AnnouncePlan, plan_announce
from publisher.pipeline.release.stage import Supersede, apply_stage
from publisher.rules import english
from publisher.text.terminal import wrapped


@click.command()
@click.argument("product")
@click.option("--channel", help="The channel; needed where the product has several.")
@click.option(
    "--renew-rollback",
    is_flag=True,
    help="Also where no requirement changes, so that the live release can be taken back for longer.",
)
@rebase_option
@replace_option
@to_option
@keys_option
@project_options
@answering
def command(
    product: str,
    channel: str | None,
    renew_rollback: bool,
    rebase: bool,
    replace: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Stage what events require of PRODUCT's users, and its settings, between releases: a candidate without files.

    Nothing new ships: the release that is live stays as it is. Only what events require, and the settings that a
    mitigation may name, change in its feeds, so no freeze applies. People approve it, and `publish promote` makes it
    live, like any candidate of the channel. With it they sign new rollback metadata for the live release, which expires
    earlier than the rest (`rollback_window` of the policy); --renew-rollback stages one for that alone.
    """
    refuse_both(rebase=rebase, replace=replace)
    catalog = project.catalog()
    refuse_example(catalog, project.config, project.content)
    known_product(catalog, product)
    chosen = channel_among(catalog, product, catalog.products[product].channels, channel)
    storage = open_to_write(to, catalog, wall_clock())
    bucket, ring = Bucket(readable(storage), read_root(project.config)), key_ring(catalog.signers, keys)
    supersede = Supersede.ANY if replace else Supersede.STALE if rebase else Supersede.NOTHING
    plan = plan_announce(product, chosen, catalog, bucket, ring, wall_clock(), supersede, renew_rollback=renew_rollback)
    written = None if plan.nothing_to_do else apply_stage(plan, storage)
    return AnnounceReport(plan, written)


@dataclass(frozen=True)
class AnnounceReport(Report):
    """Requirements that wait for signatures, or that are live already."""

    plan: AnnouncePlan
    written: Written | None

    def lines(self, width: int) -> list[str]:
        plan, release = self.plan, self.plan.release
        where = f"{release.product} {plan.channel}"
        if plan.candidate is None:
            return wrapped(f"{where} says all that events require; there is nothing to announce.", width)
        staged = "are staged" if self.written is not None else "were staged already"
        what = f"Requirements of {where}" if plan.changes else f"The same requirements of {where}"
        until = []
        if isinstance(plan.rollback, RollbackMetadata):
            moment = english.moment(plan.rollback.metadata.signed.expires)
            until = wrapped(f"Signed with it: rollback metadata to {plan.rollback.back_to}, until {moment}.", width)
        next_step = f"Next: publish approve {release.id} --channel {plan.channel} --key YOUR-KEY"
        return [
            *wrapped(f"{what} {staged}: candidate {plan.candidate.digest[:12]} of {plan.role}.", width),
            *(line for change in plan.changes for line in _indented(change, width)),
            *wrapped(f"{release.version} stays live as it is, so no freeze applies.", width),
            *until,
            next_step,
        ]

    def data(self) -> dict[str, object]:
        return {
            "product": self.plan.release.product,
            "channel": self.plan.channel,
            "version": self.plan.release.version,
            "candidate": self.plan.candidate.digest if self.plan.candidate else None,
            "role": self.plan.role,
            "changes": self.plan.changes,
            "rollback_until": self.plan.rollback.metadata.signed.expires
            if isinstance(self.plan.rollback, RollbackMetadata)
            else None,
            "changed": self.written is not None,
            "written": self.written.keys if self.written else [],
        }


def _indented(line: str, width: int) -> list[str]:
    return wrapped(line.strip(), width, 2 + len(line) - len(line.lstrip()))
