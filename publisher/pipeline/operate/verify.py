"""`publish verify`: the audit of a directory or of an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.channel.audit.channel import Audit, audit, audit_change
from publisher.channel.audit.site import audit_site
from publisher.channel.findings import AuditSource, Level
from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.repository import Repository
from publisher.errors import InputError, StorageError, StorageMissing, StorageTooLarge, VerificationError
from publisher.pipeline.bucket_reader import SMALL, reader
from publisher.signing.digests import FileDigests, digest_chunks, digest_stream, more_than
from publisher.storage.protocol import Storage, too_large
from publisher.wire.web_path import address_of

WORKERS = 8
"""Pages of a site that are read at once."""


class StoreSource:
    """A bucket that can be listed."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._read = reader(storage)

    def read(self, key: str) -> bytes | None:
        return self._read(key)

    def digest(self, key: str, limit: int) -> FileDigests | None:
        try:
            with self._storage.open(key, limit) as stream:
                return digest_stream(stream, limit=limit)
        except (StorageMissing, InputError):  # no store can hold what a thief's metadata may name
            return None
        except StorageTooLarge:
            return more_than(limit)

    def keys(self) -> Iterable[str]:
        return (stat.key for stat in self._storage.list(""))


class PlannedSource(StoreSource):
    """A bucket in which everything of a plan is written but the timestamp, as it will be with it.

    A copy that the store made is what it was made of, so each binary is read once.
    """

    def __init__(self, storage: Storage, timestamp: bytes, copies: Mapping[str, str]) -> None:
        """`copies` names, by key, of what the plan has made each a copy."""
        super().__init__(storage)
        self._timestamp = timestamp
        self._copies = copies
        self._digests: dict[str, FileDigests | None] = {}

    def read(self, key: str) -> bytes | None:
        return self._timestamp if key == TIMESTAMP_KEY else super().read(key)

    def digest(self, key: str, limit: int) -> FileDigests | None:
        key = self._copies.get(key, key)
        if key not in self._digests:
            self._digests[key] = super().digest(key, limit)
        return self._digests[key]


class WebSource:
    """A bucket as the public reads it: one object at a time, without a listing. Safe for threads."""

    def __init__(self, url: str, fetcher: FetcherInterface) -> None:
        self._url = url.rstrip("/") + "/"
        self._fetcher = fetcher

    def read(self, key: str) -> bytes | None:
        """A small object; None when there is none. Raises StorageTooLarge when it is larger than SMALL."""
        data = bytearray()
        try:
            for chunk in self._chunks(key):
                data += chunk
                if len(data) > SMALL:
                    raise too_large(key, self._url, SMALL)
        except _Missing:
            return None
        return bytes(data)

    def digest(self, key: str, limit: int) -> FileDigests | None:
        try:
            return digest_chunks(self._chunks(key), limit=limit)
        except _Missing:
            return None

    def keys(self) -> None:
        """The web shows no listing."""

    def _chunks(self, key: str) -> Iterator[bytes]:
        url = address_of(self._url, key)
        try:
            yield from self._fetcher.fetch(url)
        except DownloadHTTPError as error:
            if error.status_code not in (403, 404):
                raise StorageError(f"{url} answers with status {error.status_code}") from error
            raise _Missing from error
        except DownloadError as error:
            raise StorageError(f"{url} cannot be read: {error}", fix="check the address") from error


class _Missing(Exception):
    """There is no such object on the web."""


def verify_channel(channel: AuditSource, root: bytes, now: datetime, site: AuditSource | None = None) -> Audit:
    """Audit a channel, and the site beside the manifest of it that the channel signs."""
    audited = audit(channel, root, now)
    if site is None:
        return audited
    read = site.digest
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="verify") as pool:

        def digests(sizes: Mapping[str, int]) -> Iterator[FileDigests | None]:
            return pool.map(read, sizes.keys(), sizes.values())

        return audited.and_also(audit_site(channel, root, site.keys(), digests))


def verify_planned(
    storage: Storage,
    timestamp: bytes,
    copies: Mapping[str, str],
    root: bytes,
    before: Repository | None,
    now: datetime,
) -> None:
    """Audit what a plan has written as if `timestamp` were live. Raises VerificationError with the first refutation."""
    audited = audit_change(PlannedSource(storage, timestamp, copies), root, now, before)
    for finding in audited.findings:
        if finding.level is Level.ERROR:
            where = f"{finding.where} " if finding.where else ""
            raise VerificationError(
                f"nothing was made live, since it would not verify: {where}{finding.what}",
                fix="find out who wrote to the bucket, then stage the release again with --replace",
            )
