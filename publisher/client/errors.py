"""Everything that can stop the update client, for a reason a person can act on.

    ClientError                 exit 1
    ├── InputError              exit 1   an argument or a file is wrong, or names what is not published
    ├── UsageError              exit 2   the command's words do not fit together
    ├── VerificationError       exit 4   what the server offers does not verify; nothing of it is used
    │   ├── ExpiredError        exit 4   it was good once, and its time is over
    │   └── FeedError           exit 4   the feed verifies but cannot be understood
    └── TransferError           exit 5   the network, the server or this machine's disk failed

The tree repeats that of `publisher.errors` because the client imports nothing else of the package.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ClientError",
    "ExpiredError",
    "FeedError",
    "InputError",
    "TransferError",
    "UsageError",
    "VerificationError",
    "printable",
]


class ClientError(Exception):
    """Base of all errors of the client: what happened, and what to do about it."""

    exit_code: ClassVar[int] = 1
    """The exit code of the command line."""
    verdict: ClassVar[str] = "not done"
    """The whole outcome in a word or two; the last words of every message."""

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what)
        self.what = printable(what)
        self.fix = printable(fix)

    def __str__(self) -> str:
        return self.what + (f"\n    -> {self.fix}" if self.fix else "")


class InputError(ClientError):
    """An argument or an input file is wrong, or asks for what the channel does not publish."""


class UsageError(ClientError):
    """The words of the command do not fit together."""

    exit_code = 2


class VerificationError(ClientError):
    """What the server offers is not what the publisher signed. Nothing of it was used."""

    exit_code = 4
    verdict = "not verified"


class ExpiredError(VerificationError):
    """The signatures are too old. The client keeps what it has, offers nothing, and says so."""

    verdict = "expired"


class FeedError(VerificationError):
    """The feed is signed, but it is not a feed that this client understands."""


class TransferError(ClientError):
    """Something could not be fetched or stored: the network, the server, or this machine's disk."""

    exit_code = 5
    verdict = "unreachable"


def printable(text: str) -> str:
    """The text with control characters written out, since parts of it may come from a hostile server."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
