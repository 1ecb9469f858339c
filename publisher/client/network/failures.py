"""How fetching fails, as far as somebody acts on it: to try again, to try elsewhere, or to say why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError

from publisher.wire.errors import ClientVerificationError

__all__ = ["AllFailed", "AskedToWait", "DirectoryUnreadable", "Failure", "ProxyRefused", "StatusError", "Unreachable"]

Failure = DownloadError | RepositoryError | ClientVerificationError
"""What a server, or the way to it, can do wrong."""


class DirectoryUnreadable(DownloadError):
    """A bucket in a directory of this machine cannot be read; no server is to blame."""


class ProxyRefused(DownloadError):
    """The proxy wants a user name and a password (RFC 9110, section 15.5.8)."""


class Unreachable(DownloadError):
    """A connection was not made, or broke."""


class StatusError(DownloadHTTPError):
    """An answer with a status of 400 or more."""

    def __init__(self, url: str, status: int, after: timedelta | datetime | None = None) -> None:
        super().__init__(f"{url} was answered with status {status}", status)
        self.after = after
        """When the server asks to come back: after so long, or at that moment, UTC."""


class AskedToWait(DownloadError):
    """The server asks to come back later than is waited for here."""


class AllFailed(DownloadError):
    """None of several addresses delivers the file."""

    def __init__(self, failures: Mapping[str, Failure]) -> None:
        super().__init__("; ".join(f"{address}: {failure}" for address, failure in failures.items()))
        self.failures = failures
