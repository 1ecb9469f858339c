"""How long a server may take: a limit for each wait, for each 64 KiB, and for the whole of every file.

The timeout of a socket is per read, so a server that drips bytes, or never ends its headers, its `100 Continue`
answers or its trailers, never meets it. Here every single read of a response asks first how much time is left;
that holds for whatever http.client reads, without knowing what it is.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from tuf.api.exceptions import SlowRetrievalError
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["CHUNK", "Limits", "Pace", "keep_pace", "paced"]

CHUNK = 64 * 1024
"""How much is read at a time, in bytes, and how much has to arrive within `Limits.chunk`."""


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds."""

    wait: float = 30
    """For a connection, and for each next byte."""
    chunk: float = 60
    """For each 64 KiB of a file, or what there is of it: about 1 KiB a second."""
    total: float = 120
    """For all of a small file (metadata, feed), redirects and repeated attempts included."""
    large: float = 24 * 3600
    """For all of a release's file: below a lowest speed an update is none."""


class Pace:
    """The time that is left for one file."""

    def __init__(self, url: str, limits: Limits, *, small: bool) -> None:
        self._url = url
        self._limits = limits
        self._count = 0
        now = time.monotonic()
        self._chunk_ends = now + limits.chunk
        self._total = limits.total if small else limits.large
        self._ends = now + self._total

    def wait(self) -> float:
        """How long the next wait may take. Raises SlowRetrievalError if no time is left."""
        now = time.monotonic()
        if now >= self._ends:
            raise SlowRetrievalError(f"{self._url} took longer than {self._total:g} seconds")
        if now >= self._chunk_ends:
            raise SlowRetrievalError(f"{self._url} sent less than 1 KiB a second for {self._limits.chunk:g} seconds")
        return min(self._limits.wait, self._ends - now, self._chunk_ends - now)

    def received(self, count: int) -> None:
        """Count bytes of the file itself; headers, empty chunks and trailers earn no time."""
        self._count += count
        if self._count >= CHUNK:
            self._count = 0
            self._chunk_ends = time.monotonic() + self._limits.chunk


_PACE: ContextVar[Pace] = ContextVar("_PACE")
"""That of the request which is being made; urllib3 has no other way to hand it down to the connection."""


@contextmanager
def keep_pace(pace: Pace) -> Iterator[None]:
    """Responses to requests made within the block keep this pace, also when they are read later."""
    token = _PACE.set(pace)
    try:
        yield
    finally:
        _PACE.reset(token)


def paced(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The manager, with connections that keep pace."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


class _Raw(io.RawIOBase):
    """What a socket sends, read in time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, pace: Pace) -> None:
        self._raw = raw
        self._sock = sock
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._pace.wait())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_Raw(self.fp.detach(), sock, _PACE.get()))


class _Connection(HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        self.timeout = _PACE.get().wait()
        super().connect()


class _SecureConnection(HTTPSConnection):
    response_class = _Response

    def connect(self) -> None:
        self.timeout = _PACE.get().wait()
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    # On a Python without ssl urllib3 has no such connection, and says so.
    ConnectionCls = _SecureConnection if issubclass(HTTPSConnection, HTTPConnection) else HTTPSConnection
