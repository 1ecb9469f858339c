"""`publish refresh --units`: a timer for systemd and a workflow for CI, written from the configuration.

A refresh has to come several times between the moment at which a role is due, at half of its life, and its end: one run
that fails, or a machine that is off, must not let the channel expire for everybody.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from publisher.channel.roles import ONLINE_ROLES, role_policy
from publisher.errors import InputError, StorageConflict
from publisher.model.config.signer import Signers
from publisher.rules import english

SERVICE, TIMER, WORKFLOW, LOCK = "tidegate-refresh.service", "tidegate-refresh.timer", "refresh.yml", "refresh.txt"

WORKFLOWS = ".github/workflows"
"""Where workflow and lock belong, in the repository."""

ENVIRONMENT = "/etc/tidegate/refresh.env"
"""Where the service looks for passphrases and credentials."""

RUNS = 8
"""How often a refresh runs in the shortest life of an online role: at least three times between due and expired."""

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
SETUP_PYTHON = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0"
"""Named by commit: whoever can move a tag of theirs could otherwise read the keys of the workflow."""

_STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1440))
"""Lengths of time that divide a day or an hour, so that a calendar can name them."""


@dataclass(frozen=True)
class Machine:
    """Where the timer will run."""

    publish: Path
    """The command, absolute."""
    directory: Path
    """Of content and configuration, absolute."""
    user: str
    """Who owns the keys, by name or number."""
    options: tuple[str, ...]
    """What `publish refresh` is to be called with, paths absolute."""
    bucket: Path | None
    """Where the bucket lies, if it is a directory; else it is reached over the network."""


def interval(signers: Signers) -> timedelta:
    """How often to run. Raises InputError when the online roles live too shortly for any timer."""
    shortest = min(role_policy(signers, role).expires for role in ONLINE_ROLES)
    fitting = [step for step in _STEPS if step <= shortest / RUNS]
    if not fitting:
        raise InputError(
            f"the online roles live for {english.length(shortest)}, and no timer runs often enough for that",
            fix=f"let them live for {english.length(_STEPS[0] * RUNS)} or longer, in roles.yaml",
        )
    return fitting[-1]


def systemd_units(machine: Machine, every: timedelta) -> dict[str, str]:
    """File name -> text of service and timer. Raises InputError for a value that a unit cannot hold."""
    call = [_program(str(machine.publish)), *(_argument(word) for word in ("refresh", *machine.options))]
    minutes = int(every.total_seconds()) // 60
    writable = "" if machine.bucket is None else f"ReadWritePaths={_quoted(str(machine.bucket))}\n"
    return {
        SERVICE: f"""\
# Written by `publish refresh --units`. Signs snapshot and timestamp again when they are due, and stages renewals of
# what people sign. It fails with exit code 3 while people have to sign something, which the journal names, with 4 when
# somebody else has published, and with 5 when the store fails: let your monitoring watch for failed units, or name
# yours in OnFailure=.
[Unit]
Description=Sign the update channel again (publish refresh)
Wants=network-online.target
After=network-online.target
# OnFailure=tell-those-on-call@%n.service

[Service]
Type=oneshot
User={_user(machine.user)}
WorkingDirectory={_plain(str(machine.directory))}
ExecStart={" ".join(call)}
# TIDEGATE_PASSPHRASE, TIDEGATE_PIN and credentials of the store, one NAME=VALUE a line; mode 0600, owned by root.
EnvironmentFile=-{ENVIRONMENT}
TimeoutStartSec=15min
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=read-only
{writable}ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
LockPersonality=yes
SystemCallArchitectures=native
CapabilityBoundingSet=
""",
        TIMER: f"""\
# Written by `publish refresh --units`. Install: systemctl enable --now {TIMER}
[Unit]
Description=Sign the update channel again every {english.length(every)}

[Timer]
OnCalendar={_calendar(minutes)}
RandomizedDelaySec={minutes // 6 or 1}min
# A machine that was off catches up as soon as it is on.
Persistent=true

[Install]
WantedBy=timers.target
""",
    }


def workflow(signers: Signers, options: tuple[str, ...], every: timedelta) -> str:
    """The text of a workflow for GitHub Actions, which installs from the lock `refresh` in the file LOCK beside it.

    Raises InputError for a value that it cannot hold.
    `options` are what `publish refresh` is to be called with, but for the keys, which come from secrets.
    """
    files, elsewhere = _key_files(signers)
    secrets = {f"TIDEGATE_KEY_{name.upper().replace('-', '_')}": file for name, file in files.items()}
    call = " ".join(["publish", "refresh", "--keys", "keys", *(_in_workflow(word) for word in options)])
    given = "\n".join(f"          {name}: ${{{{ secrets.{name} }}}}" for name in secrets)
    wrote = "\n".join(
        f'          [ -z "${name}" ] || printf \'%s\\n\' "${name}" > keys/{_in_workflow(file)}'
        for name, file in secrets.items()
    )
    missing = f"# No secret can bring these keys, which are not files of the key directory: {', '.join(elsewhere)}.\n"
    keys = f"""\
      - name: Keys of snapshot and timestamp
        env:
{given}
        run: |
          umask 077
          mkdir -p keys
{wrote}
"""
    return f"""\
# Written by `publish refresh --units`. Signs snapshot and timestamp again when they are due, and stages renewals of
# what people sign. A failed run names who has to sign, or says that somebody else has published.
# Secrets: those named below; a key without one is left out.
# Variables: TIDEGATE_WHEEL, the https address of a wheel of Tidegate that you keep (`make wheel` builds it), and
# TIDEGATE_SHA256, its digest. Everything else comes from {LOCK} beside this file, exact versions with their digests.
# Schedules of a quiet repository are switched off after some weeks, and they come late at times: a timer on a machine
# of yours is the better one where you have one.
{missing if elsewhere else ""}\
name: Refresh the update channel

on:
  schedule:
    - cron: "{_cron(every)}"
  workflow_dispatch:

permissions:
  contents: read

# Never two at once, and none broken off halfway.
concurrency:
  group: tidegate-refresh
  cancel-in-progress: false

jobs:
  refresh:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: {SETUP_PYTHON}
        with:
          python-version: "3.12"
      - name: Install
        env:
          TIDEGATE_WHEEL: ${{{{ vars.TIDEGATE_WHEEL }}}}
          TIDEGATE_SHA256: ${{{{ vars.TIDEGATE_SHA256 }}}}
        run: |
          printf 'tidegate @ %s --hash=sha256:%s\\n' "$TIDEGATE_WHEEL" "$TIDEGATE_SHA256" > "$RUNNER_TEMP/tidegate.txt"
          python -m pip install --quiet --require-hashes --only-binary :all: -r {WORKFLOWS}/{LOCK}
          python -m pip install --quiet --require-hashes --only-binary :all: --no-deps -r "$RUNNER_TEMP/tidegate.txt"
{keys if files else ""}\
      - name: Refresh
        env:
          TIDEGATE_PASSPHRASE: ${{{{ secrets.TIDEGATE_PASSPHRASE }}}}
          AWS_ACCESS_KEY_ID: ${{{{ secrets.AWS_ACCESS_KEY_ID }}}}
          AWS_SECRET_ACCESS_KEY: ${{{{ secrets.AWS_SECRET_ACCESS_KEY }}}}
        run: |
          {call}
"""


def write_units(directory: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write them, and touch none that is there and says something else. Returns those that are new.

    Raises StorageConflict for such a file, InputError when the directory cannot be written; then nothing is written.
    """
    try:
        for name, text in files.items():
            path = directory / name
            # A link counts as what is there, also one that leads nowhere: writing must not follow it.
            if os.path.lexists(path) and (path.is_symlink() or path.read_bytes() != text.encode()):
                raise StorageConflict(
                    f"{path} exists with other content; nothing was written",
                    fix="compare the two; move the file away to have it written anew",
                )
        directory.mkdir(parents=True, exist_ok=True)
        new = [directory / name for name in files if not (directory / name).exists()]
        for path in new:
            with path.open("xb") as file:
                file.write(files[path.name].encode())
    except OSError as error:
        raise InputError(f"cannot write to {directory}: {error.strerror}", fix="name another directory") from None
    return tuple(new)


def _calendar(minutes: int) -> str:
    """A calendar event (systemd.time(7)). What repeats within a day must be shorter than a day."""
    if minutes < 60:
        return f"*-*-* *:00/{minutes}:00 UTC"
    return "*-*-* 00:00:00 UTC" if minutes == 1440 else f"*-*-* 00/{minutes // 60}:00:00 UTC"


def _cron(every: timedelta) -> str:
    """Off the full hour, when everybody's schedules run."""
    minutes = int(every.total_seconds()) // 60
    if minutes < 60:
        return f"*/{minutes} * * * *"
    return "17 3 * * *" if minutes == 1440 else f"17 */{minutes // 60} * * *"


def _key_files(signers: Signers) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name -> file of the online keys that are plain files of the key directory; and the names of all others."""
    keys = {signer.name: signer.uri for role in ONLINE_ROLES for signer in signers.keys_of(role)}
    paths = {name: uri.removeprefix("file:") for name, uri in keys.items() if uri.startswith("file:")}
    bare = {name: path for name, path in paths.items() if "/" not in path}
    return bare, tuple(name for name in keys if name not in bare)


def _plain(value: str) -> str:
    """A value that takes the whole rest of its line (systemd.syntax(7)); `%` begins a specifier."""
    if not value.isprintable() or value != value.strip() or value.endswith("\\"):
        raise InputError(f"{value!r} cannot stand in a unit file", fix="use a path without control characters")
    return value.replace("%", "%%")


def _user(name: str) -> str:
    """A user, by name or number; systemd takes all names without these two characters (systemd.exec(5), `User=`)."""
    if not name or re.search("[:/]", name):
        raise InputError(f"{name!r} cannot stand in a unit file as a user", fix="run it as the user that owns the keys")
    return _plain(name)


def _quoted(value: str) -> str:
    """One of a list of values (systemd.syntax(7), "Quoting"). `$` means itself there."""
    plain = _plain(value)
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./-]+", plain):
        return plain
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _argument(word: str) -> str:
    """A word of a command line (systemd.service(5), "Command lines"): `$` begins a variable."""
    return _quoted(word).replace("$", "$$")


def _program(path: str) -> str:
    """The first word of a command line, in which systemd fills no variables in and wants no quotes."""
    if re.search(r"""["'\\]""", path):
        raise InputError(f"systemd starts no program of the name {path}", fix="install it where no name has quotes")
    return _quoted(path)


def _in_workflow(word: str) -> str:
    """A word of a shell command in a workflow; `${{` would be filled in before the shell sees it."""
    if not word.isprintable() or "${{" in word:
        raise InputError(f"{word!r} cannot stand in a workflow", fix="use another name for it")
    return shlex.quote(word)
