"""Fetching the rest of a file: what is on this machine already is not asked for again (RFC 9110, 14)."""

from __future__ import annotations

import abc
from collections.abc import Iterator

from tuf.ngclient.fetcher import FetcherInterface

__all__ = ["RangeFetcher", "fetch_rest"]


class RangeFetcher(FetcherInterface):
    """A fetcher that can begin in the middle of a file."""

    @abc.abstractmethod
    def fetch_rest(self, url: str, start: int, length: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from `start` on of a file of a release, `length` bytes long, in order, each chunk with its place.

        A server that has no ranges begins at 0. The digest decides whether the parts belong together: what changed
        meanwhile is noticed as what is wrong. Raises DownloadError.
        """


def fetch_rest(fetcher: FetcherInterface, url: str, start: int, length: int) -> Iterator[tuple[int, bytes]]:
    """The same of any fetcher; one that knows no ranges begins at 0."""
    if isinstance(fetcher, RangeFetcher):
        yield from fetcher.fetch_rest(url, start, length)
        return
    place = 0
    for chunk in fetcher.fetch(url):
        yield place, chunk
        place += len(chunk)
