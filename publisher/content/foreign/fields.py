"""Single values of a foreign row: where they stand, and what they may be."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from publisher.content.foreign.rows import Row
from publisher.model.history.mapping import Conditions

LONGEST = 200
"""Characters of a foreign text that are kept."""


class Unusable(Exception):
    """A row that cannot be used: the reason in words that suit every such row, and what is special about this one."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def value(row: Row, name: str | None) -> Any:
    """The value of a field, by its name or by a dotted path; None where it is absent, null or empty."""
    if name is None:
        return None
    part_value: Any = row
    for part in [name] if name in row else name.split("."):
        part_value = part_value.get(part) if isinstance(part_value, dict) else None
    return None if part_value == "" else part_value


def fits(row: Row, conditions: Conditions) -> bool:
    """Whether all conditions hold; 1 is not true, and "1" is neither."""
    return all(
        type(there := value(row, name)) is type(expected) and there == expected for name, expected in conditions.items()
    )


def needed(row: Row, name: str) -> str:
    """A text that must be there, on one line and without what cannot be seen.

    Raises Unusable where there is none, and for what is no text: a version 1.10 written as a number has lost its end.
    """
    text = value(row, name)
    if text is not None and not isinstance(text, str):
        raise Unusable(f"has no text as `{name}`", f"{shown(text)}; put it in quotes")
    if not (words := visible(text or "")):
        raise Unusable(f"has no `{name}`")
    return words


def visible(words: str) -> str:
    """One line without control characters and marks of direction, and not too long."""
    seen = "".join(char if char.isprintable() else " " for char in words[: 4 * LONGEST])
    return " ".join(seen.split())[:LONGEST]


def shown(content: Any) -> str:
    """A value as it can be shown in a message."""
    if isinstance(content, dict | list):
        return "a list" if isinstance(content, list) else "an object"
    if isinstance(content, int) and abs(content) > 10**18:
        return "a huge number"
    short = visible(str(content))
    return short if len(short) <= 40 else short[:37] + "..."


def first_problem(error: ValidationError) -> str:
    """What a model says first against the values of a row."""
    return visible(error.errors()[0]["msg"].removeprefix("Value error, "))


def slug(words: str) -> str:
    """The words as an id: small letters, digits and single hyphens; empty where nothing is left."""
    return re.sub("[^a-z0-9]+", "-", words.lower()).strip("-")[:64].strip("-")


def label(row: Any, name: str | None, otherwise: str) -> str:
    """What to call a row, whatever it is: the text of a field, if there is one."""
    text = value(row, name) if isinstance(row, dict) else None
    return (visible(text) if isinstance(text, str) else "") or otherwise
