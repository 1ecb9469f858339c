"""publish release"""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path

import click

from publisher.cli.changes import changes_of
from publisher.cli.inputs import at_option, find_release, load, moment, print_result, shipping_channel, wall_clock
from publisher.cli.options import open_to_flip, open_to_look, refuse_placeholders, refuse_sample
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.release.shipping import (
    artifacts_options,
    next_step,
    readable,
    record_as_json,
    record_option,
    recorded,
    refusals_in_ledger,
    shipping_options,
)
from publisher.cli.secrets import key_ring, read_root
from publisher.errors import UsageError
from publisher.model.records.ledger import Action
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.decide import ReleaseRequest
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.release.recording import NOT_RECORDED
from publisher.pipeline.release.release import ReleasePlan, apply_release, plan_release
from publisher.rules import english


@click.command()
@artifacts_options
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@at_option
@record_option
@shipping_options
def command(
    name: str,
    channel: str | None,
    artifacts: Path,
    changes: Path | None,
    to: str | None,
    dry_run: bool,
    replace: bool,
    record: bool,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    at: str | None,
    as_json: bool,
) -> None:
    """Decide, sign and publish PRODUCT@VERSION to a channel.

    Checks the content, decides, hashes, signs, writes manifests, feed and TUF metadata, stores everything and replaces
    the timestamp last; then downloads it all again as a new client would. Run again, it does what is missing.
    """
    if at is not None and not dry_run:
        raise UsageError("--at goes with --dry-run only", fix="what is published is decided at the real time")
    catalog = load(content, config)
    refuse_sample(catalog)
    refuse_placeholders(catalog, config, content)
    release = find_release(catalog, name)
    request = ReleaseRequest(
        release=release,
        channel=shipping_channel(release, channel, catalog),
        artifacts=artifacts,
        changes=changes_of(changes),
        decide_at=moment(at, catalog) if at is not None else None,
    )
    storage = open_to_look(to, catalog) if dry_run else open_to_flip(to, catalog, wall_clock())
    track = track_on_terminal(quiet=as_json)
    ring = key_ring(catalog.signers, keys)
    root = read_root(config)
    logged = refusals_in_ledger(Action.RELEASE, release, root, storage, ring)
    with nullcontext() if dry_run else logged:
        bucket = Bucket(readable(storage), root)
        plan = plan_release(request, catalog, bucket, ring, wall_clock(), replace=replace, track=track)
        applied = None if dry_run or plan.nothing_to_do else apply_release(plan, catalog, storage, wall_clock, track)
    shipped = wall_clock()
    done = recorded(release, shipped, content, config, record=record) if applied is not None else NOT_RECORDED
    if as_json:
        print_result({**_as_json(plan, applied, storage.url, dry_run=dry_run), **record_as_json(done)})
    else:
        lines = _lines(plan, applied, storage.url, dry_run=dry_run)
        if applied is not None:
            lines += wrapped(next_step(release, shipped, done), terminal_width())
        click.echo("\n".join(lines))


_DIGEST = re.compile("[0-9a-f]{64}")

_FLIP = (
    "  append   signed entries to ledger/, which tell what is staged and published",
    "  replace  tuf/metadata/timestamp.json, which publishes all of the above",
)


def _lines(plan: ReleasePlan, written: Written | None, url: str, *, dry_run: bool) -> list[str]:
    request = plan.stage.request
    title = f"{request.release.product} {request.release.version}"
    width = terminal_width()
    left_alone = f"Not part of the release, left alone: {', '.join(plan.stage.ignored)}"
    ignored = wrapped(left_alone, width) if plan.stage.ignored else []
    if dry_run:
        return [
            *wrapped(f"Plan for {title} to {request.channel} in {url}; nothing was written.", width),
            "",
            *(line for one in plan.objects for line in _object_lines(plan, one, width)),
            *(_FLIP if plan.flips else []),
            "",
            *ignored,
            "Run it again without --dry-run to publish." if not plan.nothing_to_do else "Nothing is left to do.",
        ]
    if written is None:
        done = f"{title} is already in {request.channel} with these very bytes; nothing was written."
        return [*wrapped(done, width), *ignored]
    roles = ", ".join(f"{role} {version}" for role, version in plan.promote.publication.changed_roles)
    return [
        f"{title} is published to {request.channel}.",
        *wrapped(f"{len(written.keys)} objects, {written.size:,} bytes, to {url}", width, 2),
        *wrapped(f"signed: {roles or 'nothing new'}", width, 2),
        *wrapped(f"verified as a new client: {english.listed(plan.stage.platforms)}", width, 2),
        *ignored,
    ]


def _object_lines(plan: ReleasePlan, one: PlannedObject, width: int) -> list[str]:
    """An object as people read it; --json has its whole key."""
    verb = "is there" if one.key in plan.already_there else "copy" if one.copy_of else "write"
    folder, slash, name = _DIGEST.sub(lambda digest: f"{digest[0][:12]}...", one.key).rpartition("/")
    head, tail = f"  {verb:8} {folder}{slash}", f"{name}  ({one.size:,} bytes)"
    return [head + tail] if len(head + tail) <= width else [head, f"{'':13}{tail}"]


def _as_json(plan: ReleasePlan, written: Written | None, url: str, *, dry_run: bool) -> dict[str, object]:
    request = plan.stage.request
    return {
        "product": request.release.product,
        "version": str(request.release.version),
        "channel": request.channel,
        "storage": url,
        "dry_run": dry_run,
        "changed": written is not None,
        "candidate": plan.stage.candidate.digest if plan.stage.candidate else None,
        "decision": plan.decision.model_dump(mode="json"),
        "plan": [
            {
                "key": one.key,
                "size": one.size,
                "sha256": one.sha256,
                "copy_of": one.copy_of,
                "already_there": one.key in plan.already_there,
            }
            for one in plan.objects
        ],
        "flip": plan.flips,
        "roles": dict(plan.promote.publication.changed_roles),
        "written": list(written.keys) if written else [],
        "bytes_written": written.size if written else 0,
        "verified_platforms": list(plan.stage.platforms) if written else [],
        "ignored": list(plan.stage.ignored),
    }
