"""The content as it was at a revision, for commands that compare."""

from __future__ import annotations

import tempfile
from pathlib import Path

from publisher.content.git_revision import at_revision
from publisher.content.load import load_catalog
from publisher.errors import ContentError, InputError
from publisher.model.catalog import Catalog


def catalog_at(revision: str, content: tuple[Path, ...], config: Path) -> Catalog:
    """The catalog of a revision of git. Raises InputError where there is none, or its content had problems."""
    with tempfile.TemporaryDirectory(prefix="tidegate-since-") as scratch:
        *before, before_config = at_revision((*content, config), revision, Path(scratch))
        try:
            return load_catalog(before, before_config)
        except ContentError as error:
            raise InputError(
                f"the content of {revision} has problems itself: {error.problems[0]}",
                fix="compare with a sound revision",
            ) from error
