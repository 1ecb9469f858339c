"""What `stage`, `promote` and `release` share: the options of a command that ships PRODUCT@VERSION to a channel."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import click

from publisher.cli.inputs import PATH, Project, evidence_options, options, project_options, wall_clock
from publisher.cli.options import to_option
from publisher.cli.output.emit import answering, notice
from publisher.cli.secrets import keys_option
from publisher.errors import TidegateError, UsageError
from publisher.model.content.release import Release
from publisher.model.records.ledger_entry import LedgerAction
from publisher.model.values import format_time
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import refusals_logged
from publisher.pipeline.release.recording import NOT_RECORDED, Recorded, record_shipped
from publisher.storage.protocol import Storage
from publisher.text.terminal import whole

shipping_options = options(
    click.argument("name", metavar="PRODUCT@VERSION"),
    click.option("--channel", help="The channel; needed where there are several."),
    to_option,
    keys_option,
    project_options,
    answering,
)
replace_option = click.option(
    "--replace", is_flag=True, help="Supersede another candidate of the channel; its signatures are void."
)
rebase_option = click.option(
    "--rebase", is_flag=True, help="Rebuild the candidate on the current live state; it needs new signatures."
)
artifacts_options = options(
    click.option("--artifacts", required=True, type=PATH, help="Directory of the built files."),
    replace_option,
    evidence_options,
)
"""For commands that make a candidate."""
record_option = click.option(
    "--record/--no-record", default=True, help="Write shipped_at into the release's YAML.  [default: record]"
)
"""For commands that make a release live."""


def refuse_both(*, rebase: bool, replace: bool) -> None:
    """Raise UsageError where --rebase and --replace are given together."""
    if rebase and replace:
        raise UsageError(
            "--rebase and --replace do not go together", fix="give --replace alone: it supersedes any candidate"
        )


def refusals_in_ledger(
    action: LedgerAction, release: Release, root: bytes, storage: Storage, keys: KeyRing
) -> AbstractContextManager[None]:
    """A refusal by policy inside gets its entry in the ledger; where it cannot have one, a line says why not."""
    return refusals_logged(action, release, root, storage, keys, wall_clock, _say_unlogged)


def _say_unlogged(error: TidegateError) -> None:
    notice(f"publish: the refusal is not in the ledger: {error.what}")


@dataclass(frozen=True)
class Shipped:
    """A release that has just become live, and what became of its record."""

    release: Release
    at: datetime
    recorded: Recorded

    def next_step(self) -> str:
        file, why_not = self.recorded.file, self.recorded.why_not
        if file is not None:
            return f"Recorded shipped_at in {whole(file)}. Next: commit it, and build the site again."
        if not why_not:
            return "Next: build the site again."
        why = "" if why_not == "--no-record" else f"shipped_at is not recorded: {why_not}. "
        line = f"shipped_at: {format_time(self.at)}"
        return f"{why}Next: write `{line}` into the YAML of {self.release.id}, and build the site again."


def recorded(release: Release, at: datetime, project: Project, *, record: bool) -> Shipped:
    """Record that a release has just become live; without `record`, only say so."""
    done = record_shipped(release, at, project.content, project.config) if record else Recorded(None, "--no-record")
    return Shipped(release, at, done)


def record_data(shipped: Shipped | None) -> dict[str, object]:
    """Where it was recorded, for programs; None where nothing has become live."""
    record = shipped.recorded if shipped is not None else NOT_RECORDED
    return {
        "recorded_in": record.file,
        "not_recorded": record.why_not or None,
    }
