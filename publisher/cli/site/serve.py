"""`publish serve`: the demo's site and bucket on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.inputs import PATH
from publisher.site.mkdocs.preview import BUCKET, BUILT_FOR, make_server

_DEMO_SITE = Path("build/demo/site")


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port on 127.0.0.1.")
@click.option("--site", type=PATH, default=_DEMO_SITE, show_default=True, help="Built site.")
@click.option("--bucket", type=PATH, default=Path("build/demo/bucket"), show_default=True, help="Bucket.")
def command(port: int, site: Path, bucket: Path) -> None:
    """Show site and bucket on http://127.0.0.1, for this machine only, until Ctrl+C."""
    server = make_server(site, bucket, port)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    click.echo(f"Site    {address}/")
    click.echo(f"Bucket  {address}{BUCKET}" if bucket.is_dir() else f"Bucket  none in {bucket}")
    if site == _DEMO_SITE and address != BUILT_FOR:
        click.echo(f"The demo's pages show this address; its signed feeds name {BUILT_FOR}.")
    click.echo("Stop with Ctrl+C.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        server.server_close()
