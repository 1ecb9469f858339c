"""Where the client's libraries come from: the option of the commands that build it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from publisher.errors import InputError
from publisher.pipeline.client_wheels import Wheel, cached_wheels, client_lock, download, wheels_in

wheels_option = click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Take the client's libraries from here, not from the registry.",
)


def read_wheels(directory: Path | None) -> tuple[Wheel, ...]:
    """The wheels of the client's lock, from a directory or from this user's cache."""
    lock = client_lock()
    return cached_wheels(_cache(), lock, download) if directory is None else wheels_in(directory, lock)


def _cache() -> Path:
    """Where this user's programs keep what can be had again (XDG Base Directory Specification)."""
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = chosen if chosen.is_absolute() else Path.home() / ".cache"
    if not base.is_absolute():
        raise InputError("there is no place for a cache: HOME is not set", fix="set it, or name wheels with --wheels")
    return base / "tidegate" / "wheels"
