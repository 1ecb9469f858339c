"""publish rollback"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from publisher.cli.inputs import Project, channel_among, named_version, wall_clock
from publisher.cli.options import open_to_write
from publisher.cli.output.emit import Report, picked
from publisher.cli.release.braking import quotable, site_line
from publisher.cli.release.shipping import shipping_options
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import UsageError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.model.values import format_time
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.publication.until_it_lands import until_it_lands
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import RollbackPlan, apply_rollback, plan_rollback
from publisher.pipeline.site.signing import site_signed_at
from publisher.rules import english
from publisher.rules.withdrawal_text import advised
from publisher.text.terminal import wrapped
from publisher.wire.version import Version


@click.command()
@click.option("--because", help="Why, for everybody. Not needed where the version is withdrawn: its advice stays then.")
@shipping_options
def command(
    name: str, because: str | None, channel: str | None, to: str | None, keys: Path, project: Project
) -> Report:
    """Take PRODUCT@VERSION back: who installs or updates from now on gets what was live before it.

    Its rollback metadata was signed together with the release, so only keys of brakes, snapshot and timestamp are
    needed: clients go back only where brakes withdraw VERSION as well, so this does both. Neither a freeze nor a
    problem in the content holds it up. It never ships to the channel again.
    """
    configuration = project.configuration()
    product, written_version = named_version(configuration, name)
    try:
        version = Version.parse(written_version)
    except ValueError as error:
        raise UsageError(
            f"{name} does not name a version: {error}", fix="check what is live with `publish status`"
        ) from None
    chosen = channel_among(configuration, product, configuration.products[product].channels, channel)
    request = PromoteRequest(product, chosen, action=LedgerAction.ROLLBACK)
    # Nobody looks from outside: what is live must be taken back even when this machine cannot see it just now.
    storage = open_to_write(to, configuration, wall_clock())
    root, ring = read_root(project.config), key_ring(configuration.signers, keys)
    reason = quotable(because) if because is not None else None
    plan, written = until_it_lands(
        storage,
        root,
        lambda bucket: plan_rollback(request, version, configuration, bucket, ring, wall_clock(), reason),
        lambda planned: apply_rollback(planned, storage, wall_clock),
    )
    signed = site_signed_at(Bucket(storage, root).live, configuration.signers)
    return RollbackReport(name, version, request, plan, written, signed)


@dataclass(frozen=True)
class RollbackReport(Report):
    """A version that was taken back, and what clients get instead."""

    name: str
    version: Version
    request: PromoteRequest
    plan: RollbackPlan
    written: Written
    site_signed: datetime | None
    """When the site's pages were signed before."""

    def lines(self, width: int) -> list[str]:
        channel, back_to = self.request.channel, self.plan.back_to
        shown = f"Clients that run {self.version} show: {advised(self.version, Version.parse(back_to))}"
        if not self.plan.advises_back:
            shown = f"Clients that run {self.version} show what its withdrawal advises, and may go back to {back_to}."
        role, until = self.request.role, english.moment(self.plan.signed_until)
        again = f"It never ships to {channel} again: publish a fixed version under a higher number."
        return [
            *wrapped(f"{self.name} is taken back in {channel}: {back_to} is live, verified as a new client.", width),
            *wrapped(english.listed(self.plan.platforms), width, 2),
            *wrapped(shown, width),
            *(wrapped(f'Before that, users restore a backup: "{self.plan.backup}"', width) if self.plan.backup else []),
            *wrapped(again, width),
            *wrapped(
                f"{role} is signed until {until}, as its rollback metadata was; from then on clients offer nothing."
                f" Renew it soon: publish refresh, then publish approve {role} --key KEY, then publish refresh",
                width,
            ),
            *wrapped(site_line(self.site_signed), width),
        ]

    def data(self) -> dict[str, object]:
        return {
            "role": self.request.role,
            "taken_back": self.version,
            "withdrawal": self.plan.brake.id,
            **picked(self.plan, "back_to", "backup", "platforms", "signed_until"),
            "roles": dict(self.plan.publication.changed_roles),
            "written": self.written.keys,
            "site_signed_at": format_time(self.site_signed) if self.site_signed else None,
        }
