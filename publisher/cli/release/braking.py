"""What `publish hold` and `publish withdraw` share: what is meant, the question before it is signed, the report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from publisher.cli.inputs import Project, channel_among, known_product, options, project_options, wall_clock
from publisher.cli.options import open_to_write, to_option
from publisher.cli.output.emit import Report, answering, for_programs
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import InputError, UsageError
from publisher.model.configuration import Configuration
from publisher.model.values import Duration, UtcTime, format_time
from publisher.pipeline.brakes.brake import (
    BrakeOrder,
    BrakePlan,
    check_order,
    offered_once_stopped,
    stop,
    version_offered,
)
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.site.signing import site_signed_at
from publisher.rules import english
from publisher.storage.protocol import Storage
from publisher.text.terminal import terminal_width, wrapped
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.quotation import why_not_quotable, why_not_quotable_version
from publisher.wire.version import Version

braking_options = options(
    click.option("--channel", help="The channel; needed where the product has several."),
    click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="PLATFORM",
        help="Stop it on this platform only; repeat it for several.  [default: all]",
    ),
    click.option(
        "--because", required=True, help="Why, for everybody: at most 280 characters, no address and no command."
    ),
    click.option("--yes", is_flag=True, help="Sign without asking."),
    to_option,
    keys_option,
    project_options,
    answering,
)


@dataclass(frozen=True)
class Meant:
    """The product and channel that are meant, and the version if one is named."""

    product: str
    channel: str
    version: Version | None


def meant_by(name: str, channel: str | None, configuration: Configuration) -> Meant:
    """PRODUCT or PRODUCT@VERSION, in words for somebody in a hurry. Raises UsageError, InputError."""
    product, at, text = name.partition("@")
    known_product(configuration, product)
    version = None
    if at:
        try:
            version = Version.parse(text)
        except ValueError as error:
            raise UsageError(
                f"{name} does not name a version: {error}", fix="check what is live with `publish status`"
            ) from None
    channels = configuration.products[product].channels
    return Meant(product, channel_among(configuration, product, channels, channel), version)


def quotable(because: str) -> str:
    """The reason, if everybody may read it. Raises UsageError that says what is wrong with it."""
    if (reason := why_not_quotable(because)) is not None:
        raise UsageError(f"--because {reason}", fix="say in plain words what goes wrong; the client says what to do")
    return because


def quotable_version(option: str, text: str) -> Version:
    """A version that everybody may read in one person's words. Raises UsageError."""
    fix = "write it like 4.1.2"
    try:
        version = Version.parse(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}", fix=fix) from None
    if (reason := why_not_quotable_version(version)) is not None:
        raise UsageError(f"{option} {reason}", fix=fix)
    return version


def promised(text: str, now: datetime, option: str = "--next-update") -> datetime:
    """A moment (2027-03-01T12:00:00Z) or a length of time from now (6h, 90 min). Raises UsageError."""
    try:
        length: timedelta = TypeAdapter(Duration).validate_python(text)
        return now + length
    except ValidationError:
        pass
    try:
        moment: datetime = TypeAdapter(UtcTime).validate_python(text)
        return moment
    except ValidationError as error:
        why = str(error.errors()[0]["msg"]).removeprefix("Value error, ").partition(";")[0]
        raise UsageError(f"{option} {why}", fix="write it like 6h, 90min or 2027-03-01T12:00:00Z") from None


def brake(
    order: BrakeOrder, configuration: Configuration, storage: Storage, keys: Path, project: Project, *, yes: bool
) -> BrakeReport:
    """Show what would be stopped, ask, and stop it. Raises InputError where somebody says no."""
    root = read_root(project.config)
    bucket = Bucket(storage, root)
    bucket.published(fix="there is nothing to stop")
    check_order(order, configuration, bucket, wall_clock())
    if not yes:
        ask_to_sign(scope(order, offered_once_stopped(order, bucket)))
    plan, written = stop(order, configuration, storage, root, key_ring(configuration.signers, keys), wall_clock)
    return BrakeReport(plan, written, site_signed_at(bucket.live, configuration.signers))


def ask_to_sign(lines: Sequence[str]) -> None:
    """Whoever stops something for everybody, or advises them, sees it first. Raises UsageError, InputError."""
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal in which to confirm it", fix="add --yes, or run it in a terminal")
    width = terminal_width()
    shown = [line for text in lines for line in wrapped(text, width)]
    click.echo("\n".join([*shown, ""]), err=for_programs())
    if not click.confirm("Sign and publish?", err=for_programs()):
        raise InputError("declined: nothing was signed", fix="run it again to sign it after all")


def scope(order: BrakeOrder, left: dict[str, Version | None]) -> list[str]:
    """What the order does, before it is signed, in sentences."""
    where = f"{order.product} {order.version} in {order.channel}"
    on = f" on {english.listed(order.platforms)}" if order.platforms else ", on all platforms"
    lines = [
        f"{'Hold' if order.kind is BrakeKind.HOLD else 'Withdraw'} {where}{on}.",
        f'Everybody reads: "{order.because}"',
    ]
    if order.next_update is not None:
        lines.append(f"The next update is promised for {english.moment(order.next_update)}.")
    if order.action is not None:
        lines.append(f"Users who run it are told to {ADVISED[order.action]}.")
    lines += _left(left)
    lines.append("One person can do this; only the channel's people can lift it (publish lift).")
    return lines


ADVISED = {
    WithdrawalAction.STOP: "stop it now",
    WithdrawalAction.GO_BACK: "go back to the version before it",
    WithdrawalAction.UPDATE: "update",
    WithdrawalAction.KEEP_RUNNING: "keep it running, but not to install it again",
}
"""What a withdrawal asks of whoever runs the version."""


def _left(left: dict[str, Version | None]) -> list[str]:
    versions = sorted({version for version in left.values() if version is not None})
    nothing = [platform for platform, version in left.items() if version is None]
    lines = []
    if versions:
        lines.append(f"New installs get {english.listed(list(map(str, versions)))}.")
    if nothing:
        lines.append(f"Nothing is left to offer on {english.listed(nothing)}: new installs get no version there.")
    return lines


@dataclass(frozen=True)
class BrakeReport(Report):
    """A version that is stopped, and what clients do from now on."""

    plan: BrakePlan
    written: Written
    site_signed: datetime | None
    """When the site's pages were signed before."""

    def lines(self, width: int) -> list[str]:
        order, plan = self.plan.order, self.plan
        where = f"{order.product} {order.version} in {order.channel}"
        on = f" on {english.listed(order.platforms)}" if order.platforms else ""
        stopped = "is on hold" if order.kind is BrakeKind.HOLD else "is withdrawn"
        since = " already" if plan.already else ""
        lines = [f"{where} {stopped}{on}{since}. Clients follow with their next check."]
        lines += _left(dict(plan.left))
        if order.next_update is not None:
            lines.append(
                f"You have promised to say more by {english.moment(order.next_update)}: then hold it again with a new"
                " promise, or lift it."
            )
        name = f"{order.product}@{order.version}"
        back = [
            *wrapped("Clients go back once the channel takes it back as well:", width),
            f"  publish rollback {name} --channel {order.channel}",
        ]
        return [
            *(line for text in lines for line in wrapped(text, width)),
            *(back if order.action is WithdrawalAction.GO_BACK else []),
            "To end it, with the channel's people:",
            f"  publish lift {name} --channel {order.channel}",
            *wrapped(site_line(self.site_signed), width),
        ]

    def data(self) -> dict[str, object]:
        order, plan = self.plan.order, self.plan
        return {
            "product": order.product,
            "channel": order.channel,
            "version": order.version,
            "platforms": order.platforms,
            "kind": order.kind,
            "id": plan.brake.id,
            "already": plan.already,
            "left": dict(plan.left),
            "roles": dict(plan.publication.changed_roles),
            "written": self.written.keys,
            "site_signed_at": format_time(self.site_signed) if self.site_signed else None,
        }


def site_line(signed: datetime | None) -> str:
    """When the site will say the same; `signed` is when its pages were last signed, if ever."""
    if signed is None:
        return "Next: build the site again, with publish build, so that it says the same."
    return f"The site says the same once its timer builds it again; it was last signed {english.moment(signed)}."


def opened(to: str | None, configuration: Configuration) -> Storage:
    """The bucket. Nobody looks from outside: what must be stopped is stopped even when this machine sees little."""
    return open_to_write(to, configuration, wall_clock())


def version_meant(meant: Meant, storage: Storage, project: Project) -> Version:
    """The named version, or the one that the channel offers now."""
    if meant.version is not None:
        return meant.version
    return version_offered(meant.product, meant.channel, Bucket(storage, read_root(project.config)))
