"""`publish check`: reads all content; every problem of every file comes in one run."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import content_options, json_option, load, print_result
from publisher.model.catalog import Catalog


@click.command("check")
@content_options
@json_option
def command(content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Check all content and configuration.

    Every problem comes with its file, line and column, and with what to write instead. Exit code 0 when all is fine,
    1 otherwise.
    """
    counts = count(load(content, config))
    if as_json:
        print_result({"counts": counts, "problems": []})
        return
    named = [f"{number} {kind if number != 1 else kind.removesuffix('s')}" for kind, number in counts.items()]
    click.echo(f"{', '.join(named)}: all fine.")


def count(catalog: Catalog) -> dict[str, int]:
    """How many items of each kind were read."""
    return {
        "products": len(catalog.products),
        "channels": len(catalog.channels),
        "releases": len(catalog.releases),
        "events": len(catalog.events),
        "deprecations": len(catalog.deprecations),
        "signers": len(catalog.signers.signers),
    }
