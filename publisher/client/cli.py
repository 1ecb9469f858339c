"""The command `tidegate`: is there an update, and get it.

    tidegate check     --current VERSION     what is published, and what it means for the running version
    tidegate ready     --current VERSION     is it ready for what events require, and by when must it be
    tidegate explain                         why is this offered, or not, and when may that change
    tidegate download  --to DIR              fetch and verify the release's file; installing it is up to you

Exit codes: 0 everything verified, with or without an update; 1 wrong input; 2 wrong usage; 4 something does
not verify or has expired; 5 the network, the server or the disk failed; 128 + N stopped by signal N (130: Ctrl-C).
`check --exit-code` tells shells what was found: 10 a release is offered; 11 the running version is not secure, and
nothing is offered in its place; 12 the running version is withdrawn. `ready` always does so: 10 to 14 in
`readiness.EXIT_CODES`. `--json` prints one object of the same shape for answers and errors (schemas/answer-1.json,
schemas/readiness-1.json, schemas/explanation-1.json).
This is the only module that reads the clock and the environment, prints and exits.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import random
import shlex
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.request import getproxies

from publisher.client.answers.report import answer_lines, error_lines
from publisher.client.answers.report_json import ANSWER, answer_json, error_json
from publisher.client.embedded import RESOURCE, Trusted
from publisher.client.mitigations.report import mitigation_lines
from publisher.client.option_values import read_install_id, read_moment, read_root, read_version
from publisher.client.options import parser_for
from publisher.wire.errors import ClientError, ClientInputError, ClientUsageError, Code, StoppedError, printable
from publisher.wire.feed_words import Audience
from publisher.wire.version import Version

if TYPE_CHECKING:
    import argparse

    from publisher.client.answers.check import CheckAnswer
    from publisher.client.ready.assess import RequirementAnswer
    from publisher.client.updater import UpdateClient

SHORT_WAIT = 5.0
"""Waits below this many seconds need no words."""

MAX_COLUMNS = 100
"""Longer lines are hard to read, however wide the terminal is."""

VERSION_RESOURCE = "client-version.txt"
"""The client's own version, a resource present only in a zipapp."""

_SYSTEMS = {"darwin": "macos"}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (by default the process's own) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows something else; it does not stop an update.
            stream.reconfigure(errors="backslashreplace")
    try:
        with _stopped_by_signals():
            return _run(words)
    except BrokenPipeError:
        # Whoever read our output has gone; say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in words:
            # Parts of it may come from a hostile server.
            print("\n".join(printable(line) for line in traceback.format_exc().split("\n")), file=sys.stderr)
        failure = _failure(error, words)
        # After SIGHUP there may be no terminal left to tell it to.
        with contextlib.suppress(OSError):
            _tell(failure, words)
        return failure.exit_code


def wall_clock() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


class _Signalled(KeyboardInterrupt):
    """SIGTERM or SIGHUP; like Ctrl-C it passes everything that catches errors, so that all is cleared away."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end the command as Ctrl-C does, unless whoever started it ignores them."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise _Signalled(number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    caught = [number for number in numbers if before[number] == signal.SIG_DFL]
    for number in caught:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, before[number])


def _failure(error: BaseException, words: Sequence[str]) -> ClientError:
    if isinstance(error, ClientError):
        return error
    if isinstance(error, KeyboardInterrupt):
        number = error.number if isinstance(error, _Signalled) else signal.SIGINT
        download = words[:1] == ["download"]
        left = "the next run continues with what has arrived" if download else "no unfinished file is left"
        return StoppedError(
            f"stopped by {signal.Signals(number).name}; {left}",
            signal_number=number,
            fix="run the command again",
        )
    return ClientError(
        f"unexpected error ({type(error).__name__}: {error})",
        fix="report it with the output of the same command and --debug",
        code=Code.DEFECT,
    )


def _tell(error: ClientError, words: Sequence[str]) -> None:
    """Print the error in the form that the command's answers have."""
    if "--json" not in words:
        print("\n".join(error_lines(error)), file=sys.stderr, flush=True)
        return
    shape = ANSWER
    if words[0] == "ready":
        from publisher.client.ready.report import READINESS as shape  # noqa: PLC0415 - only `ready` needs it
    elif words[0] == "explain":
        from publisher.client.answers.explain import EXPLANATION as shape  # noqa: PLC0415 - only `explain` needs it
    print(error_json(error, wall_clock(), shape), flush=True)


def _run(words: Sequence[str]) -> int:
    embedded = _embedded()
    options = parser_for(embedded, _this_platform(), _system_state()).parse_args(words)
    if options.version:
        print(f"tidegate {_own_version()}")
        return 0
    if options.command is None:
        raise ClientUsageError(
            "name a command: check, ready, explain or download", fix="run tidegate --help for all commands"
        )
    if options.command == "ready":
        return _ready(options, _settings(options, embedded))
    if options.command == "explain":
        return _explain(options, _settings(options, embedded))
    return _ask(options, _settings(options, embedded))


@dataclass(frozen=True)
class _Settings:
    """Where to ask, for what, and where to remember it."""

    trusted: Trusted
    platform: str
    current: Version | None
    state: Path


def _client(settings: _Settings) -> UpdateClient:
    from publisher.client.network.http import fetcher_for  # noqa: PLC0415 - python-tuf is slow to load; --help answers at once
    from publisher.client.network.patience import ServerPatience  # noqa: PLC0415 - the same
    from publisher.client.updater import UpdateClient  # noqa: PLC0415 - the same

    trusted = settings.trusted
    # A connection that the server had closed already is made again at once; all else is a matter of patience.
    fetcher = fetcher_for(trusted.url, proxies=getproxies(), user_agent=f"tidegate/{_own_version()}", retries=1)
    patience = ServerPatience(wall_clock, _wait, random.random)
    return UpdateClient(trusted.url, trusted.root, settings.state, fetcher, wall_clock, patience)


def _wait(seconds: float) -> None:
    """Wait, and tell people why nothing happens."""
    if seconds >= SHORT_WAIT:
        print(
            f"tidegate: waiting for {seconds:.0f} seconds before the server is asked again", file=sys.stderr, flush=True
        )
    time.sleep(seconds)


def _ready(options: argparse.Namespace, settings: _Settings) -> int:
    from publisher.client.ready.ask import ReadinessQuestion, ask  # noqa: PLC0415 - nobody else needs it

    trusted = settings.trusted
    at = None if options.at is None else read_moment(options.at)
    if at is not None and options.prometheus:
        raise ClientUsageError(
            "--prometheus writes what holds now, and --at asks about another moment", fix="leave out one of the two"
        )
    assert settings.current is not None
    question = ReadinessQuestion(
        trusted.product,
        trusted.channel,
        settings.platform,
        settings.current,
        at,
        Audience(options.audience) if options.audience else None,
    )
    report = ask(question, _client(settings), options.prometheus, wall_clock)
    print(report.json() if options.json else "\n".join(report.lines(_next_command(options), _width())))
    return report.exit_code


def _explain(options: argparse.Namespace, settings: _Settings) -> int:
    from publisher.client.answers.check import check  # noqa: PLC0415 - python-tuf is slow to load; --help answers at once
    from publisher.client.answers.explain import Explanation  # noqa: PLC0415 - nobody else needs it

    install_id = read_install_id(options.install_id)
    at = None if options.at is None else read_moment(options.at)
    client, trusted = _client(settings), settings.trusted
    channel = client.fetch_or_recall(trusted.product, trusted.channel, settings.platform)
    moment = at or channel.checked_at
    explanation = Explanation(check(client, channel, settings.current, moment), moment, install_id)
    print(explanation.json() if options.json else "\n".join(explanation.lines(_width())))
    return 0


def _ask(options: argparse.Namespace, settings: _Settings) -> int:
    from publisher.client.answers.check import check  # noqa: PLC0415 - python-tuf is slow to load; --help answers at once

    client, trusted = _client(settings), settings.trusted
    channel = client.fetch_channel(trusted.product, trusted.channel, settings.platform)
    answer = check(client, channel, settings.current, channel.checked_at)
    not_met = _requirements_not_met(answer)
    mitigations = client.fetch_advice(channel, settings.current)
    downloaded = None
    if options.command == "download":
        answer.refuse_without_offer()
        if (release := answer.advice.release) is not None:
            # The release that is offered may be the one before the newest.
            downloaded = client.download(replace(channel.feed, release=release), options.to)
            for address in downloaded.refused:
                print(f"tidegate: {address} sent wrong bytes; another address had the right ones", file=sys.stderr)
    exit_code = answer.advice.exit_code if options.command == "check" and options.exit_code else 0
    if options.json:
        print(answer_json(answer, not_met, mitigations, exit_code, downloaded))
    else:
        requirements = [*mitigation_lines(mitigations), *_requirement_lines(not_met)]
        lines = answer_lines(answer, requirements, next_command=_next_command(options), downloaded=downloaded)
        print("\n".join(lines))
    return exit_code


def _requirements_not_met(answer: CheckAnswer) -> tuple[RequirementAnswer, ...]:
    """What events require that the running version does not meet, the next one first; nothing before an install."""
    channel, current = answer.channel, answer.current
    if current is None or not channel.feed.requirements:
        return ()
    from publisher.client.ready.assess import assess  # noqa: PLC0415 - most checks need none of it

    notice = answer.withdrawal.notice if answer.withdrawal else None
    return assess(channel.feed, channel.state_of(current), channel.checked_at, channel.brakes, notice).not_met


def _requirement_lines(answers: Sequence[RequirementAnswer]) -> list[str]:
    if not answers:
        return []
    from publisher.client.ready.report import requirement_lines  # noqa: PLC0415 - the same

    return [line for answer in answers for line in requirement_lines(answer)]


def _settings(options: argparse.Namespace, embedded: Trusted | None) -> _Settings:
    missing = [f"--{name}" for name in ("url", "root", "product", "channel") if getattr(options, name) is None]
    if missing and embedded is None:
        raise ClientUsageError(
            f"missing: {', '.join(missing)}",
            fix="give the values from the publisher's page; this copy of tidegate has no channel built in",
        )
    trusted = Trusted(
        url=options.url or (embedded.url if embedded else ""),
        product=options.product or (embedded.product if embedded else ""),
        channel=options.channel or (embedded.channel if embedded else ""),
        root=read_root(options.root) if options.root else (embedded.root if embedded else b""),
    )
    return _Settings(
        trusted=trusted,
        platform=options.platform or _this_platform(),
        current=read_version(options.current),
        state=_own_state(options.state or _home_state(), trusted),
    )


def _width() -> int:
    return min(shutil.get_terminal_size().columns, MAX_COLUMNS)


def _own_state(base: Path, trusted: Trusted) -> Path:
    """A directory for this very trust: two addresses or two roots never share what they remember.

    It is made only after UpdateClient has refused odd names of products and channels.
    """
    digest = hashlib.sha256(trusted.url.encode() + b"\0" + trusted.root).hexdigest()
    return base / trusted.product / trusted.channel / digest[:16]


def _home_state() -> Path:
    state = _system_state()
    if state is None:
        raise ClientInputError(
            "this system has no home directory for tidegate's state", fix="give your own directory with --state"
        )
    return state


def _system_state() -> Path | None:
    """Where this system keeps what programs remember; None if it names no place."""
    if sys.platform == "win32":
        base = _absolute("LOCALAPPDATA") or _below_home("AppData", "Local")
    elif sys.platform == "darwin":
        base = _below_home("Library", "Application Support")
    else:
        # Relative paths are to be ignored (XDG Base Directory Specification, "Environment variables").
        base = _absolute("XDG_STATE_HOME") or _below_home(".local", "state")
    return base / "tidegate" if base else None


def _absolute(variable: str) -> Path | None:
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def _below_home(*parts: str) -> Path | None:
    """A place below the home directory: by HOME if that is a path, else by the system's list of users."""
    home = _absolute("HOME")
    if home is None and sys.platform != "win32":
        with contextlib.suppress(ImportError, KeyError):
            import pwd  # noqa: PLC0415 - there is none on Windows

            home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    elif home is None:
        with contextlib.suppress(RuntimeError):
            home = Path.home()
    return home.joinpath(*parts) if home and home.is_absolute() else None


def _this_platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    return f"{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine, machine)}"


def _embedded() -> Trusted | None:
    resource = files(__package__) / RESOURCE
    return Trusted.from_json(resource.read_bytes()) if resource.is_file() else None


def _own_version() -> str:
    resource = files(__package__) / VERSION_RESOURCE
    if resource.is_file():
        return resource.read_text(encoding="ascii").strip()
    from importlib import metadata  # noqa: PLC0415 - slow to load, and the published client has the resource

    try:
        return metadata.version("tidegate")
    except metadata.PackageNotFoundError:
        return "(version unknown)"


def _next_command(options: argparse.Namespace) -> str:
    """The command that downloads what this check found, with the same options."""
    program = Path(sys.argv[0]).name or "tidegate"
    words = [*(["python3"] if program.endswith(".pyz") else []), program, "download"]
    for name in ("url", "root", "product", "channel", "platform", "current", "state"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--to", "."])
