"""publish verify"""

from __future__ import annotations

from pathlib import Path
from urllib.request import getproxies

import click

from publisher.channel.audit.channel import Audit
from publisher.channel.findings import Level, Source
from publisher.cli.inputs import json_option, print_result, wall_clock
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.secrets import read_root_file
from publisher.client.http import fetcher_for
from publisher.errors import InputError, VerificationError
from publisher.pipeline.operate.verify import StoreSource, WebSource, verify_channel
from publisher.storage.open import open_storage
from publisher.wire.errors import ClientError, printable


@click.command()
@click.argument("place", metavar="DIR_OR_URL")
@click.option("--root", required=True, type=click.Path(path_type=Path), help="The first root, which you trust.")
@click.option("--site", metavar="DIR_OR_URL", help="Compare the site there with its signed manifest, page by page.")
@json_option
def command(place: str, root: Path, site: str | None, as_json: bool) -> None:
    """Audit a channel from outside, from nothing but its first root.

    Verifies every signature, threshold, duty, expiry, digest, size and pinned address, and finds objects that are
    missing or that nothing signed leads to; with --site, pages of the site that were changed, removed or slipped in
    too. Exit code 4 when anything refutes the channel.
    """
    trusted = read_root_file(root)
    audit = verify_channel(_source(place), trusted, wall_clock(), _source(site) if site is not None else None)
    if as_json:
        print_result(_as_json(audit), ok=audit.sound)
    else:
        click.echo("\n".join(_lines(audit, place, terminal_width())))
    if not audit.sound:
        count = sum(one.level is Level.ERROR for one in audit.findings)
        raise (
            VerificationError(
                f"{count} finding{' refutes' if count == 1 else 's refute'} this channel",
                fix="tell whoever publishes it, and install nothing from it",
            )
            if not as_json
            else click.exceptions.Exit(VerificationError.exit_code)
        )


def _source(place: str) -> Source:
    """A bucket on the web as the public sees it; any other as its owner does."""
    if place.startswith(("http://", "https://")):
        try:
            return WebSource(place, fetcher_for(place, proxies=getproxies()))
        except ClientError as error:
            raise InputError(error.what, fix=error.fix) from error
    if not place.startswith(("file:", "s3:")) and not Path(place).is_dir():
        raise InputError(f"there is no directory {place}", fix="name a bucket's directory, or its https address")
    return StoreSource(open_storage(place))


def _lines(audit: Audit, place: str, width: int) -> list[str]:
    order = list(Level)
    findings = sorted(audit.findings, key=lambda one: (order.index(one.level), one.where))
    lines = wrapped(f"{place}: {audit.signatures} signatures and {audit.objects} objects verified.", width)
    for one in findings:
        first, *more = wrapped(printable(f"{one.where} {one.what}"), width, 10)
        lines += [f"  {one.level:8}{first.strip()}", *more]
    return [*lines, *(["Sound."] if audit.sound else [])]


def _as_json(audit: Audit) -> dict[str, object]:
    return {
        "signatures": audit.signatures,
        "objects": audit.objects,
        "findings": [{"level": one.level, "what": one.what, "where": one.where} for one in audit.findings],
    }
