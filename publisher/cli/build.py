"""`publish build`: the site as HTML, by way of MkDocs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from publisher.cli.common import at_option, content_options, load, moment
from publisher.cli.live import bucket_option, state_of


@click.command("build")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="Directory to write; replaced.")
@click.option(
    "--mkdocs",
    "mkdocs_file",
    type=click.Path(path_type=Path),
    default=Path("mkdocs.yml"),
    show_default=True,
    help="MkDocs configuration.",
)
@click.option(
    "--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True, help="Templates."
)
@bucket_option
@content_options
@at_option
def command(
    target: Path,
    mkdocs_file: Path,
    templates: Path,
    bucket: str | None,
    content: tuple[Path, ...],
    config: Path,
    at: str | None,
) -> None:
    """Build the site strictly: a warning is an error, and then nothing is written.

    The directory must be absent, empty, or made by this command.
    """
    # Material for MkDocs documents this switch for its notice about its own future.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from publisher.site.build import build_site  # noqa: PLC0415 - MkDocs takes its time, and help should not
    from publisher.site.plugin import Source  # noqa: PLC0415
    from publisher.site.templates import Templates  # noqa: PLC0415
    from publisher.site.writer import refuse_foreign  # noqa: PLC0415

    refuse_foreign(target)
    catalog = load(content, config)
    state = state_of(bucket, config)
    build_site(mkdocs_file, target, Source(catalog, state, moment(at, catalog), Templates(templates)))
    click.echo(f"Site built in {target}")
