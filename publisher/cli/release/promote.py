"""publish promote"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import find_release, load, print_result, shipping_channel, wall_clock
from publisher.cli.options import open_to_flip, refuse_sample
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.release.shipping import (
    next_step,
    record_as_json,
    record_option,
    recorded,
    refusals_in_ledger,
    shipping_options,
)
from publisher.cli.secrets import key_ring, read_root
from publisher.model.content.release import Release
from publisher.model.records.ledger import Action
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.staged import require_staged, staged_candidate
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.promote import PromotePlan, PromoteRequest, apply_promote, live_version, plan_promote
from publisher.pipeline.release.recording import NOT_RECORDED, Recorded


@click.command()
@record_option
@shipping_options
def command(
    name: str,
    channel: str | None,
    to: str | None,
    record: bool,
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
    request = PromoteRequest(release.product, shipping_channel(release, channel, catalog))
    storage = open_to_flip(to, catalog, wall_clock())
    ring = key_ring(catalog.signers, keys)
    staged = staged_candidate(storage, request.role, catalog.signers)
    bucket = Bucket(storage, read_root(config))
    other = staged is None or staged.candidate.release != str(release.version)
    if other and live_version(request, bucket) == release.version:
        _say(request, None, None, release, as_json=as_json)
        return
    staged = require_staged(staged, release, request.role)
    with refusals_in_ledger(Action.PROMOTE, release, bucket.trusted_root, storage, ring):
        plan = plan_promote(request, staged, catalog, bucket, ring, wall_clock())
        track = track_on_terminal(quiet=as_json)
        written = None if plan.nothing_to_do else apply_promote(plan, catalog, storage, wall_clock, track)
    shipped = wall_clock()
    live = written is not None and plan.candidate is not None
    done = recorded(release, shipped, content, config, record=record) if live else NOT_RECORDED
    _say(request, plan, written, release, done, as_json=as_json)
    if live and not as_json:
        click.echo("\n".join(wrapped(next_step(release, shipped, done), terminal_width())))


def _say(
    request: PromoteRequest,
    plan: PromotePlan | None,
    written: Written | None,
    release: Release,
    done: Recorded = NOT_RECORDED,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_result(
            {
                "role": request.role,
                "version": str(release.version),
                "changed": written is not None,
                "roles": dict(plan.publication.changed_roles) if plan else {},
                "written": list(written.keys) if written else [],
                **record_as_json(done),
            }
        )
        return
    title = f"{request.product} {release.version}"
    if plan is None or written is None or plan.candidate is None:
        click.echo(f"{title} is live in {request.channel} already.")
        return
    click.echo(f"{title} is live in {request.channel}, verified as a new client.")
    signed = f"signed: {', '.join(f'{role} {number}' for role, number in plan.publication.changed_roles)}"
    click.echo("\n".join(wrapped(signed, terminal_width(), 2)))
