"""publish rollback"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import channel_among, load_configured, named_version, print_result, wall_clock
from publisher.cli.options import open_to_write
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.release.shipping import shipping_options
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import UsageError
from publisher.model.records.ledger import Action
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import apply_rollback, plan_rollback
from publisher.rules import english
from publisher.rules.withdrawals import advised
from publisher.wire.version import Version


@click.command()
@shipping_options
def command(
    name: str, channel: str | None, to: str | None, keys: Path, content: tuple[Path, ...], config: Path, as_json: bool
) -> None:
    """Take PRODUCT@VERSION back: who installs or updates from now on gets what was live before it.

    The way back was signed together with the release, so only the keys of snapshot and timestamp are needed, and no
    freeze holds it up, and neither do problems of the content. Clients that run VERSION are told what to go back to.
    It never ships to the channel again.
    """
    configuration = load_configured(content, config)
    product, written_version = named_version(configuration, name)
    try:
        version = Version.parse(written_version)
    except ValueError as error:
        raise UsageError(
            f"{name} does not name a version: {error}", fix="`publish status` shows what is live"
        ) from None
    chosen = channel_among(configuration, product, configuration.products[product].channels, channel)
    request = PromoteRequest(product, chosen, action=Action.ROLLBACK)
    # Nobody looks from outside: what is live must be taken back even when this machine cannot see it just now.
    storage = open_to_write(to, configuration, wall_clock())
    ring = key_ring(configuration.signers, keys)
    plan = plan_rollback(request, version, configuration, Bucket(storage, read_root(config)), ring, wall_clock())
    written = apply_rollback(plan, storage, wall_clock)
    if as_json:
        print_result(
            {
                "role": request.role,
                "taken_back": str(version),
                "back_to": plan.back_to,
                "platforms": list(plan.platforms),
                "roles": dict(plan.publication.changed_roles),
                "written": list(written.keys),
            }
        )
        return
    advice = advised(version, Version.parse(plan.back_to))
    sentences = (
        f"{name} is taken back in {chosen}: {plan.back_to} is live, verified as a new client.",
        f"Clients that run {version} show: {advice}",
        f"It never ships to {chosen} again: publish a fixed version under a higher number, and build the site again.",
    )
    done, *then = (wrapped(text, terminal_width()) for text in sentences)
    platforms = wrapped(english.listed(plan.platforms), terminal_width(), 2)
    click.echo("\n".join([*done, *platforms, *(line for lines in then for line in lines)]))
