"""After publishing: download everything again as a client that has never been here before (R47)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.client.errors import ClientError
from publisher.client.updater import UpdateClient
from publisher.errors import StorageMissing, VerificationError
from publisher.storage.protocol import CHUNK, Storage

WORKERS = 4
"""Platforms at once; each needs the room of its file on the disk."""

_ADDRESS = "https://bucket.invalid"


class StoreFetcher(FetcherInterface):
    """Lets a TUF client read straight from a store, with the publisher's own access."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def _fetch(self, url: str) -> Iterator[bytes]:
        key = unquote(url.removeprefix(f"{_ADDRESS}/"))
        try:
            with self._storage.open(key) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except StorageMissing as error:
            raise DownloadHTTPError(f"there is no {key}", 404) from error


def verify_as_client(
    storage: Storage, root: bytes, product: str, version: str, channel: str, platforms: Sequence[str], now: datetime
) -> None:
    """Fetch feed and file of each platform with a fresh client each, a few platforms at once.

    Raises VerificationError when one of them does not verify or does not offer `version`.
    """

    def check(platform: str) -> None:
        client = UpdateClient(_ADDRESS, root, scratch / platform / "state", StoreFetcher(storage), now)
        try:
            feed = client.fetch_feed(product, channel, platform)
            if feed.release is None or str(feed.release.version) != version:
                raise VerificationError(f"the feed for {platform} does not offer {version}")
            downloaded = client.download(feed, scratch / platform / "files")
        except ClientError as error:
            raise VerificationError(f"{platform}: {error.what}", fix=error.fix) from error
        downloaded.path.unlink()

    with tempfile.TemporaryDirectory(prefix="tidegate-check-") as directory:
        scratch = Path(directory)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="check") as pool:
            list(pool.map(check, platforms))


def update_as_client(storage: Storage, root: bytes, feeds: Iterable[str], now: datetime) -> None:
    """Follow the channel from a root to each of the feeds, given by target path, as a client with an empty state.

    Raises VerificationError.
    """
    with tempfile.TemporaryDirectory(prefix="tidegate-check-") as directory:
        client = UpdateClient(_ADDRESS, root, Path(directory), StoreFetcher(storage), now)
        for path in feeds:
            _, product, channel, file = path.split("/")
            try:
                client.fetch_feed(product, channel, file.removesuffix(".json"))
            except ClientError as error:
                raise VerificationError(f"a client could not update: {error.what}", fix=error.fix) from error
