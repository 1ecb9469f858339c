"""publish withdraw"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import Project
from publisher.cli.release.braking import (
    BrakeReport,
    brake,
    braking_options,
    meant_by,
    opened,
    quotable,
    quotable_version,
)
from publisher.errors import UsageError
from publisher.pipeline.brakes.brake import BrakeOrder
from publisher.wire.feed_words import WithdrawalAction


@click.command()
@click.argument("name", metavar="PRODUCT@VERSION")
@click.option(
    "--action",
    required=True,
    type=click.Choice([action.value for action in WithdrawalAction]),
    help="What whoever runs it should do; the client writes the sentence.",
)
@click.option("--replaced-by", metavar="VERSION", help="The version to run instead; it must be live and sound.")
@braking_options
def command(
    name: str,
    action: str,
    replaced_by: str | None,
    channel: str | None,
    platforms: tuple[str, ...],
    because: str,
    yes: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> BrakeReport:
    """Say that nobody should run PRODUCT@VERSION: it is not offered any more, and whoever runs it is told what to do.

    One person with a key of brakes can do this at any time. Its files stay where they are, so that nothing that refers
    to them breaks; WITHDRAWN.txt beside SHA256SUMS points at the signed state. It never ships again.
    """
    configuration = project.configuration()
    meant = meant_by(name, channel, configuration)
    if meant.version is None:
        raise UsageError(f"{name} names no version to withdraw", fix="write PRODUCT@VERSION, like btfs-node@4.2.0")
    order = BrakeOrder(
        product=meant.product,
        channel=meant.channel,
        version=meant.version,
        platforms=tuple(sorted(set(platforms))),
        because=quotable(because),
        action=WithdrawalAction(action),
        replaced_by=quotable_version("--replaced-by", replaced_by) if replaced_by is not None else None,
    )
    return brake(order, configuration, opened(to, configuration), keys, project, yes=yes)
