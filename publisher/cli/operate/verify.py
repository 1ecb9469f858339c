"""publish verify"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.request import getproxies

import click

from publisher.channel.audit.channel import Audit
from publisher.channel.findings import AuditSource, Level
from publisher.cli.inputs import PATH, Project, project_options, wall_clock
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import read_root_file
from publisher.client.network.http import fetcher_for
from publisher.errors import InputError, VerificationError
from publisher.model.content.event import Event
from publisher.pipeline.operate.ready_until import EventCheck, check_until, find_event
from publisher.pipeline.operate.verify import StoreSource, WebSource, verify_channel
from publisher.rules import english
from publisher.storage.open import open_storage
from publisher.text.terminal import hanging, wrapped
from publisher.wire.errors import ClientError, printable


@click.command()
@click.argument("place", metavar="DIR_OR_URL")
@click.option("--root", required=True, type=PATH, help="The first root, which you trust.")
@click.option("--site", metavar="DIR_OR_URL", help="Compare the site there with its signed manifest, page by page.")
@click.option("--until", metavar="EVENT", help="Also check that all that EVENT requires will be there by then.")
@project_options
@answering
def command(place: str, root: Path, site: str | None, until: str | None, project: Project) -> Report:
    """Audit a channel from outside, from nothing but its first root.

    Verifies every signature, threshold, duty, expiry, digest, size and pinned address, and finds objects that are
    missing or that nothing signed leads to; with --site, pages of the site that were changed, removed or slipped in
    too. Exit code 4 when anything refutes the channel.

    With --until, also asks whether each version that the event requires is published on every platform, and whether
    root, brakes and all roles of people will still be valid at that moment; exit code 4 when not. Content is read for
    that alone.
    """
    trusted, now = read_root_file(root), wall_clock()
    catalog = project.catalog() if until is not None else None
    event = find_event(catalog, until) if catalog is not None and until is not None else None
    source = _source(place)
    audit = verify_channel(source, trusted, now, _source(site) if site is not None else None)
    check = check_until(event, source, trusted, catalog, now) if event and catalog and audit.sound else None
    return VerifyReport(audit, place, now, event, check)


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
    event: Event | None
    """What --until named."""
    until: EventCheck | None
    """What it requires; None where that was not asked, or the channel is refuted."""

    @property
    def error(self) -> VerificationError | None:
        if self.audit.sound:
            return self._not_ready
        count = sum(finding.level is Level.ERROR for finding in self.audit.findings)
        return VerificationError(
            f"{count} finding{' refutes' if count == 1 else 's refute'} this channel",
            fix="tell its publisher, and install nothing from it",
        )

    @property
    def _not_ready(self) -> VerificationError | None:
        """How much will be missing when the event requires it."""
        if self.until is None or not (gaps := self.until.gaps):
            return None
        title = self.until.event.title
        what = f'{len(gaps)} thing{"" if len(gaps) == 1 else "s"} will be missing when "{title}" requires them'
        return VerificationError(what, fix=gaps[0].fix)

    def lines(self, width: int) -> list[str]:
        audit, order = self.audit, list(Level)
        lines = wrapped(f"{self.place}: {audit.signatures} signatures and {audit.objects} objects verified.", width)
        for finding in sorted(audit.findings, key=lambda finding: (order.index(finding.level), finding.where)):
            lines += hanging(f"  {finding.level}", printable(f"{finding.where} {finding.what}"), width, 10)
        return [*lines, *(["Sound."] if audit.sound else []), *self._until_lines(width)]

    def _until_lines(self, width: int) -> list[str]:
        if self.event is None:
            return []
        if self.until is None:
            return wrapped(f"What {self.event.id} requires was not checked, since the channel is refuted.", width)
        if not self.until.requirements:
            why = "was cancelled, so it requires" if self.event.status == "cancelled" else "requires"
            return wrapped(f"{self.event.id} {why} no version.", width)
        lines = wrapped(f"{self.event.title}:", width)
        for check in self.until.requirements:
            for platform, version in check.platforms.items():
                text = f"{check.product} {check.channel} for {platform}: {version}, {check.at_least} is required"
                lines += hanging("  ready", printable(f"{text} by {english.moment(check.by)}"), width, 11)
        for gap in self.until.gaps:
            lines += hanging("  missing", printable(gap.what), width, 11)
            lines += hanging("         ", f"-> {gap.fix}", width, 11)
        return [*lines, *([] if self.until.gaps else ["Ready."])]

    def data(self) -> dict[str, object]:
        return {
            **picked(self, "at", "place"),
            "address": self.place if _is_web(self.place) else open_storage(self.place).url,
            **picked(self.audit, "signatures", "objects"),
            "findings": [picked(finding, "level", "what", "where") for finding in self.audit.findings],
            # Only where it was asked: without it, the report is evidence of an audit.
            **({"until": _until_data(self.event, self.until)} if self.event else {}),
        }


def _until_data(event: Event, check: EventCheck | None) -> dict[str, object]:
    return {
        "event": event.id,
        "ready": not check.gaps if check is not None else None,
        "requirements": [
            {
                **picked(requirement, "product", "channel", "at_least", "by"),
                "platforms": dict(requirement.platforms),
                "missing": [picked(gap, "what", "fix") for gap in requirement.gaps],
            }
            for requirement in (check.requirements if check is not None else ())
        ],
    }
