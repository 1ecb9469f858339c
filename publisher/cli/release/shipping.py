"""What `stage`, `promote` and `release` share: the options of a command that ships PRODUCT@VERSION to a channel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from publisher.cli.changes import changes_option
from publisher.cli.inputs import content_options, json_option, wall_clock
from publisher.cli.options import to_option
from publisher.cli.secrets import keys_option
from publisher.errors import TidegateError
from publisher.model.content.release import Release
from publisher.model.records.ledger import Action
from publisher.model.values import format_time
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import refusals_logged
from publisher.pipeline.release.recording import Recorded, record_shipped
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Storage

F = TypeVar("F", bound=Callable[..., Any])


def shipping_options(function: F) -> F:
    """PRODUCT@VERSION --channel --to --keys --content --config --json"""
    for decorate in (json_option, content_options, keys_option, to_option):
        function = decorate(function)
    function = click.option("--channel", help="The channel; needed where there are several.")(function)
    return click.argument("name", metavar="PRODUCT@VERSION")(function)


def artifacts_options(function: F) -> F:
    """--artifacts, --changes and --replace, for commands that make a candidate."""
    function = changes_option(function)
    function = click.option(
        "--replace", is_flag=True, help="Supersede another candidate of the channel; its signatures are void."
    )(function)
    return click.option(
        "--artifacts", required=True, type=click.Path(path_type=Path), help="Directory of the built files."
    )(function)


def readable(storage: Storage) -> Storage:
    """The store, or an empty one in memory as long as there is nothing at its place: planning writes nothing."""
    if storage.is_prepared():
        return storage
    empty = MemoryStorage()
    empty.prepare()
    return empty


def refusals_in_ledger(
    action: Action, release: Release, root: bytes, storage: Storage, keys: KeyRing
) -> AbstractContextManager[None]:
    """A refusal by policy inside gets its entry in the ledger; where it cannot have one, a line says why not."""
    return refusals_logged(action, release, root, storage, keys, wall_clock, _say_unlogged)


def _say_unlogged(error: TidegateError) -> None:
    click.echo(f"publish: the refusal is not in the ledger: {error.what}", err=True)


def record_option(function: F) -> F:
    """--no-record, for commands that make a release live."""
    return click.option(
        "--record/--no-record", default=True, help="Write shipped_at into the release's YAML.  [default: record]"
    )(function)


def recorded(release: Release, shipped: datetime, content: tuple[Path, ...], config: Path, *, record: bool) -> Recorded:
    """Record that a release has just become live; without `record`, only say so."""
    return record_shipped(release, shipped, content, config) if record else Recorded(None, "--no-record")


def record_as_json(done: Recorded) -> dict[str, object]:
    """The same for machines."""
    return {"recorded_in": str(done.file) if done.file is not None else None, "not_recorded": done.why_not or None}


def next_step(release: Release, shipped: datetime, done: Recorded) -> str:
    """What remains to be done by hand when a release has just become live."""
    if done.file is not None:
        return f"Recorded shipped_at in {done.file}. Next: commit it, and build the site again."
    if not done.why_not:
        return "Next: build the site again."
    why = "" if done.why_not == "--no-record" else f"shipped_at is not recorded: {done.why_not}. "
    line = f"shipped_at: {format_time(shipped)}"
    return f"{why}Next: write `{line}` into the YAML of {release.id}, and build the site again."
