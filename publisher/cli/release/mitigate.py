"""publish mitigate"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from publisher.channel.mitigations import read_mitigation
from publisher.cli.inputs import Project, known_product, project_options, wall_clock
from publisher.cli.options import to_option
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.release.braking import ask_to_sign, opened, promised, quotable, quotable_version
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import UsageError, VerificationError
from publisher.model.configuration import Configuration
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.notes.mitigate import (
    EndPlan,
    MitigationOrder,
    MitigationPlan,
    MitigationReach,
    check_mitigation,
    end_mitigation,
    find_mitigation,
    mitigate,
)
from publisher.pipeline.objects.writing import Written
from publisher.rules import english
from publisher.storage.protocol import Storage
from publisher.text.terminal import wrapped
from publisher.wire.advice.version_range import VersionRange


@click.command()
@click.argument("product", required=False)
@click.option(
    "--versions",
    metavar="RANGE",
    help="Whom it is about: 4.1.0..4.1.2 (from the first, before the other), 4.1.0.. or ..4.1.2.",
)
@click.option(
    "--set", "assignment", metavar="SETTING=VALUE", help="A setting of products.yaml that a release has signed."
)
@click.option("--because", help="Why, for everybody: at most 280 characters, no address and no command.")
@click.option("--until", metavar="TIME", help="When it ends: 14d, 12h, or 2027-03-01T12:00:00Z; at most 90 days ahead.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="PLATFORM",
    help="Tell users of this platform only; repeat it for several.  [default: all]",
)
@click.option("--fixed-in", metavar="VERSION", help="The version that needs it no more, where that is known.")
@click.option("--end", metavar="ID", help="End a mitigation instead, by its id or the first digits of it.")
@click.option("--yes", is_flag=True, help="Sign without asking.")
@to_option
@keys_option
@project_options
@answering
def command(
    product: str | None,
    versions: str | None,
    assignment: str | None,
    because: str | None,
    until: str | None,
    platforms: tuple[str, ...],
    fixed_in: str | None,
    end: str | None,
    yes: bool,
    to: str | None,
    keys: Path,
    project: Project,
) -> Report:
    """Tell users of some versions of PRODUCT which setting helps until a fix is out, without a new binary.

    One person with a key of notes can do this at any time, whatever freeze or content problem there is. Only settings
    and values that the channel's people have signed with a release can be named. It shows what it tells whom, and asks
    before it signs. `publish mitigate --end ID` ends one early.
    """
    configuration = project.configuration()
    now = wall_clock()
    if end is not None:
        if product or versions or assignment or because or until or platforms or fixed_in:
            raise UsageError("--end takes no other options", fix="run publish mitigate --end ID alone")
        return _end(end, configuration, opened(to, configuration), keys, project, yes=yes)
    if product is None or versions is None or assignment is None or because is None or until is None:
        raise UsageError(
            "a mitigation needs PRODUCT, --versions, --set, --because and --until",
            fix="name whom it is about, what to set, why, and when it ends; or end one with --end ID",
        )
    known_product(configuration, product)
    setting, value = _assignment(assignment)
    order = MitigationOrder(
        product=product,
        versions=_range(versions),
        platforms=tuple(sorted(set(platforms))),
        setting=setting,
        value=value,
        because=quotable(because),
        until=_until(until, now),
        fixed_in=None if fixed_in is None else quotable_version("--fixed-in", fixed_in),
    )
    storage, root = opened(to, configuration), read_root(project.config)
    bucket = Bucket(storage, root)
    bucket.published(fix="publish a release first: its feeds sign the settings")
    reach = check_mitigation(order, configuration, bucket, now)
    if not yes:
        ask_to_sign(_scope(order, reach))
    plan, written = mitigate(order, configuration, storage, root, key_ring(configuration.signers, keys), wall_clock)
    return MitigationReport(plan, written)


def _end(
    end: str, configuration: Configuration, storage: Storage, keys: Path, project: Project, *, yes: bool
) -> EndReport:
    root = read_root(project.config)
    bucket = Bucket(storage, root)
    live = bucket.published(fix="there is no mitigation to end")
    product, listed = find_mitigation(end, configuration, live)
    if not yes:
        try:
            notice = read_mitigation(bucket.read, product, listed)
            what = f'{notice.setting}={notice.value}, because "{notice.because}"'
        except VerificationError:
            what = "its notice cannot be read"
        ask_to_sign([f"End the mitigation for {product} ({listed.versions}): {what}."])
    # The whole id from here on: another one that begins alike may come in between.
    ring = key_ring(configuration.signers, keys)
    plan, written = end_mitigation(listed.id, configuration, storage, root, ring, wall_clock)
    return EndReport(plan, written)


def _until(text: str, now: datetime) -> datetime:
    return promised(text, now, "--until")


def _range(text: str) -> VersionRange:
    try:
        return VersionRange.parse(text)
    except ValueError as error:
        raise UsageError(
            f"--versions {error}", fix="write FIRST..BEFORE, like 4.1.0..4.1.2, where 4.1.2 needs it no more"
        ) from None


def _assignment(text: str) -> tuple[str, str]:
    setting, equals, value = text.partition("=")
    if not equals or not setting or not value:
        raise UsageError(f"--set {text} is not SETTING=VALUE", fix="write it like auto-sync=off")
    return setting, value


def _scope(order: MitigationOrder, reach: MitigationReach) -> list[str]:
    """What users will read, and who, in sentences."""
    setting = reach.setting
    where = f" on {english.listed(order.platforms)}" if order.platforms else ", on all platforms"
    ends = f"Until fixed in {order.fixed_in}" if order.fixed_in is not None else "Until this is fixed"
    return [
        f"Tell users of {order.product} ({order.versions}){where}:",
        f"{ends}: set {setting.name} to {order.value} ({setting.how.rstrip('.')}).",
        f'Everybody reads: "{order.because}"',
        f"The newest published version in this range: {reach.newest}. It ends on {english.moment(order.until)}.",
        *_left_out(reach),
    ]


def _left_out(reach: MitigationReach) -> list[str]:
    if not reach.left_out:
        return []
    channels, setting = english.listed(reach.left_out), reach.setting.id
    return [f"Clients of {channels} do not show it until a release there signs {setting} with this value."]


@dataclass(frozen=True)
class MitigationReport(Report):
    """What users of some versions are told from now on."""

    plan: MitigationPlan
    written: Written

    def lines(self, width: int) -> list[str]:
        order, reach, listed = self.plan.order, self.plan.reach, self.plan.listed
        already = "were told already" if self.plan.already else "are told with their next check"
        what = f"{already} to set {reach.setting.name} to {order.value}, until {english.moment(order.until)}"
        lines = [f"Users of {order.product} ({order.versions}) {what}.", *_left_out(reach)]
        return [
            *(line for text in lines for line in wrapped(text, width)),
            "To end it early:",
            f"  publish mitigate --end {listed.id[:12]}",
            *wrapped("Next: build the site again, with publish build, so that it says the same.", width),
        ]

    def data(self) -> dict[str, object]:
        plan = self.plan
        return {
            **picked(plan.order, "product", "platforms", "setting", "value", "until", "fixed_in"),
            "from": plan.order.versions.first,
            "before": plan.order.versions.before,
            "id": plan.listed.id,
            "already": plan.already,
            "newest": plan.reach.newest,
            "left_out": plan.reach.left_out,
            "roles": dict(plan.publication.changed_roles),
            "written": self.written.keys,
        }


@dataclass(frozen=True)
class EndReport(Report):
    """A mitigation that has ended."""

    plan: EndPlan
    written: Written

    def lines(self, width: int) -> list[str]:
        what = f"The mitigation for {self.plan.product} ({self.plan.listed.versions}) has ended"
        return wrapped(f"{what}: clients stop showing it with their next check. Next: build the site again.", width)

    def data(self) -> dict[str, object]:
        return {
            "product": self.plan.product,
            "id": self.plan.listed.id,
            "ended": True,
            "roles": dict(self.plan.publication.changed_roles),
            "written": self.written.keys,
        }
