"""Options of commands that work on a bucket: --to, --channel, --json."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

import click

from publisher.content.placeholders import EXAMPLE_HOSTS, is_below, placeholders
from publisher.errors import ContentError, InputError, UsageError
from publisher.model.catalog import Catalog
from publisher.model.configuration import Configuration
from publisher.pipeline.timer.timer import Machine
from publisher.storage.memory import MemoryStorage
from publisher.storage.open import open_storage
from publisher.storage.preflight import preflight
from publisher.storage.protocol import Storage

_REHEARSALS = ("test", "invalid")
"""Names that no public server has (RFC 2606)."""


to_option = click.option(
    "--to", metavar="URL", help="Bucket: file:///dir or s3://... Default: `storage` of endpoints.yaml."
)


def address_of(to: str | None, configuration: Configuration) -> str:
    """The bucket that is meant. Raises UsageError when none is."""
    address = to or configuration.endpoints.storage
    if address is None:
        raise UsageError("no bucket is named", fix="give --to URL, or `storage:` in endpoints.yaml")
    return address


def open_ready(address: str, now: datetime, public: str | None = None) -> Storage:
    """The store, once a preflight has shown that it can be published to. Raises StorageError with what is wrong.

    Costs nothing for a directory; on S3 it proves credentials, clock, that conditional writes are kept, and, when
    `public` is given, that clients can read there what is written.
    """
    storage = open_storage(address)
    if (error := preflight(storage, now, public, getproxies()).error) is not None:
        raise error
    return storage


def open_to_look(to: str | None, configuration: Configuration) -> Storage:
    """The bucket that is meant, for a command that writes nothing: not even a probe. Raises UsageError, InputError."""
    return open_storage(address_of(to, configuration))


def open_to_write(to: str | None, configuration: Configuration, now: datetime) -> Storage:
    """The bucket that is meant, ready, for a command that shows clients nothing new. Raises as `open_ready`."""
    return open_ready(address_of(to, configuration), now)


def open_to_flip(to: str | None, catalog: Catalog, now: datetime) -> Storage:
    """The bucket that is meant, ready, for a command that ships a release to clients. Raises as `open_ready`.

    The configured bucket must be readable at the first address of `downloads`. A bucket that --to names need not: it
    may be for a rehearsal, and --to is also the way on before the web server is set up.
    """
    return open_ready(address_of(to, catalog), now, _public_address(catalog) if to is None else None)


def readable(storage: Storage) -> Storage:
    """The store, or an empty one in memory as long as there is nothing at its place: planning writes nothing."""
    if storage.is_prepared():
        return storage
    empty = MemoryStorage()
    empty.prepare()
    return empty


def this_machine(directory: Path, options: tuple[str, ...], bucket: Path | None) -> Machine:
    """Where a timer will run that is written here, as whoever runs this command, from `directory`."""
    beside = Path(sys.executable).with_name("publish")
    publish = beside if beside.exists() else Path(shutil.which("publish") or "/usr/local/bin/publish")
    return Machine(publish, directory, _user(), options, bucket)


def _user() -> str:
    """Who runs this; a number where the system has no name for it, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return str(os.getuid())


def _public_address(catalog: Catalog) -> str | None:
    """Where clients read the configured bucket; None for an address that nobody can ever reach."""
    address = catalog.endpoints.downloads[0]
    return None if is_below(urlsplit(address).hostname or "", (*EXAMPLE_HOSTS, *_REHEARSALS)) else address


def refuse_sample(catalog: Catalog) -> None:
    """Sample content is published by the demo only."""
    if catalog.sample is not None and not catalog.signers.demo:
        raise InputError(
            "this is sample content, which only `publish demo` can publish",
            fix="put in your own products, events and releases, and remove content/sample.yaml",
        )


def refuse_example(catalog: Catalog, config: Path, content: tuple[Path, ...]) -> None:
    """No sample content is published, and no placeholder, on pages neither. Raises InputError, ContentError."""
    refuse_sample(catalog)
    refuse_placeholders(catalog, config, content)


def refuse_placeholders(configuration: Configuration, config: Path, content: tuple[Path, ...] = ()) -> None:
    """No placeholder of an example goes out; pages are looked at where `content` is given. Raises ContentError."""
    if left := placeholders(configuration, config, content):
        raise ContentError(left)
