"""publish client"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from publisher.cli.signing import read_root_file
from publisher.client.trusted import Trusted
from publisher.client.version import Version
from publisher.errors import InputError
from publisher.pipeline.zipapp import build_zipapp


@click.command()
@click.option("--root", required=True, type=click.Path(path_type=Path), help="The first root, which it will trust.")
@click.option("--url", required=True, help="Address of the bucket, as clients see it.")
@click.option("--product", required=True)
@click.option("--channel", required=True)
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="File to write, such as tidegate.pyz.")
def command(root: Path, url: str, product: str, channel: str, to: Path) -> None:
    """Build the reference update client as one file that needs only Python.

    It carries ROOT, the address and all its libraries. The same inputs give the same bytes.
    """
    data = build_zipapp(
        trusted=Trusted(url, product, channel, read_root_file(root)), version=Version.parse(version("tidegate"))
    )
    if to.exists() and to.read_bytes() == data:
        click.echo(f"{to} is already this very client; nothing was written.")
        return
    try:
        to.write_bytes(data)
        to.chmod(0o755)
    except OSError as error:
        raise InputError(f"cannot write {to}: {error.strerror}") from error
    click.echo(f"{to} ({len(data):,} bytes) follows {product} {channel} at {url}.")
