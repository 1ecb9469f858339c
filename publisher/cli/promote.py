"""publish promote"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import find_release, load, print_result, shipping_channel, wall_clock
from publisher.cli.progress import track_on_terminal
from publisher.cli.shipping import next_step, refusals_in_ledger, shipping_options
from publisher.cli.signing import key_ring, read_root
from publisher.cli.target import open_to_flip, refuse_sample
from publisher.cli.verdicts import terminal_width, wrapped
from publisher.client.version import Version
from publisher.model.ledger import Action
from publisher.pipeline.promote import PromotePlan, PromoteRequest, apply_promote, live_version, plan_promote
from publisher.pipeline.staged import require_staged, staged_candidate
from publisher.pipeline.writing import Written


@click.command()
@shipping_options
def command(
    name: str,
    channel: str | None,
    to: str | None,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Decide again, count approvals, and make the staged PRODUCT@VERSION live.

    People approve it before, each with `publish approve`; here only the keys of snapshot and timestamp sign.
    timestamp.json is swapped last: until then clients see the old state, whole. Run again, it does what is missing.
    """
    catalog = load(content, config)
    refuse_sample(catalog)
    release = find_release(catalog, name)
    request = PromoteRequest(release.product, shipping_channel(release, channel, catalog), read_root(config))
    storage = open_to_flip(to, catalog, wall_clock())
    ring = key_ring(catalog.signers, keys)
    staged = staged_candidate(storage, request.role, catalog.signers)
    other = staged is None or staged.candidate.release != str(release.version)
    if other and live_version(request, storage) == release.version:
        _say(request, None, None, release.version, as_json=as_json)
        return
    staged = require_staged(staged, release, request.role)
    with refusals_in_ledger(Action.PROMOTE, release, request.trusted_root, storage, ring):
        plan = plan_promote(request, staged, catalog, storage, ring, wall_clock())
        track = track_on_terminal(quiet=as_json)
        written = None if plan.nothing_to_do else apply_promote(plan, catalog, storage, wall_clock, track)
    _say(request, plan, written, release.version, as_json=as_json)


def _say(
    request: PromoteRequest, plan: PromotePlan | None, written: Written | None, version: Version, *, as_json: bool
) -> None:
    if as_json:
        print_result(
            {
                "role": request.role,
                "version": str(version),
                "changed": written is not None,
                "roles": dict(plan.changed_roles) if plan else {},
                "written": list(written.keys) if written else [],
            }
        )
        return
    title = f"{request.product} {version}"
    if plan is None or written is None or plan.candidate is None:
        click.echo(f"{title} is live in {request.channel} already.")
        return
    click.echo(f"{title} is live in {request.channel}, verified as a new client.")
    signed = f"signed: {', '.join(f'{role} {number}' for role, number in plan.changed_roles)}"
    width = terminal_width()
    click.echo("\n".join([*wrapped(signed, width, 2), *wrapped(next_step(wall_clock()), width)]))
