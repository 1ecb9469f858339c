"""`publish refresh --units`: a timer for systemd and a workflow for CI, written from the configuration.

`publish build --units` writes the timer of the site in the same way: it builds once the channel has changed.

A refresh has to come several times between the moment at which a role is due, at half of its life, and its end: one run
that fails, or a machine that is off, must not let the channel expire for everybody.

The texts are the templates `*.in`. The workflow names actions by commit: whoever can move a tag of theirs could
otherwise read its keys.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path

from publisher.channel.roles import ONLINE_ROLES, role_policy
from publisher.errors import InputError, StorageConflict
from publisher.model.config.signer import Signers
from publisher.rules import english

SERVICE, TIMER, WORKFLOW, LOCK = "tidegate-refresh.service", "tidegate-refresh.timer", "refresh.yml", "refresh.txt"

SITE_SERVICE, SITE_TIMER = "tidegate-site.service", "tidegate-site.timer"

SITE_EVERY = timedelta(minutes=10)
"""How often the site's timer looks whether the channel has changed: pages say within minutes what is stopped."""

WORKFLOWS = ".github/workflows"
"""Where workflow and lock belong, in the repository."""

ENVIRONMENT = "/etc/tidegate/refresh.env"
"""Where the service looks for passphrases and credentials."""

SITE_ENVIRONMENT = "/etc/tidegate/site.env"
"""The same of the site's service, which has an identity of its own."""

RUNS = 8
"""How often a refresh runs in the shortest life of an online role: at least three times between due and expired."""

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
    """What the command is to be called with, paths absolute."""
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
    writable = (machine.bucket,) if machine.bucket is not None else ()
    return _units(machine, "refresh", (SERVICE, TIMER), ENVIRONMENT, every, writable)


def site_units(machine: Machine, site: Path | None) -> dict[str, str]:
    """The same for `publish build`; `site` is where the site's bucket lies, if it is a directory. Raises InputError."""
    writable = tuple(path for path in (site, machine.bucket) if path is not None)
    return _units(machine, "build", (SITE_SERVICE, SITE_TIMER), SITE_ENVIRONMENT, SITE_EVERY, writable)


def _units(
    machine: Machine,
    command: str,
    names: tuple[str, str],
    environment: str,
    every: timedelta,
    writable: tuple[Path, ...],
) -> dict[str, str]:
    call = [_program(str(machine.publish)), *(_argument(word) for word in (command, *machine.options))]
    minutes = int(every.total_seconds()) // 60
    service, timer = names
    return {
        service: _filled(
            service,
            USER=_user(machine.user),
            DIRECTORY=_plain(str(machine.directory)),
            CALL=" ".join(call),
            WRITABLE="".join(f"ReadWritePaths={_quoted(str(path))}\n" for path in writable),
            ENVIRONMENT=environment,
        ),
        timer: _filled(
            timer, TIMER=timer, EVERY=english.length(every), CALENDAR=_calendar(minutes), DELAY=str(minutes // 6 or 1)
        ),
    }


def workflow(signers: Signers, options: tuple[str, ...], every: timedelta) -> str:
    """The text of a workflow for GitHub Actions, which installs from the lock `refresh` in the file LOCK beside it.

    Raises InputError for a value that it cannot hold.
    `options` are what `publish refresh` is to be called with, but for the keys, which come from secrets.
    """
    files, elsewhere = _key_files(signers)
    secrets = {f"TIDEGATE_KEY_{name.upper().replace('-', '_')}": file for name, file in files.items()}
    call = " ".join(["publish", "refresh", "--keys", "keys", *(_in_workflow(word) for word in options)])
    given = "".join(f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in secrets)
    wrote = "".join(
        f'          [ -z "${name}" ] || printf \'%s\\n\' "${name}" > keys/{_in_workflow(file)}\n'
        for name, file in secrets.items()
    )
    missing = f"# No secret can bring these keys, which are not files of the key directory: {', '.join(elsewhere)}.\n"
    return _filled(
        WORKFLOW,
        MISSING=missing if elsewhere else "",
        CRON=_cron(every),
        KEYS=_filled("refresh-keys.yml", SECRETS=given, FILES=wrote) if files else "",
        CALL=call,
        LOCK=LOCK,
        WORKFLOWS=WORKFLOWS,
    )


def _filled(name: str, **values: str) -> str:
    """A template beside this module, with values for its placeholders; one alone on a line stands for whole lines."""
    template = (resources.files(__package__) / f"{name}.in").read_text("utf-8")
    return re.sub(r"(?m)^@([A-Z]+)@\n|@([A-Z]+)@", lambda match: values[match[1] or match[2]], template)


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
                    fix="compare the two; move the file away to have it written again",
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
        raise InputError(f"{value!r} cannot be used in a unit file", fix="use a path without control characters")
    return value.replace("%", "%%")


def _user(name: str) -> str:
    """A user, by name or number; systemd takes all names without these two characters (systemd.exec(5), `User=`)."""
    if not name or re.search("[:/]", name):
        raise InputError(
            f"{name!r} cannot be used in a unit file as a user", fix="run it as the user that owns the keys"
        )
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
        raise InputError(f"{word!r} cannot be used in a workflow", fix="use another name for it")
    return shlex.quote(word)
