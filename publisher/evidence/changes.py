"""What a build changed: the paths that differ, and steps of schema and wire versions (R26).

Either one path a line, as `git diff --name-only OLD NEW` prints them, or JSON:

    {"paths": ["src/dht/node.c"], "versions": [{"name": "storage", "before": "7", "after": "8"}]}
"""

from __future__ import annotations

from pydantic import ValidationError

from publisher.errors import InputError
from publisher.evidence.kind import EvidenceKind
from publisher.model.records.evidence import Facts
from publisher.model.values import Model


class VersionStep(Model):
    """A schema or wire version, before and after."""

    name: str
    """What carries the version: storage, rpc, dht, wire."""
    before: str
    after: str


class ChangesFile(Model):
    """The JSON form of the file."""

    paths: tuple[str, ...]
    """Paths of the repository that differ."""
    versions: tuple[VersionStep, ...] = ()
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
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text in UTF-8", fix="write one path a line, or JSON") from error
    if text.lstrip().startswith("{"):
        try:
            changes = ChangesFile.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise InputError(
                f"{name}: {where}: {first['msg'][0].lower()}{first['msg'][1:]}",
                fix='write it as {"paths": [...], "versions": [{"name": ..., "before": ..., "after": ...}]}',
            ) from error
    else:
        changes = ChangesFile(paths=tuple(line.strip() for line in text.splitlines() if line.strip()))
        if strange := next((path for path in changes.paths if path.startswith(("diff ", "+++ ", "--- ", "@@"))), None):
            raise InputError(
                f"{name} is a diff, not a list of paths: {strange[:60]}", fix="use git diff --name-only OLD NEW"
            )
    if not changes.paths and not changes.versions:
        fix = "make the list again; a build without changes needs no release"
        raise InputError(f"{name} contains no path", fix=fix)
    return ChangeFacts(paths=changes.paths, versions=changes.versions)


KIND = EvidenceKind("changes", read_changes)
