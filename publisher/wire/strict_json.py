"""JSON as its standard means it (RFC 8259): no key twice in one object, no NaN and no Infinity."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str) -> Any:
    """The value that is written in `text`. Raises ValueError, which as json.JSONDecodeError knows the place."""
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise ValueError(f"the key {twice[:40]!a} appears twice in one object")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
