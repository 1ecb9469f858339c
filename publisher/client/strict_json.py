"""JSON as RFC 8259 means it: no key twice in an object, no NaN or Infinity, which Python's own reader lets through."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str) -> Any:
    """The value that the text holds. Raises ValueError: json.JSONDecodeError with the place, where it has one."""
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
