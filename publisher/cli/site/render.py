"""`publish render`: the site's pages as plain files that any generator can build."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import PATH, Project, at_option, bucket_option, moment, project_options, state_of
from publisher.cli.output.emit import say
from publisher.content.load import PAGES
from publisher.content.pages import read_handed_out, read_pages
from publisher.content.schemas import schema_of
from publisher.model.records.feed_format import Feed
from publisher.site.directory_writer import read_files, refuse_foreign, write_directory
from publisher.site.render import CALENDARS, fill_prose, render_site
from publisher.site.templates import Templates
from publisher.text.terminal import whole


@click.command("render")
@click.option("--to", "target", required=True, type=PATH, help="Directory to write; replaced.")
@click.option("--templates", type=PATH, default=Path("templates"), show_default=True, help="Templates.")
@bucket_option
@project_options
@at_option
def command(target: Path, templates: Path, bucket: str | None, project: Project, at: str | None) -> None:
    """Write every page as Markdown, and data as JSON, into a directory.

    The directory must be absent, empty, or made by this command.
    """
    refuse_foreign(target)
    catalog = project.catalog()
    now = moment(at, catalog)
    compiled = Templates(templates)
    state = state_of(bucket, project, catalog.signers)
    schema, before = schema_of(Feed, closed=False, nulls=True), read_files(target, CALENDARS)
    prose = {**read_pages(project.content[0] / PAGES), **read_handed_out(project.config)}
    files = render_site(catalog, state, now, compiled, schema, before, prose.keys())
    for path, body in prose.items():
        if path.endswith(".md"):
            text = fill_prose(f"{project.content[0]}/pages/{path}", body.decode(), catalog, state, now, compiled)
            files.setdefault(path, text.encode())
        else:
            files.setdefault(path, body)
    write_directory(target, files)
    say(f"{len(files)} files written to {whole(target)}")
