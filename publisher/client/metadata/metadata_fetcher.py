"""Fetching metadata for python-tuf: within our own caps, patiently, and for so long altogether."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

from tuf.api.exceptions import SlowRetrievalError
from tuf.ngclient import FetcherInterface

from publisher.client.network.patience import ServerPatience
from publisher.wire.errors import ClientVerificationError, Code
from publisher.wire.limits import limit_of, refuse_web_page, within

__all__ = ["MetadataFetcher"]

METADATA_SECONDS = 300.0
"""How long all metadata of one check may take: others wait for it, since the state is locked meanwhile."""


class MetadataFetcher(FetcherInterface):
    """Fetches the metadata of one check: within our caps, in memory, and never a web page."""

    def __init__(self, fetcher: FetcherInterface, patience: ServerPatience, seconds: float = METADATA_SECONDS) -> None:
        self._fetcher = fetcher
        self._patience = patience
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._fetcher.fetch(url)

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """The file's bytes. `max_length` is what python-tuf was told by other metadata."""
        name = url.rpartition("/")[2]
        if max_length > limit_of(name):
            raise ClientVerificationError(
                f"{name} has {max_length} bytes according to the metadata; the limit is {limit_of(name)}",
                fix="do not install anything from here; tell the publisher",
                code=Code.TOO_LARGE,
            )
        data, _ = self._patience.first_of([url], lambda address: self._read(address, max_length))
        refuse_web_page(name, data)
        yield BytesIO(data)

    def _read(self, url: str, max_length: int) -> bytes:
        if time.monotonic() >= self._ends:
            raise SlowRetrievalError(f"the metadata before {url} took longer than {self._seconds:g} seconds")
        return b"".join(within(self.fetch(url), max_length))
