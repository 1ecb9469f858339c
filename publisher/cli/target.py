"""Options of commands that work on a bucket: --to, --channel, --json."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from publisher.errors import InputError, UsageError
from publisher.model.catalog import Catalog
from publisher.storage.open import open_storage
from publisher.storage.preflight import preflight
from publisher.storage.protocol import Storage

F = TypeVar("F", bound=Callable[..., Any])


def to_option(function: F) -> F:
    """--to"""
    return click.option(
        "--to", "to", metavar="URL", help="Bucket: file:///dir or s3://... Default: `storage` of endpoints.yaml."
    )(function)


def address_of(to: str | None, catalog: Catalog) -> str:
    """The bucket that is meant. Raises UsageError when none is."""
    address = to or catalog.endpoints.storage
    if address is None:
        raise UsageError("no bucket is named", fix="give --to URL, or `storage:` in endpoints.yaml")
    return address


def open_ready(address: str, now: datetime) -> Storage:
    """The store, once a preflight has shown that it can be published to. Raises StorageError with what is wrong.

    Costs nothing for a directory; on S3 it proves credentials, clock, and that conditional writes are kept.
    """
    storage = open_storage(address)
    if (error := preflight(storage, now).error) is not None:
        raise error
    return storage


def refuse_sample(catalog: Catalog) -> None:
    """Sample content is published by the demo only."""
    if catalog.sample is not None and not catalog.signers.demo:
        raise InputError(
            "this is sample content, which only `publish demo` publishes",
            fix="put your own products, events and releases in, and remove content/sample.yaml",
        )


_PLACEHOLDERS = ("example.org", "example.com", "example.net", "example")
"""Names that belong to nobody (RFC 2606); `.test` is left for rehearsals."""


def refuse_placeholders(catalog: Catalog) -> None:
    """Clients keep the addresses that they were given, so those of the example never go out."""
    if catalog.signers.demo:
        return
    endpoints = catalog.endpoints
    hosts = [urlsplit(address).hostname or "" for address in (endpoints.site, *endpoints.downloads)]
    found = [host for host in hosts if any(f".{host}".endswith(f".{name}") for name in _PLACEHOLDERS)]
    if found:
        raise InputError(
            f"endpoints.yaml still names example addresses: {', '.join(found)}",
            fix="write your own; they are signed, and clients download from nowhere else",
        )
