"""What several commands share: where content is, what time it is, how a release is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click

from publisher.cli.output.emit import answering, notice
from publisher.content.load import load_catalog, load_configuration
from publisher.errors import InputError, TidegateError, UsageError
from publisher.evidence.bundle import LIMIT, EvidenceBundle, EvidenceFile
from publisher.evidence.changes import KIND as CHANGES
from publisher.evidence.kinds import KINDS
from publisher.model.catalog import Catalog
from publisher.model.config.signer import Signers
from publisher.model.configuration import Configuration
from publisher.model.content.release import Release
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import YEARS, format_time
from publisher.rules import english
from publisher.text.suggest import did_you_mean
from publisher.text.terminal import whole

PATH = click.Path(path_type=Path)


def options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator; help shows them in this order."""
    return lambda function: reduce(lambda decorated, decorate: decorate(decorated), reversed(decorators), function)


@dataclass(frozen=True)
class Project:
    """The directories that --content and --config name."""

    content: tuple[Path, ...]
    config: Path

    def catalog(self) -> Catalog:
        """All that they say. Raises ContentError, InputError."""
        return load_catalog(self.content, self.config)

    def configuration(self, *, quorums: bool = False) -> Configuration:
        """The configuration, for commands that keep a channel alive or stop it: a Catalog where the content is sound.

        Problems of the content, whatever they are, give a warning and stop nothing. Without `quorums`, roles may be
        short of keys. Raises ContentError for problems of the configuration, InputError where there is none.
        """
        configuration = load_configuration(self.config, quorums=quorums)
        try:
            return load_catalog(self.content, self.config, quorums=quorums)
        except TidegateError as error:
            what = error.what
        except Exception as error:  # a defect of reading content must not let a channel expire either
            what = f"the content cannot be read ({type(error).__name__})"
        notice(f"Warning: {what}, not needed here: publish check")
        return configuration


def project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--content and --config; the command is given what they name as its parameter `project`."""

    @click.option(
        "--content",
        type=PATH,
        multiple=True,
        default=(Path("content"),),
        show_default=True,
        help="Content directory; repeat it for private overlays.",
    )
    @click.option(
        "--config",
        type=PATH,
        default=Path("site_config"),
        show_default=True,
        help="Directory of products, channels, endpoints and signers.",
    )
    @wraps(command)
    def with_project(*, content: tuple[Path, ...], config: Path, **options: Any) -> Any:
        return command(project=Project(content, config), **options)

    return with_project


at_option = click.option(
    "--at",
    metavar="TIME",
    help="Answer for this moment (2026-03-01T12:00:00Z, or `now`). Sample content has its own time.",
)
"""For commands that write nothing public."""
bucket_option = click.option(
    "--bucket",
    metavar="URL",
    help="Use this bucket's live state. Its metadata and feeds are verified from the root in the configuration;"
    " binaries are not read (`publish verify` does that).",
)


def evidence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--changes and --evidence; the command is given all that they name as its parameter `evidence`."""

    @click.option(
        "--changes",
        metavar="FILE",
        type=PATH,
        help="What the build changed: git diff --name-only OLD NEW, or JSON with version steps.",
    )
    @click.option(
        "--evidence",
        "named",
        metavar="KIND=FILE",
        multiple=True,
        help=f"A file of evidence for the release; kinds: {', '.join(KINDS)}.",
    )
    @wraps(command)
    def with_evidence(*, changes: Path | None, named: tuple[str, ...], **options: Any) -> Any:
        files = [] if changes is None else [_evidence_file(CHANGES.name, changes)]
        return command(evidence=EvidenceBundle.of([*files, *map(_named_evidence, named)]), **options)

    return with_evidence


asking_options = options(
    click.argument("release", metavar="PRODUCT@VERSION"),
    click.option("--channel", help="Release channel.  [default: the release's first channel]"),
    evidence_options,
    at_option,
    project_options,
    answering,
)
"""For a question about a release in a channel."""


def wall_clock() -> datetime:
    """The time, to the second; the only reading of the clock in this program."""
    return datetime.now(UTC).replace(microsecond=0)


def moment(at: str | None, catalog: Catalog, option: str = "--at") -> datetime:
    """The moment to answer for: that of the option, else the sample's own time, else now."""
    if at == "now":
        return wall_clock()
    if at is not None:
        try:
            given = datetime.fromisoformat(at)
            parsed = given.astimezone(UTC).replace(microsecond=0) if given.tzinfo else None
        except (ValueError, OverflowError):
            parsed = None
        if parsed is None:
            raise UsageError(f"{option} {at} is not a time with a zone", fix="write it like 2026-03-01T12:00:00Z")
        if parsed.year not in YEARS:
            years = f"{YEARS[0]} to {YEARS[-1]}"
            raise UsageError(
                f"{option} {at} is outside the years allowed in content", fix=f"choose a year from {years}"
            )
        return parsed
    if catalog.sample is not None:
        answered = format_time(catalog.sample.reference_time)
        notice(f"Sample content: answers are for {answered} (use {whole(f'{option} now')} for the real time).")
        return catalog.sample.reference_time
    return wall_clock()


def refuse_to_tell_early(at: str | None, now: datetime, catalog: Catalog, *, public: bool) -> None:
    """What is embargoed today is not told today, whatever time is asked about. Raises UsageError."""
    if public and at is not None and catalog.sample is None and now > wall_clock():
        raise UsageError(
            "--public cannot be combined with a time in the future",
            fix="leave --public out, or give a time that is not later than now",
        )


def _named_evidence(text: str) -> EvidenceFile:
    """The file of KIND=FILE. Raises UsageError, InputError."""
    kind, separator, file = text.partition("=")
    if kind not in KINDS:
        raise UsageError(f"--evidence {text} names no kind of evidence", fix=did_you_mean(kind, KINDS))
    if not separator or not file:
        raise UsageError(f"--evidence {text} names no file", fix=f"write {kind}=FILE")
    return _evidence_file(kind, Path(file))


def _evidence_file(kind: str, path: Path) -> EvidenceFile:
    """A file that was handed over, read no further than is needed to see that it is too large. Raises InputError."""
    try:
        with path.open("rb") as stream:
            return EvidenceFile(kind, path.name, stream.read(LIMIT + 1))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", fix=f"name the file of {kind}") from error


def named_version(configuration: Configuration, name: str) -> tuple[str, str]:
    """PRODUCT@VERSION -> a product that the configuration has, and what is written as its version."""
    product, separator, version = name.partition("@")
    if not separator or not product or not version:
        raise UsageError(f"{name} does not name a release", fix="write PRODUCT@VERSION, like btfs-node@4.2.0")
    known_product(configuration, product)
    return product, version


def find_release(catalog: Catalog, name: str) -> Release:
    """PRODUCT@VERSION -> Release, or a message with the nearest known names."""
    product, version = named_version(catalog, name)
    release = catalog.find(product, version)
    if release is None:
        known = [str(release.version) for release in catalog.releases_of(product)]
        raise InputError(f"{product} has no release {version}", fix=did_you_mean(version, known))
    return release


def known_product(configuration: Configuration, product: str) -> None:
    """Raises InputError with the nearest known names where the configuration has no such product."""
    if product not in configuration.products:
        raise InputError(f"there is no product {product}", fix=did_you_mean(product, configuration.products))


def one_channel(release: Release, channel: str | None, catalog: Catalog) -> str:
    """The channel that is meant by a question: the named one, or the release's first."""
    return known_channel(catalog, release.product, release.channels[0] if channel is None else channel)


def shipping_channel(release: Release, channel: str | None, catalog: Catalog) -> str:
    """The channel that something is shipped to: the named one, or the only one of the release."""
    return channel_among(catalog, release.product, release.channels, channel)


def channel_among(configuration: Configuration, product: str, choices: Sequence[str], channel: str | None) -> str:
    """The named channel, or the only choice. Raises UsageError where several fit, InputError for an unknown one."""
    if channel is None and len(choices) > 1:
        raise UsageError(f"which channel of {product} is meant: {english.listed(choices, 'or')}?", fix="add --channel")
    return known_channel(configuration, product, choices[0] if channel is None else channel)


def known_channel(configuration: Configuration, product: str, channel: str) -> str:
    """Raises InputError with the nearest known names where the product has no such channel."""
    channels = configuration.products[product].channels
    if channel not in channels:
        raise InputError(f"{product} has no channel {channel}", fix=did_you_mean(channel, channels))
    return channel


def state_of(bucket: str | None, project: Project, history_by: Signers | None = None) -> ChannelState | None:
    """The verified state of the bucket that was named; None when none was. `history_by` as in `live_state`."""
    if bucket is None:
        return None
    from publisher.cli.secrets import read_root  # noqa: PLC0415 - TUF and stores are slow to load, and seldom needed
    from publisher.pipeline.live_state import live_state  # noqa: PLC0415 - the same
    from publisher.storage.open import open_storage  # noqa: PLC0415 - the same

    return live_state(open_storage(bucket), read_root(project.config), wall_clock(), history_by)


def warn_unseen(bucket: str | None, catalog: Catalog) -> None:
    """Say on stderr that a bucket is configured and was not asked what it offers."""
    if bucket is None and catalog.endpoints.storage is not None:
        click.echo(
            "The configured bucket was not read; to include what is live or was taken back, add --bucket URL", err=True
        )
