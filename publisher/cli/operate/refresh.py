"""publish refresh"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from publisher.channel.state import read_state
from publisher.cli.inputs import PATH, Project, project_options, wall_clock
from publisher.cli.options import address_of, open_to_write, this_machine, to_option
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import ApprovalsMissing, StorageError
from publisher.locks import lock_file
from publisher.model.configuration import Configuration
from publisher.model.records.channel_state import Hold
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.rollback_window import RollbackWindow, rollback_windows
from publisher.pipeline.roles.renew import DueRole, find_renewals, renew
from publisher.pipeline.timer.timer import (
    ENVIRONMENT,
    LOCK,
    TIMER,
    WORKFLOW,
    WORKFLOWS,
    interval,
    systemd_units,
    workflow,
    write_units,
)
from publisher.rules import english
from publisher.rules.withdrawal_text import overdue_sentence
from publisher.storage.open import directory_of
from publisher.text.terminal import versions, whole, wrapped


@click.command()
@click.option(
    "--units",
    type=PATH,
    metavar="DIR",
    help="Write a service and a timer for systemd, and a CI workflow for a bucket on S3, instead of refreshing.",
)
@to_option
@keys_option
@project_options
@answering
def command(units: Path | None, to: str | None, keys: Path, project: Project) -> Report:
    """Sign snapshot and timestamp again when they are due; for a timer, every few hours.

    Needs their keys only. Roles of people are renewed when a twelfth of their life is left, 30 days of a year: the
    renewal is staged, those who have to sign it are named, and the exit code is 3 until they have
    (`publish approve ROLE`). Then it goes live with the next run. Rollout, brakes and notes are signed at once where
    their keys are here. It says 7 days ahead which release cannot be taken back any more. The exit code is 3 also when
    the next update that a hold has promised is overdue; 4 when somebody else has published or has ended a hold, 5 when
    the store fails.
    """
    configuration = project.configuration()
    if units is not None:
        return _write_units(units, configuration, to, keys, project)
    # Nobody looks from outside: a channel must not expire for all because this machine cannot see it just now.
    storage = open_to_write(to, configuration, wall_clock())
    ring = key_ring(configuration.signers, keys)
    root = read_root(project.config)
    publication = plan_refresh(Bucket(storage, root), configuration, ring, wall_clock())
    written = publication.apply(storage)
    renewals = find_renewals(Bucket(storage, root), configuration, ring, wall_clock())
    refused = None
    try:
        written = written.then(renew(renewals, storage, configuration, ring, wall_clock()))
    except StorageError as error:  # a timer may lack the right to stage; what it is there for is done by now
        refused = error
    renewed = dict(publication.changed_roles)
    if refused is None:
        renewed |= {staged.to_sign.role: staged.candidate.signed.version for staged in renewals.ready.roles}
    now, bucket = wall_clock(), Bucket(storage, root)
    overdue = read_state(bucket.read, bucket.published(), now).overdue(now)
    return RefreshReport(renewed, renewals.waiting, refused, written, now, overdue, _ending(bucket, now))


def _ending(bucket: Bucket, now: datetime) -> tuple[RollbackWindow, ...]:
    """Releases that cannot be taken back any more in a few days; none where this timer may not read that."""
    try:
        windows = rollback_windows(bucket.published(), bucket.read)
    except StorageError:
        return ()
    return tuple(window for window in windows if window.ends_soon(now))


@dataclass(frozen=True)
class RefreshReport(Report):
    """What was renewed, and what waits for people."""

    renewed: Mapping[str, int]
    waiting: Sequence[DueRole]
    refused: StorageError | None
    """Why renewals could not be staged."""
    written: Written
    now: datetime
    overdue: Sequence[Hold]
    """Holds whose promised next update has passed."""
    ending: Sequence[RollbackWindow] = ()
    """Releases that cannot be taken back any more in a few days, unless somebody renews that; nobody has to."""

    @property
    def exit_code(self) -> int:
        """5 when renewals could not be staged, 3 when people have to sign, or to say more of a hold."""
        if self.refused is not None:
            return self.refused.exit_code
        return ApprovalsMissing.exit_code if self.waiting or self.overdue else 0

    def lines(self, width: int) -> list[str]:
        lines = wrapped(f"Renewed: {versions(self.renewed.items())}." if self.renewed else "Nothing is due.", width)
        lines += [line for waiting in self.waiting for line in wrapped(_asks(waiting), width)]
        for window in self.ending:
            lines += wrapped(f"{window.sentence(self.now)} To renew that: {window.renewing}", width)
        if self.refused is not None:
            failed = f"Renewals could not be staged or made live from here: {self.refused.what}"
            lines += wrapped(f"{failed}. Run it as the publisher.", width)
        for hold in self.overdue:
            lines += wrapped(overdue_sentence(hold, self.now), width)
        return lines

    def data(self) -> dict[str, object]:
        return {
            "renewed": self.renewed,
            "waiting": [picked(role, "role", "expires", "missing", "under_way") for role in self.waiting],
            "rollbacks_ending": [
                picked(window, "product", "channel", "version", "back_to", "expires") for window in self.ending
            ],
            "overdue": [picked(hold, "product", "channel", "version", "id") for hold in self.overdue],
            "not_staged": self.refused.what if self.refused else None,
            "written": self.written.keys,
        }


def _write_units(
    directory: Path, configuration: Configuration, to: str | None, keys: Path, project: Project
) -> UnitsReport:
    """The options are repeated with absolute paths, but for the workflow, which runs in a checkout."""
    bucket, every, here = directory_of(address_of(to, configuration)), interval(configuration.signers), Path.cwd()
    chosen = [("--to", to)] if to else []
    places = [*(("--content", directory) for directory in project.content), ("--config", project.config)]
    absolute = [*chosen, ("--keys", here / keys), *((option, here / path) for option, path in places)]
    options = tuple(str(word) for pair in absolute for word in pair)
    machine = this_machine(here, options, here / bucket if bucket is not None else None)
    files = systemd_units(machine, every)
    if machine.bucket is None:
        relative = tuple(str(word) for pair in (*chosen, *places) for word in pair)
        files[WORKFLOW] = workflow(configuration.signers, relative, every)
        files[LOCK] = lock_file("refresh").read_text(encoding="ascii")
    written = write_units(directory, files)
    return UnitsReport(directory, every, tuple(files), written)


@dataclass(frozen=True)
class UnitsReport(Report):
    """What a timer needs, and how it is installed."""

    directory: Path
    every: timedelta
    names: tuple[str, ...]
    written: Sequence[Path]

    def lines(self, width: int) -> list[str]:
        """For people; commands stay on a line each."""
        secrets = f"Passphrases and credentials go into {ENVIRONMENT}, which the service reads. Then:"
        in_ci = f"Or, in CI: {WORKFLOW} and {LOCK} into {WORKFLOWS}/; the first says which secrets it needs."
        return [
            *wrapped(f"Every {english.length(self.every)}, in {whole(self.directory)}:", width),
            *(f"  {name}" for name in self.names),
            *wrapped(secrets, width),
            f"  sudo install -m 644 {shlex.quote(str(self.directory))}/tidegate-refresh.* /etc/systemd/system/",
            f"  sudo systemctl daemon-reload && sudo systemctl enable --now {TIMER}",
            *(wrapped(in_ci, width) if WORKFLOW in self.names else []),
        ]

    def data(self) -> dict[str, object]:
        return {"every_seconds": int(self.every.total_seconds()), "written": self.written}


def _asks(waiting: DueRole) -> str:
    expires = f"{waiting.role} expires on {english.moment(waiting.expires)}"
    if waiting.under_way is not None:
        return f"{expires}. It works on {waiting.under_way}, which renews it as well when it is promoted."
    return f"{expires}; its renewal needs {english.listed(waiting.missing)}: publish approve {waiting.role} --key KEY"
