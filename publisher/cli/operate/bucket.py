"""publish bucket"""

from __future__ import annotations

import click

from publisher.cli.inputs import Project, project_options
from publisher.cli.options import address_of, to_option
from publisher.cli.output.emit import json_option, notice, print_json
from publisher.cli.suggesting_group import SuggestingGroup
from publisher.errors import UsageError
from publisher.storage.s3.address import S3Address
from publisher.storage.s3.policies import (
    SITE_IDENTITIES,
    STAGING_DAYS,
    Identity,
    cors,
    lifecycle,
    policy,
    site_lifecycle,
    site_policy,
)

_OVERWRITING = (
    "The store must know the condition key s3:if-none-match to deny overwriting (Amazon documents it; SeaweedFS ignores"
    " that statement and enforces the one about deleting). Elsewhere, use a bucket with object lock."
)


site_option = click.option("--site", is_flag=True, help="For the site's own bucket, which --to names.")


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Print least-privilege documents for a bucket on S3. Nothing is sent; apply them with the store's own tools."""


@command.command("policy")
@click.option(
    "--identity",
    type=click.Choice([identity.value for identity in Identity]),
    help="Only this one's; `public` is the bucket's own policy.",
)
@site_option
@to_option
@project_options
@json_option
def show_policy(identity: str | None, site: bool, to: str | None, project: Project, as_json: bool) -> None:
    """Print who may do what: a policy for each identity, and the bucket's own for the public."""
    known = SITE_IDENTITIES if site else tuple(Identity)
    identities = (Identity(identity),) if identity else known
    if not set(identities) <= set(known):
        raise UsageError(f"{identity} has no part in the site's bucket", fix=f"choose {' or '.join(known)}")
    address = _address(to, project, site=site)
    write = site_policy if site else policy
    documents = {who.value: write(address.bucket, address.prefix, who) for who in identities}
    print_json(documents[identity] if identity else documents)
    if not site and not as_json and Identity.PUBLIC in identities:
        notice(_OVERWRITING)


@command.command("cors")
@to_option
@project_options
@click.option("--json", is_flag=True, expose_value=False, help="JSON is what it prints anyway.")
def show_cors(to: str | None, project: Project) -> None:
    """Print the CORS configuration of the channel's bucket: pages of the site may read it."""
    configuration = project.configuration()
    _on_s3(address_of(to, configuration))
    print_json(cors(configuration.endpoints.site))


@command.command("lifecycle")
@click.option(
    "--staging-days",
    type=click.IntRange(min=1),
    default=STAGING_DAYS,
    show_default=True,
    help="How long a candidate may wait for its signatures.",
)
@site_option
@to_option
@project_options
@click.option("--json", is_flag=True, expose_value=False, help="JSON is what it prints anyway.")
def show_lifecycle(staging_days: int, site: bool, to: str | None, project: Project) -> None:
    """Print the lifecycle configuration: leftovers go, published objects stay."""
    prefix = _address(to, project, site=site).prefix
    print_json(site_lifecycle(prefix) if site else lifecycle(prefix, staging_days))


def _address(to: str | None, project: Project, *, site: bool) -> S3Address:
    """The bucket that is meant; a configuration is only needed where --to does not name it."""
    if site and to is None:
        raise UsageError("the site's bucket is not named", fix="give --to s3://BUCKET/PREFIX")
    return _on_s3(to or address_of(to, project.configuration()))


def _on_s3(address: str) -> S3Address:
    if not address.startswith("s3:"):
        raise UsageError(f"{address} is not a bucket on S3", fix="give --to s3://BUCKET/PREFIX")
    return S3Address.parse(address)
