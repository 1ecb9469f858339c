"""--changes: what a build changed, for commands that decide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from publisher.evidence.changes import read_changes
from publisher.model.records.evidence import ChangeFacts

F = TypeVar("F", bound=Callable[..., Any])


def changes_option(function: F) -> F:
    """--changes"""
    return click.option(
        "--changes",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="What the build changed: git diff --name-only OLD NEW, or JSON with version steps.",
    )(function)


def changes_of(file: Path | None) -> ChangeFacts | None:
    """What --changes names. Raises InputError."""
    return None if file is None else read_changes(file)
