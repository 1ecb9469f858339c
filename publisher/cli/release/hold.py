"""publish hold"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import Project, wall_clock
from publisher.cli.release.braking import (
    BrakeReport,
    brake,
    braking_options,
    meant_by,
    opened,
    promised,
    quotable,
    version_meant,
)
from publisher.pipeline.brakes.brake import BrakeOrder


@click.command()
@click.argument("name", metavar="PRODUCT[@VERSION]")
@click.option(
    "--next-update",
    required=True,
    metavar="TIME",
    help="When users hear more: 6h, 90min, or 2027-03-01T12:00:00Z. A promise; a hold has no end of its own.",
)
@braking_options
def command(
    name: str,
    next_update: str,
    channel: str | None,
    platforms: tuple[str, ...],
    because: str,
    yes: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> BrakeReport:
    """Stop offering a version for a while: the one that is named, or the one that is offered now.

    One person with a key of brakes can do this at any time, whatever freeze or content problem there is. Whoever runs
    the version may go on; everybody else gets the version before it. It shows what it stops and asks before it signs.
    """
    configuration = project.configuration()
    meant = meant_by(name, channel, configuration)
    reason, update = quotable(because), promised(next_update, wall_clock())
    storage = opened(to, configuration)
    order = BrakeOrder(
        product=meant.product,
        channel=meant.channel,
        version=version_meant(meant, storage, project),
        platforms=tuple(sorted(set(platforms))),
        because=reason,
        next_update=update,
    )
    return brake(order, configuration, storage, keys, project, yes=yes)
