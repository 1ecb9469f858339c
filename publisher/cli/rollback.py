"""publish rollback"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import find_release, load, one_channel, print_result, wall_clock
from publisher.cli.shipping import shipping_options
from publisher.cli.signing import key_ring, read_root
from publisher.cli.target import open_to_write, refuse_sample
from publisher.client.version import Version
from publisher.model.ledger import Action
from publisher.pipeline.promote import PromoteRequest
from publisher.pipeline.rollback import apply_rollback, plan_rollback
from publisher.rules import words
from publisher.rules.withdrawn import advised


@click.command()
@shipping_options
def command(
    name: str, channel: str, to: str | None, keys: Path, content: tuple[Path, ...], config: Path, as_json: bool
) -> None:
    """Take PRODUCT@VERSION back: who installs or updates from now on gets what was live before it.

    The way back was signed together with the release, so only the keys of snapshot and timestamp are needed, and no
    freeze holds it up. Clients that run VERSION are told what to go back to. It never ships to the channel again.
    """
    catalog = load(content, config)
    refuse_sample(catalog)
    release = find_release(catalog, name)
    chosen = one_channel(release, channel, catalog)
    request = PromoteRequest(release.product, chosen, read_root(config), action=Action.ROLLBACK)
    # Nobody looks from outside: what is live must be taken back even when this machine cannot see it just now.
    storage = open_to_write(to, catalog, wall_clock())
    ring = key_ring(catalog.signers, keys)
    plan = plan_rollback(request, release, catalog, storage, ring, wall_clock())
    written = apply_rollback(plan, catalog, storage, wall_clock)
    if as_json:
        print_result(
            {
                "role": request.role,
                "taken_back": str(release.version),
                "back_to": plan.back_to,
                "platforms": list(plan.platforms),
                "roles": dict(plan.changed_roles),
                "written": list(written.keys),
            }
        )
        return
    click.echo(f"{release.id} is taken back in {chosen}: {plan.back_to} is live, verified as a new client.")
    click.echo(f"  {words.listed(plan.platforms)}")
    told = advised(release.version, Version.parse(plan.back_to))
    click.echo(f"Clients that run {release.version} are told: {told} It never ships to {chosen} again;")
    click.echo("publish a fixed version under a higher number, and build the site again.")
