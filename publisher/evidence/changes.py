"""What a build changed, as a file: the paths that differ, and steps of schema and wire versions (R26).

Either one path a line, as `git diff --name-only OLD NEW` prints them, or JSON:

    {"paths": ["src/dht/node.c"], "versions": [{"name": "storage", "before": "7", "after": "8"}]}
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from publisher.errors import InputError
from publisher.model.records.evidence import ChangeFacts

LIMIT = 4 * 1024 * 1024
"""Bytes; a list of paths is not larger."""


def read_changes(file: Path) -> ChangeFacts:
    """Read a list of changes. Raises InputError when it cannot be read or is neither of the two formats."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LIMIT + 1)
        text = data.decode()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", fix="give the file with --changes") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not text in UTF-8", fix="write one path a line, or JSON") from error
    if len(data) > LIMIT:
        raise InputError(f"{file} is larger than {LIMIT:,} bytes", fix="give the list of changed paths, not the change")
    if text.lstrip().startswith("{"):
        try:
            facts = ChangeFacts.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise InputError(
                f"{file}: {where}: {first['msg'][0].lower()}{first['msg'][1:]}",
                fix='write it as {"paths": [...], "versions": [{"name": ..., "before": ..., "after": ...}]}',
            ) from error
        return _not_empty(facts, file)
    paths = tuple(line.strip() for line in text.splitlines() if line.strip())
    if strange := next((path for path in paths if path.startswith(("diff ", "+++ ", "--- ", "@@"))), None):
        raise InputError(
            f"{file} is a diff, not a list of paths: {strange[:60]}", fix="use git diff --name-only OLD NEW"
        )
    return _not_empty(ChangeFacts(paths=paths), file)


def _not_empty(facts: ChangeFacts, file: Path) -> ChangeFacts:
    if not facts.paths and not facts.versions:
        fix = "make the list anew; a build that changes nothing is not released"
        raise InputError(f"{file} names no path", fix=fix)
    return facts
