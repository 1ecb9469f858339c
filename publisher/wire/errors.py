"""Everything that can stop the update client, for a reason a person can act on.

    ClientError                    exit 1
    ├── ClientInputError           exit 1   an argument or a file is wrong, or names what is not published
    ├── ClientUsageError           exit 2   the command's words do not fit together
    ├── ClientVerificationError    exit 4   what the server offers does not verify; nothing of it is used
    │   ├── ExpiredError           exit 4   it was good once, and its time is over
    │   └── FeedError              exit 4   the feed verifies but cannot be understood
    ├── TransferError              exit 5   the network or the server failed
    ├── LocalError                 exit 5   this machine failed: a disk, a directory, a lock
    └── StoppedError               exit 128 + the number of the signal that stopped the command

The tree repeats that of `publisher.errors` because the client imports nothing else of the package.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from publisher.wire.plain_text import find_hidden

__all__ = [
    "ClientError",
    "ClientInputError",
    "ClientUsageError",
    "ClientVerificationError",
    "Code",
    "ExpiredError",
    "FeedError",
    "LocalError",
    "StoppedError",
    "TransferError",
    "printable",
]


class Code(StrEnum):
    """What stopped the client, for programs; codes may be added, never change their meaning."""

    WRONG_INPUT = "wrong-input"
    """An argument or a file given to the client is wrong."""
    WRONG_USAGE = "wrong-usage"
    """The words of the command do not fit together."""
    NOT_PUBLISHED = "not-published"
    """The channel does not publish what was asked for."""
    NOT_VERIFIED = "not-verified"
    """What the server offers is not what the publisher signed."""
    REJECTED = "rejected"
    """The channel's newest state is one that its publisher has rejected."""
    HELD = "held"
    """The version that was asked for is on hold."""
    WITHDRAWN = "withdrawn"
    """The version that was asked for, or the running one, is withdrawn, and nothing is offered in its place."""
    OLDER_THAN_SEEN = "older-than-seen"
    """The server offers an older state than this client has seen."""
    TOO_LARGE = "too-large"
    """A file is larger than anything honest in its place."""
    WEB_PAGE = "web-page"
    """A web page was sent in place of a signed file, as the sign-in page of a network does."""
    EXPIRED = "expired"
    """The signatures of the channel are too old."""
    FEED_NOT_UNDERSTOOD = "feed-not-understood"
    """The feed is signed, but this client cannot read it."""
    UNREACHABLE = "unreachable"
    """The network or the server failed."""
    MISSING = "missing"
    """The server does not have a file that it needs to have."""
    TOO_SLOW = "too-slow"
    """The server or the network is too slow."""
    PROXY = "proxy"
    """The proxy refuses: it asks for a user name and a password, or for others."""
    LOCAL = "local"
    """This machine failed: a disk or a directory."""
    DISK_FULL = "disk-full"
    """There is no room left on this machine's disk."""
    BUSY = "busy"
    """Another process uses the same state directory."""
    STOPPED = "stopped"
    """A signal or a key stopped the command."""
    DEFECT = "defect"
    """The client itself is wrong; please report it."""


class ClientError(Exception):
    """Base of all errors of the client: what happened, and what to do about it."""

    exit_code: int = 1
    """The exit code of the command line."""
    code: Code = Code.WRONG_INPUT
    """What stopped the client, for programs."""
    verdict: ClassVar[str] = "not done"
    """The whole outcome in a word or two; the last words of every message."""

    def __init__(self, what: str, *, fix: str = "", code: Code | None = None) -> None:
        super().__init__(what)
        self.what = printable(what)
        self.fix = printable(fix)
        self.code = code or type(self).code

    def __str__(self) -> str:
        return self.what + (f"\n    -> {self.fix}" if self.fix else "")


class ClientInputError(ClientError):
    """An argument or an input file is wrong, or asks for what the channel does not publish."""


class ClientUsageError(ClientError):
    """The words of the command do not fit together."""

    exit_code = 2
    code = Code.WRONG_USAGE


class ClientVerificationError(ClientError):
    """What the server offers is not what the publisher signed. Nothing of it was used."""

    exit_code = 4
    code = Code.NOT_VERIFIED
    verdict = "not verified"


class ExpiredError(ClientVerificationError):
    """The signatures are too old. The client keeps what it has, offers nothing, and says so."""

    code = Code.EXPIRED
    verdict = "expired"


class FeedError(ClientVerificationError):
    """The feed is signed, but it is not a feed that this client understands."""

    code = Code.FEED_NOT_UNDERSTOOD


class TransferError(ClientError):
    """Something could not be fetched: the network or the server failed."""

    exit_code = 5
    code = Code.UNREACHABLE
    verdict = "unreachable"


class LocalError(ClientError):
    """This machine failed, not the channel: a disk, a directory or a lock."""

    exit_code = 5
    code = Code.LOCAL
    verdict = "failed here"


class StoppedError(ClientError):
    """A signal stopped the command."""

    code = Code.STOPPED
    verdict = "stopped"

    def __init__(self, what: str, *, signal_number: int, fix: str = "") -> None:
        super().__init__(what, fix=fix)
        self.exit_code = 128 + signal_number


def printable(text: str) -> str:
    """The text with characters that nobody sees written out, since parts of it may come from a hostile server."""
    return "".join(char if char.isprintable() and find_hidden(char) is None else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
