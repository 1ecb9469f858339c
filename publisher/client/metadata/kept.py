"""The metadata that this machine has verified and kept, in place of a server: a fetcher that asks nobody.

python-tuf always fetches the timestamp anew, and whatever it keeps that no longer verifies. Here it gets what it kept,
and verifies it as if it were new, expiry included: nothing is believed for longer than its signatures last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.client.durable_files import open_plain

__all__ = ["KeptMetadata"]

_METADATA = re.compile(r".*/tuf/metadata/(?!(?:[0-9]+\.)?root\.json)(?:[0-9]+\.)?([^/]+\.json)")
"""Metadata but for roots, of which the newest is kept where python-tuf finds it."""


class KeptMetadata(FetcherInterface):
    """Serves the metadata in `metadata_dir`; everything else is missing, as "404"."""

    def __init__(self, metadata_dir: Path) -> None:
        self._metadata_dir = metadata_dir

    def _fetch(self, url: str) -> Iterator[bytes]:
        match = _METADATA.fullmatch(url)
        if match is None:
            raise DownloadHTTPError(f"{url} is not kept on this machine", 404)
        with open_plain(self._metadata_dir / match[1]) as file:
            return iter([file.read()])
