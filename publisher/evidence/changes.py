"""What a build changed: the paths that differ, and steps of schema and wire versions (R26).

Either one path a line, as `git diff --name-only OLD NEW` prints them, or JSON:

    {"paths": ["src/dht/node.c"], "versions": [{"name": "storage", "before": "7", "after": "8"}]}
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import FailFast, ValidationError

from publisher.errors import InputError
from publisher.evidence.kind import LONGEST, EvidenceKind, EvidenceText, not_of_the_format
from publisher.model.records.evidence import Facts
from publisher.model.values import Model

AS_GIT = "use git -c core.quotePath=off diff --name-only OLD NEW"

_NO_PATH = re.compile(r"""\s|["\[/]|\.\.?/|.*\\|.*\s$""")
"""Quoted, of a list, absolute or relative paths, other separators, blanks around: no pattern of an area fits these."""


class VersionStep(Model):
    """A schema or wire version, before and after."""

    name: EvidenceText
    """What carries the version: storage, rpc, dht, wire."""
    before: EvidenceText
    after: EvidenceText


class ChangesFile(Model):
    """The JSON form of the file."""

    paths: Annotated[tuple[EvidenceText, ...], FailFast()]
    """Paths of the repository that differ."""
    versions: Annotated[tuple[VersionStep, ...], FailFast()] = ()
    """Schema and wire versions, those that stayed the same too."""


class ChangeFacts(Facts):
    """What the build changed against the version before."""

    paths: tuple[str, ...]
    """As in the file."""
    versions: tuple[VersionStep, ...] = ()
    """As in the file."""


def read_changes(data: bytes, name: str) -> ChangeFacts:
    """Read a list of changes. Raises InputError for what is neither of the two formats, or names no change."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text in UTF-8", fix="write one path a line, or JSON") from error
    versions: tuple[VersionStep, ...] = ()
    if text.lstrip().startswith("{"):
        try:
            changes = ChangesFile.model_validate_json(text)
        except ValidationError as error:
            fix = 'write it as {"paths": [...], "versions": [{"name": ..., "before": ..., "after": ...}]}'
            raise not_of_the_format(name, error, fix) from error
        paths, versions = changes.paths, changes.versions
    else:
        paths = tuple(line.strip() for line in text.splitlines() if line.strip())
        if strange := next((path for path in paths if path.startswith(("diff ", "+++ ", "--- ", "@@"))), None):
            raise InputError(
                f"{name} is a diff, not a list of paths: {strange[:60]}", fix="use git diff --name-only OLD NEW"
            )
    texts = (*paths, *(text for step in versions for text in (step.name, step.before, step.after)))
    if any(not text.isprintable() or len(text) > LONGEST for text in texts):
        raise InputError(f"{name} has an invisible character, or a text of over {LONGEST} characters", fix=AS_GIT)
    if (path := next((path for path in paths if _NO_PATH.match(path)), None)) is not None:
        raise InputError(f"{name}: {path[:60]} is not a plain repository path", fix=AS_GIT)
    if not paths and not versions:
        fix = "make the list again; a build without changes needs no release"
        raise InputError(f"{name} contains no path", fix=fix)
    return ChangeFacts(paths=paths, versions=versions)


KIND = EvidenceKind("changes", read_changes)
