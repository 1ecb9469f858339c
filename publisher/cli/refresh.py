"""publish refresh"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import content_options, json_option, load, print_result, wall_clock
from publisher.cli.signing import key_ring, keys_option, read_root
from publisher.cli.target import open_to_write, to_option
from publisher.pipeline.refresh import apply_refresh, plan_refresh


@click.command()
@to_option
@keys_option
@content_options
@json_option
def command(to: str | None, keys: Path, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Sign snapshot and timestamp again when they are due; for a timer, every few hours.

    Needs their keys only. Roles of people that are due are named, and make the exit code 1 until they are signed.
    """
    catalog = load(content, config)
    # Nobody looks from outside: a channel must not expire for all because this machine cannot see it just now.
    storage = open_to_write(to, catalog, wall_clock())
    plan = plan_refresh(storage, read_root(config), catalog, key_ring(catalog.signers, keys), wall_clock())
    written = apply_refresh(plan, storage) if plan.flip is not None else None
    renewed = dict(plan.changed_roles) if written else {}
    if as_json:
        print_result(
            {"renewed": renewed, "waiting": list(plan.waiting), "written": list(written.keys) if written else []},
            ok=not plan.waiting,
        )
    else:
        said = ", ".join(f"{role} {version}" for role, version in renewed.items())
        click.echo(f"Renewed: {said}." if renewed else "Nothing is due.")
        if plan.waiting:
            click.echo(f"Waiting for the signatures of people: {', '.join(plan.waiting)}.")
    if plan.waiting:
        raise click.exceptions.Exit(1)
