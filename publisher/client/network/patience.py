"""Trying again: what may pass is asked for once more, after a pause, and not for ever.

A server that is overloaded or being maintained says when to come back (RFC 9110, 10.2.3: Retry-After), and is not
asked before. Clients that were all turned away at one moment must not all come back at one moment, so every pause is
drawn out a little by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError

from publisher.client.network.failures import AllFailed, AskedToWait, Failure, ProxyRefused, StatusError, Unreachable
from publisher.wire.errors import ClientVerificationError

__all__ = ["BACKOFF", "PATIENCE", "TRIES", "ServerPatience", "impatient"]

PATIENCE = 120.0
"""How long servers are waited for in all, in seconds: for the metadata of one check, and for one file."""

TRIES = 3
"""How often one address is asked for one file, if the server does not say when to come back."""

BACKOFF = 1.0
"""The least pause before the second attempt, in seconds; before each further one it is twice as long."""

_SPREAD = 0.25
"""By how much of itself a pause is drawn out at most."""

_MAY_PASS = frozenset({408, 425, 429})
"""Refusals of the client that may pass (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4); failures of servers all may."""

Result = TypeVar("Result")


@dataclass
class ServerPatience:
    """How long to wait for servers. Clock, sleep and chance come from outside."""

    clock: Callable[[], datetime]
    """The present moment, UTC."""
    sleep: Callable[[float], object]
    """Waits for so many seconds."""
    chance: Callable[[], float]
    """A number from 0 to 1."""
    seconds: float = PATIENCE
    waited: float = field(default=0.0, init=False)
    """How much of it is used up, in seconds."""

    def fresh(self) -> ServerPatience:
        """The same with nothing used up."""
        return replace(self)

    def first_of(self, addresses: Sequence[str], attempt: Callable[[str], Result]) -> tuple[Result, dict[str, Failure]]:
        """What `attempt` returns for the first address that it succeeds with, and how each one before it failed.

        An address that may still succeed is asked again, after the others. If none does, raises the failure of a
        single address, and AllFailed for several.
        """
        failures: dict[str, Failure] = {}
        tried = dict.fromkeys(addresses, 0)
        due = dict.fromkeys(addresses, 0.0)
        while due:
            address = min(due, key=due.__getitem__)
            self._wait_until(due.pop(address))
            try:
                return attempt(address), failures
            except ProxyRefused:
                # It stands before every address, and may count the attempts.
                raise
            except (DownloadError, RepositoryError, ClientVerificationError) as error:
                tried[address] += 1
                failures[address] = error
                asked = self._asked_until(error)
                pause = self._pause(error, asked, tried[address])
                if pause is None:
                    continue
                if pause <= self.seconds - self.waited:
                    due[address] = self.waited + min(pause * (1 + _SPREAD * self.chance()), self.seconds - self.waited)
                elif asked is not None:
                    failures[address] = AskedToWait(f"{error}; it asks to wait until {asked:%Y-%m-%d %H:%M:%S} UTC")
        if len(failures) == 1:
            raise next(iter(failures.values()))
        raise AllFailed(failures)

    def _wait_until(self, due: float) -> None:
        if due > self.waited:
            pause, self.waited = due - self.waited, due
            self.sleep(pause)

    def _pause(self, error: Failure, asked: datetime | None, tried: int) -> float | None:
        """How long to wait before the next attempt, in seconds; None if there should be none."""
        match error:
            case DownloadHTTPError(status_code=status) if status >= 500 or status in _MAY_PASS:
                pass
            case Unreachable():
                pass
            case _:
                return None
        backoff = BACKOFF * 2.0 ** (tried - 1)
        if asked is not None:
            return max(backoff, (asked - self.clock()).total_seconds())
        return backoff if tried < TRIES else None

    def _asked_until(self, error: Failure) -> datetime | None:
        """The moment until which the server asks to wait, UTC."""
        after = error.after if isinstance(error, StatusError) else None
        return self.clock() + after if isinstance(after, timedelta) else after


def impatient(clock: Callable[[], datetime]) -> ServerPatience:
    """Nothing is waited for, and each address asked once."""
    return ServerPatience(clock, sleep=lambda _seconds: None, chance=lambda: 0.0, seconds=0.0)
