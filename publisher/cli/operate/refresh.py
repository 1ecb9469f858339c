"""publish refresh"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from publisher.cli.inputs import content_options, json_option, load_configured, print_result, wall_clock
from publisher.cli.options import address_of, open_to_write, to_option
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.secrets import key_ring, keys_option, read_root
from publisher.errors import ApprovalsMissing, StorageError
from publisher.locks import lock_file
from publisher.model.configuration import Configuration
from publisher.model.values import format_time
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.roles.renew import Waiting, find_renewals, renew
from publisher.pipeline.timer.timer import (
    ENVIRONMENT,
    LOCK,
    TIMER,
    WORKFLOW,
    WORKFLOWS,
    Machine,
    interval,
    systemd_units,
    workflow,
    write_units,
)
from publisher.rules import english
from publisher.storage.open import directory_of


@click.command()
@click.option(
    "--units",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a service and a timer for systemd, and a CI workflow for a bucket on S3, instead of refreshing.",
)
@to_option
@keys_option
@content_options
@json_option
def command(
    units: Path | None, to: str | None, keys: Path, content: tuple[Path, ...], config: Path, as_json: bool
) -> None:
    """Sign snapshot and timestamp again when they are due; for a timer, every few hours.

    Needs their keys only. Roles of people are renewed when a twelfth of their life is left, 30 days of a year: the
    renewal is staged, those who have to sign it are named, and the exit code is 3 until they have
    (`publish approve ROLE`). Then it goes live with the next run. Rollout, brakes and notes are signed at once where
    their keys are here. Exit code 4 when somebody else has published, 5 when the store fails.
    """
    configuration = load_configured(content, config)
    if units is not None:
        _write_units(units, configuration, to, keys, content, config, as_json=as_json)
        return
    # Nobody looks from outside: a channel must not expire for all because this machine cannot see it just now.
    storage = open_to_write(to, configuration, wall_clock())
    ring = key_ring(configuration.signers, keys)
    root = read_root(config)
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
        renewed |= {one.wanted.role: one.candidate.metadata.signed.version for one in renewals.ready.roles}
    ok = refused is None and not renewals.waiting
    if as_json:
        waiting = [
            {
                "role": one.role,
                "expires": format_time(one.expires),
                "missing": list(one.missing),
                "under_way": one.under_way,
            }
            for one in renewals.waiting
        ]
        not_staged = refused.what if refused else None
        print_result(
            {"renewed": renewed, "waiting": waiting, "not_staged": not_staged, "written": list(written.keys)}, ok=ok
        )
    else:
        said = ", ".join(f"{role} {version}" for role, version in renewed.items())
        lines = [f"Renewed: {said}." if renewed else "Nothing is due."]
        lines += [line for one in renewals.waiting for line in wrapped(_asks(one), terminal_width())]
        if refused is not None:
            told = f"Renewals could not be staged or made live from here: {refused.what} Run it as the publisher."
            lines += wrapped(told, terminal_width())
        click.echo("\n".join(lines))
    if not ok:
        raise click.exceptions.Exit(refused.exit_code if refused is not None else ApprovalsMissing.exit_code)


def _write_units(
    directory: Path,
    configuration: Configuration,
    to: str | None,
    keys: Path,
    content: tuple[Path, ...],
    config: Path,
    *,
    as_json: bool,
) -> None:
    """The options are repeated with absolute paths, but for the workflow, which runs in a checkout."""
    bucket, every, here = directory_of(address_of(to, configuration)), interval(configuration.signers), Path.cwd()
    beside = Path(sys.executable).with_name("publish")
    chosen = [("--to", to)] if to else []
    places = [*(("--content", one) for one in content), ("--config", config)]
    absolute = [*chosen, ("--keys", here / keys), *((option, here / path) for option, path in places)]
    machine = Machine(
        publish=beside if beside.exists() else Path(shutil.which("publish") or "/usr/local/bin/publish"),
        directory=here,
        user=_user(),
        options=tuple(str(word) for pair in absolute for word in pair),
        bucket=here / bucket if bucket is not None else None,
    )
    files = systemd_units(machine, every)
    if machine.bucket is None:
        relative = tuple(str(word) for pair in (*chosen, *places) for word in pair)
        files[WORKFLOW] = workflow(configuration.signers, relative, every)
        files[LOCK] = lock_file("refresh").read_text(encoding="ascii")
    new = write_units(directory, files)
    if as_json:
        print_result({"every_seconds": int(every.total_seconds()), "written": [str(path) for path in new]})
        return
    lines = [f"Every {english.length(every)}, in {directory}:", *(f"  {name}" for name in files)]
    lines += [f"Passphrases and credentials go into {ENVIRONMENT}, which the service reads. Then:"]
    lines += [f"  sudo install -m 644 {shlex.quote(str(directory))}/tidegate-refresh.* /etc/systemd/system/"]
    lines += [f"  sudo systemctl daemon-reload && sudo systemctl enable --now {TIMER}"]
    if WORKFLOW in files:
        lines += [f"Or, in CI: {WORKFLOW} and {LOCK} into {WORKFLOWS}/; the first says which secrets it needs."]
    click.echo("\n".join(lines))


def _user() -> str:
    """Who runs this; a number where the system has no name for it, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return str(os.getuid())


def _asks(one: Waiting) -> str:
    expires = f"{one.role} expires on {english.moment(one.expires)}"
    if one.under_way is not None:
        return f"{expires}. It works on {one.under_way}, which renews it as well when it is promoted."
    return f"{expires}; its renewal needs {english.listed(one.missing)}: publish approve {one.role} --key KEY"
