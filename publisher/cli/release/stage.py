"""publish stage"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.changes import changes_of
from publisher.cli.inputs import find_release, load, print_result, shipping_channel, wall_clock
from publisher.cli.options import open_to_write, refuse_placeholders, refuse_sample
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.release.shipping import artifacts_options, readable, refusals_in_ledger, shipping_options
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import UsageError
from publisher.model.records.ledger import Action
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.release.stage import StagePlan, Supersede, apply_stage, plan_stage


@click.command()
@artifacts_options
@click.option("--rebase", is_flag=True, help="Make the candidate anew on what is live now; it needs new signatures.")
@shipping_options
def command(
    name: str,
    channel: str | None,
    artifacts: Path,
    changes: Path | None,
    rebase: bool,
    replace: bool,
    to: str | None,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Upload PRODUCT@VERSION and make it the channel's candidate; clients see nothing of it.

    The candidate is the exact metadata that clients will verify. It waits for signatures, and for `publish promote`.
    """
    if rebase and replace:
        raise UsageError("--rebase and --replace do not go together", fix="--replace supersedes any candidate")
    catalog = load(content, config)
    refuse_sample(catalog)
    refuse_placeholders(catalog, config, content)
    release = find_release(catalog, name)
    chosen = shipping_channel(release, channel, catalog)
    request = ReleaseRequest(release, chosen, artifacts, changes_of(changes))
    storage = open_to_write(to, catalog, wall_clock())
    supersede = Supersede.ANY if replace else Supersede.STALE if rebase else Supersede.NOTHING
    track = track_on_terminal(quiet=as_json)
    ring = key_ring(catalog.signers, keys)
    root = read_root(config)
    with refusals_in_ledger(Action.STAGE, release, root, storage, ring):
        plan = plan_stage(request, catalog, Bucket(readable(storage), root), ring, wall_clock(), supersede, track)
    written = None if plan.nothing_to_do else apply_stage(plan, storage, track)
    if as_json:
        print_result(
            {
                "candidate": plan.candidate.digest if plan.candidate else None,
                "role": plan.role,
                "changed": written is not None,
                "written": list(written.keys) if written else [],
                "ignored": list(plan.ignored),
            }
        )
    else:
        click.echo("\n".join(_lines(plan, written is not None)))


def _lines(plan: StagePlan, changed: bool) -> list[str]:
    title = f"{plan.request.release.product} {plan.request.release.version}"
    if plan.candidate is None:
        return [f"{title} is live in {plan.request.channel} already; there is nothing to stage."]
    said = "is staged for" if changed else "was staged already for"
    return [
        f"{title} {said} {plan.request.channel}: candidate {plan.candidate.digest[:12]} of {plan.role}.",
        f"Next: publish approve {plan.request.release.id} --channel {plan.request.channel} --key YOUR-KEY",
    ]
