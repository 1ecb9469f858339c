"""The command `tidegate`: is there an update, and get it.

    tidegate check     --current VERSION     what is published, and what it means for the running version
    tidegate download  --to DIR              fetch and verify the release's file; installing it is up to you

Exit codes: 0 everything verified, with or without an update; 1 wrong input; 2 wrong usage; 4 something does
not verify or has expired; 5 the network, the server or the disk failed; 130 interrupted. `--json` prints one
object whose keys are described in `report`, for errors too. This is the only module that reads the
environment, prints and exits.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import io
import os
import platform
import shlex
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn
from urllib.request import getproxies

from publisher.client.decide import decide
from publisher.client.errors import ClientError, InputError, UsageError, printable
from publisher.client.report import answer_json, answer_lines, error_json, error_lines
from publisher.client.trusted import RESOURCE, Trusted
from publisher.client.version import Version

VERSION_RESOURCE = "client-version.txt"
"""The client's own version, a resource present only in a zipapp."""

_SYSTEMS = {"darwin": "macos"}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (by default the process's own) and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows something else; it does not stop an update.
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except ClientError as error:
        if "--debug" in words:
            traceback.print_exc()
        _tell(error, as_json)
        return error.exit_code
    except KeyboardInterrupt:
        print("tidegate: interrupted; nothing was left behind", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "--debug" in words:
            traceback.print_exc()
        what = f"something went wrong that should not ({type(error).__name__}: {error})"
        _tell(
            ClientError(what, fix="please report it, with the output of the same command and --debug"),
            as_json,
        )
        return ClientError.exit_code


def _tell(error: ClientError, as_json: bool) -> None:
    if as_json:
        print(error_json(error))
    else:
        print("\n".join(error_lines(error)), file=sys.stderr)


def _run(words: Sequence[str]) -> int:
    embedded = _embedded()
    options = _parser(embedded).parse_args(words)
    if options.version:
        print(f"tidegate {_own_version()}")
        return 0
    if options.command is None:
        raise UsageError("say what to do: check or download", fix="tidegate --help lists everything")
    return _ask(options, _settings(options, embedded))


@dataclass(frozen=True)
class _Settings:
    """Where to ask, for what, and where to remember it."""

    trusted: Trusted
    platform: str
    current: Version | None
    state: Path


def _ask(options: argparse.Namespace, settings: _Settings) -> int:
    from publisher.client.fetch import fetcher_for  # noqa: PLC0415 - python-tuf is slow to load; --help answers at once
    from publisher.client.updater import UpdateClient  # noqa: PLC0415 - the same

    trusted = settings.trusted
    fetcher = fetcher_for(trusted.url, proxies=getproxies(), user_agent=f"tidegate/{_own_version()}")
    client = UpdateClient(trusted.url, trusted.root, settings.state, fetcher)
    channel = client.fetch_channel(trusted.product, trusted.channel, settings.platform)
    answer = decide(channel.feed, settings.current, channel.withdrawn)
    downloaded = None
    if options.command == "download" and answer.release is not None:
        downloaded = client.download(channel.feed, options.to)
    if options.json:
        print(answer_json(channel, answer, settings.current, downloaded))
    else:
        lines = answer_lines(channel, answer, next_command=_next_command(options), downloaded=downloaded)
        print("\n".join(lines))
    return 0


def _settings(options: argparse.Namespace, embedded: Trusted | None) -> _Settings:
    missing = [f"--{name}" for name in ("url", "root", "product", "channel") if getattr(options, name) is None]
    if missing and embedded is None:
        raise UsageError(
            f"missing: {', '.join(missing)}",
            fix="this copy of tidegate has no channel built in; the publisher's page says what to give",
        )
    trusted = Trusted(
        url=options.url or (embedded.url if embedded else ""),
        product=options.product or (embedded.product if embedded else ""),
        channel=options.channel or (embedded.channel if embedded else ""),
        root=_read_root(options.root) if options.root else (embedded.root if embedded else b""),
    )
    return _Settings(
        trusted=trusted,
        platform=options.platform or _this_platform(),
        current=_read_version(options.current),
        state=_own_state(options.state or _system_state(), trusted),
    )


def _read_root(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path}: {reason}", fix="give --root the root.json of the publisher") from None


def _read_version(text: str | None) -> Version | None:
    try:
        return None if text is None else Version.parse(text)
    except ValueError as error:
        raise InputError(f"--current {error}", fix="write it like 4.1.0") from None


def _own_state(base: Path, trusted: Trusted) -> Path:
    """A directory for this very trust: two addresses or two roots never share what they remember.

    It is made only after UpdateClient has refused odd names of products and channels.
    """
    digest = hashlib.sha256(trusted.url.encode() + b"\0" + trusted.root).hexdigest()
    return base / trusted.product / trusted.channel / digest[:16]


def _system_state() -> Path:
    """Where this system keeps what programs remember."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "tidegate"


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
    try:
        return importlib.metadata.version("tidegate")
    except importlib.metadata.PackageNotFoundError:
        return "(version unknown)"


def _next_command(options: argparse.Namespace) -> str:
    """The command that downloads what this check found, with the same options."""
    program = Path(sys.argv[0]).name or "tidegate"
    words = [*(["python3"] if program.endswith(".pyz") else []), program, "download"]
    for name in ("url", "root", "product", "channel", "platform", "current", "state"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--to", "."])


class _Parser(argparse.ArgumentParser):
    """argparse that takes no abbreviations and reports like everything else here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(printable(message), fix=f"{self.prog} --help lists what it takes")


def _parser(embedded: Trusted | None) -> argparse.ArgumentParser:
    def default(value: str) -> str:
        return f" (built in: {value})" if embedded else ""

    common = _Parser(add_help=False)
    channel = common.add_argument_group("the channel")
    channel.add_argument("--url", help="the channel's address" + default(embedded.url if embedded else ""))
    channel.add_argument("--root", type=Path, metavar="FILE", help="the first trusted root.json" + default("yes"))
    channel.add_argument("--product", help="the product" + default(embedded.product if embedded else ""))
    channel.add_argument("--channel", help="the channel" + default(embedded.channel if embedded else ""))
    channel.add_argument("--platform", help=f"the platform (default: this one, {_this_platform()})")
    common.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help=f"where to remember what was seen (default: {_system_state()})",
    )
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--debug", action="store_true", help="show where an error comes from")

    parser = _Parser(
        prog="tidegate",
        description="Checks a signed update channel and fetches verified files. It installs nothing.",
        epilog="Exit codes: 0 verified, 1 input, 2 usage, 4 not verified or expired, 5 unreachable.",
    )
    parser.add_argument("--version", action="store_true", help="print the version of tidegate itself")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    check = commands.add_parser(
        "check", parents=[common], help="what is published, and what it means for you", description=_CHECK
    )
    check.add_argument("--current", required=True, metavar="VERSION", help="the version that runs now")
    download = commands.add_parser(
        "download", parents=[common], help="fetch and verify the published file", description=_DOWNLOAD
    )
    download.add_argument("--current", metavar="VERSION", help="the version that runs now; without it, a fresh install")
    download.add_argument("--to", required=True, type=Path, metavar="DIR", help="where to put the file")
    return parser


_CHECK = "Asks the channel whether there is an update, verifies every answer, and changes nothing else."
_DOWNLOAD = (
    "Fetches the published file if it is newer than --current, or if --current was taken back. Another file of its name"
    " is never touched."
)
