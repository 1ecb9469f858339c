"""publish verify"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.request import getproxies

import click

from publisher.channel.audit.channel import Audit
from publisher.channel.findings import AuditSource, Level
from publisher.cli.inputs import PATH, wall_clock
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import read_root_file
from publisher.client.http import fetcher_for
from publisher.errors import InputError, VerificationError
from publisher.pipeline.operate.verify import StoreSource, WebSource, verify_channel
from publisher.storage.open import open_storage
from publisher.text.terminal import hanging, wrapped
from publisher.wire.errors import ClientError, printable


@click.command()
@click.argument("place", metavar="DIR_OR_URL")
@click.option("--root", required=True, type=PATH, help="The first root, which you trust.")
@click.option("--site", metavar="DIR_OR_URL", help="Compare the site there with its signed manifest, page by page.")
@answering
def command(place: str, root: Path, site: str | None) -> Report:
    """Audit a channel from outside, from nothing but its first root.

    Verifies every signature, threshold, duty, expiry, digest, size and pinned address, and finds objects that are
    missing or that nothing signed leads to; with --site, pages of the site that were changed, removed or slipped in
    too. Exit code 4 when anything refutes the channel.
    """
    trusted, now = read_root_file(root), wall_clock()
    audit = verify_channel(_source(place), trusted, now, _source(site) if site is not None else None)
    return VerifyReport(audit, place, now)


def _source(place: str) -> AuditSource:
    """A bucket on the web as the public sees it; any other as its owner does."""
    if _is_web(place):
        try:
            return WebSource(place, fetcher_for(place, proxies=getproxies()))
        except ClientError as error:
            raise InputError(error.what, fix=error.fix) from error
    if not place.startswith(("file:", "s3:")) and not Path(place).is_dir():
        raise InputError(f"there is no directory {place}", fix="name a bucket's directory, or its https address")
    return StoreSource(open_storage(place))


def _is_web(place: str) -> bool:
    return place.startswith(("http://", "https://"))


@dataclass(frozen=True)
class VerifyReport(Report):
    """What an audit has verified and found."""

    audit: Audit
    place: str
    at: datetime
    """When it was looked at."""

    @property
    def error(self) -> VerificationError | None:
        if self.audit.sound:
            return None
        count = sum(finding.level is Level.ERROR for finding in self.audit.findings)
        return VerificationError(
            f"{count} finding{' refutes' if count == 1 else 's refute'} this channel",
            fix="tell its publisher, and install nothing from it",
        )

    def lines(self, width: int) -> list[str]:
        audit, order = self.audit, list(Level)
        lines = wrapped(f"{self.place}: {audit.signatures} signatures and {audit.objects} objects verified.", width)
        for finding in sorted(audit.findings, key=lambda finding: (order.index(finding.level), finding.where)):
            lines += hanging(f"  {finding.level}", printable(f"{finding.where} {finding.what}"), width, 10)
        return [*lines, *(["Sound."] if audit.sound else [])]

    def data(self) -> dict[str, object]:
        return {
            **picked(self, "at", "place"),
            "address": self.place if _is_web(self.place) else open_storage(self.place).url,
            **picked(self.audit, "signatures", "objects"),
            "findings": [picked(finding, "level", "what", "where") for finding in self.audit.findings],
        }
