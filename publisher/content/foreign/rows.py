"""Foreign files -> rows: bounded, strict JSON or YAML, a list of rows or an object whose one list holds them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from publisher.content import yaml_reader
from publisher.content.text_encoding import MAX_BYTES as MAX_YAML_BYTES
from publisher.errors import ContentError, InputError
from publisher.wire import strict_json

MAX_BYTES = 32 * 1024 * 1024
"""The largest JSON file that is read: more than 20,000 rows with all that is known of a release."""

Row = dict[str, Any]
"""Fields as they stand in the file."""


def read_rows(file: Path, name: str) -> Sequence[Any]:
    """The rows of a file, whatever they are; `name` is the key that holds them where the file has several lists.

    Raises InputError when the file cannot be read as such, ContentError with every problem of a YAML file.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", fix="give a file of JSON or YAML") from None
    whole = _yaml(text, file) if file.suffix in (".yaml", ".yml") else _json(text, file)
    rows = _list_in(whole, name)
    if rows is None:
        raise InputError(
            f"{file} contains no list of rows",
            fix=f'make it a list, or an object with one list, like {{"{name}": [...]}}',
        )
    if not rows:
        raise InputError(f"{file} has no rows", fix=f"give a file with {name} in it")
    return rows


def _yaml(text: bytes, file: Path) -> Any:
    if len(text) > MAX_YAML_BYTES:
        raise InputError(
            f"{file} is larger than {MAX_YAML_BYTES // 1024} KiB, the limit for YAML",
            fix=f"write it as JSON, with a limit of {MAX_BYTES // 1024**2} MiB",
        )
    document, problems = yaml_reader.parse(text, str(file))
    if document is None or problems:
        raise ContentError(problems)
    return document.data


def _json(text: bytes, file: Path) -> Any:
    if len(text) > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES // 1024**2} MiB", fix="split it, by project or by year")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise InputError(f"{file}:{line}: is not UTF-8 text", fix="save the file as UTF-8") from None
    try:
        return strict_json.loads(decoded)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{file}:{error.lineno}:{error.colno}: is not JSON: {error.msg}",
            fix="correct it there; a YAML file must end in .yaml",
        ) from None
    except ValueError as error:  # one of ours: a double key, nesting without end, a number of thousands of digits
        raise InputError(f"{file} is not valid JSON: {error}", fix="write it out again") from None


def _list_in(whole: Any, name: str) -> list[Any] | None:
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        return None
    if isinstance(whole.get(name), list):
        rows: list[Any] = whole[name]
        return rows
    lists = [value for value in whole.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None
