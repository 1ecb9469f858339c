"""publish release"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import (
    at_option,
    content_options,
    find_release,
    json_option,
    load,
    moment,
    one_channel,
    print_json,
    wall_clock,
)
from publisher.cli.progress import track_on_terminal
from publisher.cli.signing import key_ring, keys_option, read_root
from publisher.errors import InputError, UsageError
from publisher.model.catalog import Catalog
from publisher.pipeline.release import Applied, Plan, ReleaseRequest, apply_plan, plan_release
from publisher.rules import words
from publisher.storage.memory import MemoryStorage
from publisher.storage.open import open_storage
from publisher.storage.protocol import Storage


@click.command()
@click.argument("name", metavar="PRODUCT@VERSION")
@click.option("--channel", required=True, help="Channel to publish to.")
@click.option("--artifacts", required=True, type=click.Path(path_type=Path), help="Directory of the built files.")
@click.option(
    "--to", "to", metavar="URL", help="Bucket to publish to: file:///dir. Default: `storage` of endpoints.yaml."
)
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@keys_option
@content_options
@at_option
@json_option
def command(
    name: str,
    channel: str,
    artifacts: Path,
    to: str | None,
    dry_run: bool,
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
    release = find_release(catalog, name)
    request = ReleaseRequest(
        release=release,
        channel=one_channel(release, channel, catalog),
        artifacts=artifacts,
        trusted_root=read_root(config),
        decide_at=moment(at, catalog) if at is not None else None,
    )
    storage = open_storage(_address(to, catalog))
    track = track_on_terminal(quiet=as_json)
    plan = plan_release(request, catalog, _readable(storage), key_ring(catalog.signers, keys), wall_clock(), track)
    applied = None if dry_run or plan.nothing_to_do else apply_plan(plan, catalog, storage, wall_clock, track)
    if as_json:
        print_json(_as_json(plan, applied, storage.url, dry_run=dry_run))
    else:
        click.echo("\n".join(_lines(plan, applied, storage.url, dry_run=dry_run)))


def refuse_sample(catalog: Catalog) -> None:
    """Sample content is published by the demo only."""
    if catalog.sample is not None and not catalog.signers.demo:
        raise InputError(
            "this is sample content, which only `publish demo` publishes",
            fix="put your own products, events and releases in, and remove content/sample.yaml",
        )


def _readable(storage: Storage) -> Storage:
    """The store, or an empty one in memory as long as there is nothing at its place: planning writes nothing."""
    if storage.is_prepared():
        return storage
    empty = MemoryStorage()
    empty.prepare()
    return empty


def _address(to: str | None, catalog: Catalog) -> str:
    address = to or catalog.endpoints.storage
    if address is None:
        raise UsageError("no bucket is named", fix="give --to URL, or `storage:` in endpoints.yaml")
    return address


def _lines(plan: Plan, applied: Applied | None, url: str, *, dry_run: bool) -> list[str]:
    release, channel = plan.request.release, plan.request.channel
    title = f"{release.product} {release.version}"
    ignored = [f"Not part of the release, left alone: {', '.join(plan.ignored)}"] if plan.ignored else []
    if dry_run:
        return [
            f"Plan for {title} to {channel} in {url}; nothing was written.",
            "",
            *(_object_line(plan, index) for index in range(len(plan.objects))),
            *(["  replace  tuf/metadata/timestamp.json, which publishes all of the above"] if plan.timestamp else []),
            "",
            *ignored,
            "Run it again without --dry-run to publish." if not plan.nothing_to_do else "Nothing is left to do.",
        ]
    if applied is None:
        return [f"{title} is already in {channel} with these very bytes; nothing was written.", *ignored]
    roles = ", ".join(f"{role} {version}" for role, version in plan.changed_roles)
    return [
        f"{title} is published to {channel}.",
        f"  {len(applied.written)} objects, {applied.bytes_written:,} bytes, to {url}",
        f"  signed: {roles or 'nothing new'}",
        f"  verified as a new client: {words.listed(applied.verified_platforms)}",
        *ignored,
    ]


def _object_line(plan: Plan, index: int) -> str:
    one = plan.objects[index]
    verb = "is there" if one.key in plan.already_there else "copy" if one.copy_of else "write"
    return f"  {verb:8} {one.key}  ({one.size:,} bytes)"


def _as_json(plan: Plan, applied: Applied | None, url: str, *, dry_run: bool) -> dict[str, object]:
    return {
        "product": plan.request.release.product,
        "version": str(plan.request.release.version),
        "channel": plan.request.channel,
        "storage": url,
        "dry_run": dry_run,
        "changed": applied is not None,
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
        "flip": plan.timestamp is not None,
        "roles": dict(plan.changed_roles),
        "written": list(applied.written) if applied else [],
        "bytes_written": applied.bytes_written if applied else 0,
        "verified_platforms": list(applied.verified_platforms) if applied else [],
        "ignored": list(plan.ignored),
    }
