"""From the address of a bucket to its storage: the one place where another kind of store is plugged in."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from publisher.errors import InputError
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.protocol import Storage
from publisher.storage.s3.address import S3Address

SUPPORTED = "a directory, file:///absolute/directory, or s3://bucket/prefix?endpoint=URL"


def open_storage(url: str) -> Storage:
    """The storage at an address, untouched. Raises InputError, and StorageError for remote S3 without TLS."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", url)
    if not scheme:
        return DirectoryStorage(_path(url, url))
    match scheme[1].lower():
        case "file":
            return DirectoryStorage(_path(url, _file_path(url)))
        case "s3":
            from publisher.storage.s3.store import S3Storage  # noqa: PLC0415 - boto3 is slow to load, and seldom needed

            return S3Storage(S3Address.parse(url))
        case other:
            raise _unknown(url, other)


def directory_of(url: str) -> Path | None:
    """The directory that an address names; None for a store that is reached over the network.

    Raises InputError for an address that `open_storage` would not take, so one with a password is never written down.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", url)
    if scheme is None:
        return _path(url, url)
    match scheme[1].lower():
        case "file":
            return _path(url, _file_path(url))
        case "s3":
            S3Address.parse(url)
            return None
        case other:
            raise _unknown(url, other)


def _unknown(url: str, scheme: str) -> InputError:
    what = f"{_shown(url)}: {scheme} is not a kind of storage that Tidegate knows"
    return InputError(what, fix=f"use {SUPPORTED}")


def _file_path(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment or not parts.path.startswith("/"):
        raise InputError(f"{_shown(url)} does not name a directory of this machine", fix=f"use {SUPPORTED}")
    return unquote(parts.path)


def _path(url: str, path: str) -> Path:
    if not path or "\0" in path:
        raise InputError(f"{url!r} does not name a directory", fix=f"use {SUPPORTED}")
    return Path(path)


def _shown(url: str) -> str:
    """The address without what may be a password in it."""
    return re.sub(r"//[^/@]*@", "//***@", url)
