"""The words that `tidegate` understands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from publisher.client.embedded import Trusted
from publisher.wire.errors import ClientUsageError, printable
from publisher.wire.feed_words import Audience

__all__ = ["parser_for"]

_CHECK = "Asks the channel whether there is an update, and verifies every answer. Installs nothing."
_DOWNLOAD = (
    "Fetches the published file if it is newer than --current, or if it is the one to go back to. What is on hold or"
    " withdrawn is refused. Another file with its name is never changed."
)
_EXPLAIN = (
    "Says step by step what is published for this machine, what stops it, what you are offered and when that may"
    " change. Without a network it explains the state that was verified last, as long as that is valid."
)
_READY = (
    "Says whether the version you run is ready for the events that the channel's publisher plans for: which version"
    " you need, by when, and where to get it. Without a network it answers from the state that was verified last, as"
    " long as that is valid."
)
_READY_CODES = (
    "Exit codes: 0 ready, 10 update by the date, 11 too late, 12 unknown since the estimated date is too old to be"
    " relied on, 13 the version was withdrawn or taken back, 14 held; otherwise those of tidegate --help. The worst of"
    " all requirements counts: 13, 11, 12, 14, 10, 0."
)


class _Parser(argparse.ArgumentParser):
    """argparse that takes no abbreviations and reports like everything else here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise ClientUsageError(printable(message), fix=f"run {self.prog} --help for its options")


def parser_for(embedded: Trusted | None, platform: str, state: Path | None) -> argparse.ArgumentParser:
    """The parser of a client with this channel built in, on a machine of this platform that keeps state there."""
    common = _common(embedded, platform, state)
    parser = _Parser(
        prog="tidegate",
        description="Checks a signed update channel and fetches verified files. It installs nothing.",
        epilog="Exit codes: 0 verified, 1 input, 2 usage, 4 not verified or expired, 5 unreachable or failed here, "
        "128 + N stopped by signal N. What ready adds to them is in tidegate ready --help.",
    )
    parser.add_argument("--version", action="store_true", help="print the version of tidegate itself")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    check = commands.add_parser("check", parents=[common], help="check for an update", description=_CHECK)
    check.add_argument("--current", required=True, metavar="VERSION", help="the version you run")
    check.add_argument(
        "--exit-code",
        action="store_true",
        help="exit 10 if a release is offered, 11 if this version is not secure and none is offered,"
        " 12 if this version is withdrawn",
    )
    ready = commands.add_parser(
        "ready",
        parents=[common],
        help="are you ready for what events require?",
        description=_READY,
        epilog=_READY_CODES,
    )
    ready.add_argument("--current", required=True, metavar="VERSION", help="the version you run")
    ready.add_argument("--at", metavar="TIME", help="answer for this moment, like 2027-03-31T12:00:00Z")
    ready.add_argument(
        "--audience", choices=[each.value for each in Audience], help="leave out what is required of others only"
    )
    ready.add_argument(
        "--prometheus", type=_path, metavar="FILE", help="also write metrics for node_exporter, to NAME.prom"
    )
    explain = commands.add_parser(
        "explain", parents=[common], help="why is this offered, or not?", description=_EXPLAIN
    )
    explain.add_argument("--current", metavar="VERSION", help="the version you run; leave it out for a new install")
    explain.add_argument(
        "--install-id", metavar="ID", help="which installation is asked about, where releases reach some before others"
    )
    explain.add_argument("--at", metavar="TIME", help="explain this moment, like 2027-03-31T12:00:00Z")
    download = commands.add_parser(
        "download", parents=[common], help="fetch and verify the published file", description=_DOWNLOAD
    )
    download.add_argument("--current", metavar="VERSION", help="the version you run; leave it out for a new install")
    download.add_argument("--to", required=True, type=_path, metavar="DIR", help="where to put the file")
    return parser


def _common(embedded: Trusted | None, platform: str, state: Path | None) -> _Parser:
    def default(value: str) -> str:
        return f" (built in: {value})" if embedded else ""

    common = _Parser(add_help=False)
    channel = common.add_argument_group("the channel")
    channel.add_argument("--url", help="the channel's address" + default(embedded.url if embedded else ""))
    channel.add_argument("--root", type=_path, metavar="FILE", help="the first trusted root.json" + default("yes"))
    channel.add_argument("--product", help="the product" + default(embedded.product if embedded else ""))
    channel.add_argument("--channel", help="the channel" + default(embedded.channel if embedded else ""))
    channel.add_argument("--platform", help=f"the platform (default: this one, {platform})")
    common.add_argument(
        "--state", type=_path, metavar="DIR", help=f"where to keep what was seen (default: {state or 'none'})"
    )
    common.add_argument("--json", action="store_true", help="print one JSON object")
    common.add_argument("--debug", action="store_true", help="show where an error comes from")
    return common


def _path(text: str) -> Path:
    """The path. An empty one, as from a variable that is not set, would quietly be the current directory."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a place")
    return Path(text)
