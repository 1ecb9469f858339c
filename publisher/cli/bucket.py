"""publish bucket"""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.common import content_options, json_option, load, print_json
from publisher.cli.target import address_of, to_option
from publisher.errors import UsageError
from publisher.storage.policies import STAGING_DAYS, Identity, cors, lifecycle, policy
from publisher.storage.s3_address import S3Address

_OVERWRITING = (
    "The store must know the condition key s3:if-none-match to deny overwriting (Amazon documents it; SeaweedFS ignores"
    " that statement and enforces the one about deleting). Elsewhere, use a bucket with object lock."
)


@click.group()
def command() -> None:
    """Print least-privilege documents for a bucket on S3. Nothing is sent; apply them with the store's own tools."""


@command.command("policy")
@click.option(
    "--identity",
    type=click.Choice([one.value for one in Identity]),
    help="Only this one's; `public` is the bucket's own policy.",
)
@to_option
@content_options
@json_option
def show_policy(identity: str | None, to: str | None, content: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Print who may do what: a policy for each identity, and the bucket's own for the public."""
    address = _address(to, content, config)
    documents = {
        one.value: policy(address.bucket, address.prefix, one)
        for one in ([Identity(identity)] if identity else Identity)
    }
    print_json(documents[identity] if identity else documents)
    if not as_json and Identity.PUBLIC.value in documents:
        click.echo(_OVERWRITING, err=True)


@command.command("cors")
@to_option
@content_options
@click.option("--json", is_flag=True, expose_value=False, help="JSON is what it prints anyway.")
def show_cors(to: str | None, content: tuple[Path, ...], config: Path) -> None:
    """Print the CORS configuration: pages of the site may read."""
    _address(to, content, config)
    print_json(cors(load(content, config).endpoints.site))


@command.command("lifecycle")
@click.option("--staging-days", type=click.IntRange(min=1), default=STAGING_DAYS, show_default=True)
@to_option
@content_options
@click.option("--json", is_flag=True, expose_value=False, help="JSON is what it prints anyway.")
def show_lifecycle(staging_days: int, to: str | None, content: tuple[Path, ...], config: Path) -> None:
    """Print the lifecycle configuration: leftovers go, published objects stay."""
    print_json(lifecycle(_address(to, content, config).prefix, staging_days))


def _address(to: str | None, content: tuple[Path, ...], config: Path) -> S3Address:
    address = to or address_of(to, load(content, config))
    if not address.startswith("s3:"):
        raise UsageError(f"{address} is not a bucket on S3", fix="give --to s3://BUCKET/PREFIX")
    return S3Address.parse(address)
