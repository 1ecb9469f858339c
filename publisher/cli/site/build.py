"""`publish build`: the site as HTML, by way of MkDocs, and up into its bucket."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from publisher.cli.inputs import (
    PATH,
    Project,
    at_option,
    bucket_option,
    moment,
    project_options,
    state_of,
    wall_clock,
    warn_unseen,
)
from publisher.cli.options import refuse_example
from publisher.cli.output.emit import Report, answering, for_programs
from publisher.cli.output.progress_bar import track_on_terminal
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.cli.site.units import UnchangedReport, write_site_units
from publisher.cli.site.upload import BuildReport, open_places, published, upload
from publisher.content.pages import read_handed_out
from publisher.errors import UsageError
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.publication.plan import Publication
from publisher.pipeline.site.changed import channel_changed
from publisher.pipeline.site.files import read_site
from publisher.pipeline.site.signing import plan_signing
from publisher.site.directory_writer import read_files, refuse_foreign
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.outputs.security import signed_advisories
from publisher.site.render import CALENDARS
from publisher.site.templates import Templates
from publisher.storage.open import open_storage
from publisher.storage.protocol import Body, Storage


@click.command("build")
@click.option("--to", "target", type=PATH, help="Directory to write; replaced.")
@click.option(
    "--mkdocs", "mkdocs_file", type=PATH, default=Path("mkdocs.yml"), show_default=True, help="MkDocs configuration."
)
@click.option("--templates", type=PATH, default=Path("templates"), show_default=True, help="Templates.")
@bucket_option
@click.option("--upload", "upload_url", metavar="URL", help="The site's own bucket; only what differs is written.")
@click.option(
    "--channel-bucket",
    metavar="URL",
    help="Sign the uploaded site's manifest in this channel, and show its live releases on the pages.",
)
@click.option(
    "--if-changed",
    is_flag=True,
    help="Do nothing while the channel is as when its site was signed, for an hour at most; for a timer.",
)
@click.option(
    "--units",
    type=PATH,
    metavar="DIR",
    help="Write a service and a timer for systemd that do this with --if-changed, instead of building.",
)
@click.option("--everything", is_flag=True, help="Upload every file again, as after a defacement.")
@click.option("--dry-run", is_flag=True, help="Print what --upload would do; write to no bucket.")
@keys_option
@project_options
@at_option
@answering
def command(
    target: Path | None,
    mkdocs_file: Path,
    templates: Path,
    bucket: str | None,
    upload_url: str | None,
    channel_bucket: str | None,
    if_changed: bool,
    units: Path | None,
    everything: bool,
    dry_run: bool,
    keys: Path,
    project: Project,
    at: str | None,
) -> Report:
    """Build the site; any warning is an error, and nothing is written.

    The directory must be absent, empty, or made by this command; with --upload it is optional. An upload writes
    changed files only, assets before pages, and deletes stale ones last. Signing needs the keys of notes,
    snapshot and timestamp.
    """
    _refuse_words(target, upload_url, channel_bucket, at, everything=everything, dry_run=dry_run)
    if (if_changed or units is not None) and channel_bucket is None:
        raise UsageError(
            "--if-changed and --units are for a site that its channel signs", fix="give --upload and --channel-bucket"
        )
    if units is not None:
        assert upload_url is not None and channel_bucket is not None
        paths = (("--mkdocs", mkdocs_file), ("--templates", templates), ("--keys", keys))
        return write_site_units(units, upload_url, channel_bucket, paths, project)
    catalog = project.catalog()
    if upload_url is not None:
        refuse_example(catalog, project.config, project.content)
    if if_changed and channel_bucket is not None:
        channel = Bucket(open_storage(channel_bucket), read_root(project.config))
        if not channel_changed(channel, catalog.signers, wall_clock()):
            return UnchangedReport()
    warn_unseen(bucket or channel_bucket, catalog)
    with ExitStack() as stack:
        places = (
            open_places(upload_url, channel_bucket, catalog, wall_clock(), dry_run=dry_run)
            if upload_url is not None
            else None
        )
        directory = target or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-"))) / "site"
        refuse_foreign(directory)
        uploaded = published(places.site, CALENDARS) if places else {}
        source = SiteSource(
            catalog,
            state_of(bucket or channel_bucket, project, catalog.signers),
            moment(at, catalog),
            Templates(templates),
            calendars_before=read_files(directory, CALENDARS) | uploaded,
            handed_out=read_handed_out(project.config),
        )
        build_site(mkdocs_file, directory, source)

        def sign(manifest: Body, channel: Storage) -> Publication:
            ring = key_ring(catalog.signers, keys)
            live = Bucket(channel, read_root(project.config))
            advisories = signed_advisories(catalog, source.now)  # of the same moment as the pages
            return plan_signing(manifest, advisories, live, catalog, ring, wall_clock())

        track = track_on_terminal(quiet=for_programs())
        done = (
            upload(read_site(directory), places, sign, track, everything=everything, dry_run=dry_run)
            if places
            else None
        )
    return BuildReport(target, done)


def _refuse_words(
    target: Path | None, upload_url: str | None, channel_bucket: str | None, at: str | None, **flags: bool
) -> None:
    if upload_url is None:
        if target is None:
            raise UsageError("no destination is given", fix="give --to DIR, --upload URL, or both")
        alone = [f"--{name.replace('_', '-')}" for name, given in flags.items() if given]
        if alone := [*(["--channel-bucket"] if channel_bucket else []), *alone]:
            raise UsageError(f"{alone[0]} works only with --upload", fix="give --upload URL too")
    elif at is not None and not flags["dry_run"]:
        raise UsageError(
            "--at cannot be combined with --upload", fix="leave --at out; a published site shows the real time"
        )
