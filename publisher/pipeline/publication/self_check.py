"""After publishing: download everything again as a client that has never been here before (R47)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.channel.size_limits import FILE_LIMIT
from publisher.client.tuf_errors import translate
from publisher.client.updater import UpdateClient
from publisher.errors import StorageError, StorageMissing, TidegateError, VerificationError
from publisher.storage.protocol import CHUNK, Storage
from publisher.wire.errors import ClientError, ClientVerificationError, LocalError, TransferError

WORKERS = 4
"""Platforms at once."""

_ADDRESS = "https://bucket.invalid"


class StoreFetcher(FetcherInterface):
    """Lets a TUF client read straight from a store, with the publisher's own access."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def _fetch(self, url: str) -> Iterator[bytes]:
        key = unquote(url.removeprefix(f"{_ADDRESS}/"))
        try:
            with self._storage.open(key, FILE_LIMIT) as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except StorageMissing as error:
            raise DownloadHTTPError(f"there is no {key}", 404) from error


def verify_as_client(
    storage: Storage, root: bytes, product: str, version: str, channel: str, platforms: Sequence[str], now: datetime
) -> None:
    """Fetch feed and file of each platform with a fresh client each, a few platforms at once.

    To be called once the release is live, which every error says. Raises VerificationError when a platform does not
    verify or does not offer `version`; StorageError when the store or this machine fails, which says nothing against
    the release.
    """

    def check(platform: str) -> None:
        client = UpdateClient(_ADDRESS, root, scratch / platform, StoreFetcher(storage), lambda: now)
        try:
            feed = client.fetch_feed(product, channel, platform)
            if feed.release is None or str(feed.release.version) != version:
                raise ClientVerificationError(f"the feed does not offer {version}")
            client.check_file(feed)
        except (ClientError, StorageError) as error:
            raise _after_the_flip(f"{product}@{version} is live", platform, error) from error

    with _scratch(f"{product}@{version} is live") as scratch, ThreadPoolExecutor(WORKERS, "check") as pool:
        list(pool.map(check, platforms))


def update_as_client(storage: Storage, root: bytes, feeds: Iterable[str], now: datetime, live: str) -> None:
    """Follow the channel from a root to each of the feeds, given by target path, as a client with an empty state.

    `live` is what every error says of what was published. Raises VerificationError, StorageError.
    """
    with _scratch(live) as scratch:
        client = UpdateClient(_ADDRESS, root, scratch, StoreFetcher(storage), lambda: now)
        for path in feeds:
            _, product, channel, file = path.split("/")
            try:
                client.fetch_feed(product, channel, file.removesuffix(".json"))
            except (ClientError, StorageError) as error:
                raise _after_the_flip(live, "a client could not update", error) from error


@contextmanager
def _scratch(live: str) -> Iterator[Path]:
    """A directory for the states of clients, a few KiB each; no file of a release is kept."""
    try:
        with tempfile.TemporaryDirectory(prefix="tidegate-check-") as directory:
            yield Path(directory)
    except OSError as error:
        raise _after_the_flip(live, "", translate(error, "make a temporary directory")) from error


def _after_the_flip(live: str, where: str, error: ClientError | StorageError) -> TidegateError:
    """The error, in words that do not call a live release a failed one."""
    what = f"{where}: {error.what}" if where else error.what
    if isinstance(error, (LocalError, TransferError, StorageError)):
        fix = f"{error.fix}; then " if error.fix else ""
        return StorageError(
            f"{live}, but this machine could not check it: {what}",
            fix=f"{fix}run `publish verify`; nothing need be published again",
        )
    return VerificationError(f"{live}, but does not verify: {what}", fix=error.fix)
