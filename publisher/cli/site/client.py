"""publish client"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from publisher.cli.inputs import PATH
from publisher.cli.output.emit import say
from publisher.cli.secrets import read_root_file
from publisher.cli.wheels import read_wheels, wheels_option
from publisher.client.embedded import Trusted
from publisher.client.network.http import fetcher_for
from publisher.errors import InputError
from publisher.model.values import Slug
from publisher.pipeline.client_build import build_zipapp
from publisher.text.terminal import whole
from publisher.wire.errors import ClientError
from publisher.wire.version import Version


@click.command()
@click.option("--root", required=True, type=PATH, help="The first root that the client trusts.")
@click.option("--url", required=True, help="Address of the bucket, as clients see it.")
@click.option("--product", required=True)
@click.option("--channel", required=True)
@click.option("--to", "to", required=True, type=PATH, help="File to write, such as tidegate.pyz.")
@wheels_option
def command(root: Path, url: str, product: str, channel: str, to: Path, wheels: Path | None) -> None:
    """Build the reference update client as one file that needs only Python.

    It contains ROOT, the address and all its libraries: wheels with the SHA-256 that this program's lock pins,
    downloaded once with pip. The same inputs give the same bytes.
    """
    trusted = Trusted(_address(url), _id("product", product), _id("channel", channel), read_root_file(root))
    packed = read_wheels(wheels)
    data = build_zipapp(trusted=trusted, version=Version.parse(version("tidegate")), wheels=packed)
    if to.exists() and to.read_bytes() == data:
        say(f"{whole(to)} is already up to date; nothing was written.")
        return
    try:
        to.write_bytes(data)
        to.chmod(0o755)
    except OSError as error:
        raise InputError(f"cannot write {to}: {error.strerror}") from error
    say(f"{whole(to)} ({len(data):,} bytes) follows {product} {channel} at {url}. It holds:")
    for wheel in packed:
        click.echo(f"  {wheel.name} {wheel.version}  sha256:{wheel.digest}")


def _address(url: str) -> str:
    """The address, if the client that is built would take it."""
    try:
        fetcher_for(url)
    except ClientError as error:
        raise InputError(error.what, fix=error.fix) from error
    return url


def _id(name: str, text: str) -> str:
    try:
        return TypeAdapter(Slug).validate_python(text)
    except ValidationError as error:
        raise InputError(
            f"--{name} {text!r} is not an id", fix="write small letters, digits and single hyphens, like btfs-node"
        ) from error
