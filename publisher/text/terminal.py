"""Text on a terminal: lines that break between words, and never inside a command or what is marked as whole."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable

_NO_BREAK = "\u00a0"

_WHOLE = re.compile(
    r"`[^`\n]{1,60}`"
    r"|\bpublish (?:keys |bucket |import )?[a-z]+"
    r"(?: (?:--[a-z-]+(?: [\w@:/.+=-]*\w)?|[\w.-]*[@:/][\w@:/.+-]*\w|[A-Z]{2,}[A-Z@_-]*))*"
)
"""What is copied as it stands: code in backticks, and commands of ours."""


def terminal_width(widest: int = 100) -> int:
    """Columns of the terminal, but no more than are read with ease."""
    return min(shutil.get_terminal_size().columns, widest)


def whole(text: object) -> str:
    """A path or a command, marked so that no line is broken in it."""
    return str(text).replace(" ", _NO_BREAK)


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """A text as lines; words that are longer than a line stay whole."""
    margin = " " * indent
    room = max(width - indent, 20)
    text = _WHOLE.sub(lambda match: whole(match[0]), text)
    if text.replace(_NO_BREAK, "").isascii():
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    else:
        lines = _wrapped_by_cells(text, room)
    return [margin + line.replace(_NO_BREAK, " ") for line in lines]


def hanging(label: str, text: str, width: int, indent: int) -> list[str]:
    """A label, and beside it a text whose lines all begin after `indent` columns."""
    first, *more = wrapped(text, width, indent)
    return [f"{label:<{indent}}{first.strip()}", *more]


def error_lines(text: str, width: int, names: Iterable[str] = ()) -> list[str]:
    """What an error says and its fix, wrapped; `names` are words of the command line that stay whole."""
    for name in names:
        text = text.replace(name, whole(name))
    lines: list[str] = []
    for line in text.split("\n"):
        words = line.lstrip(" ")
        margin = " " * (len(line) - len(words))
        indent = len(margin) + (3 if words.startswith("-> ") else 2 if margin else 0)
        first, *more = wrapped(words, width, indent) or [""]
        lines += [margin + first.strip(), *more]
    return lines


def versions(roles: Iterable[tuple[str, int]]) -> str:
    """targets version 2, snapshot version 3"""
    return ", ".join(f"{role} version {number}" for role, number in roles)


def _wrapped_by_cells(text: str, room: int) -> list[str]:
    """The same for letters that take two columns, or none."""
    from rich.cells import cell_len, chop_cells  # noqa: PLC0415 - slow to load, and seldom needed

    lines: list[str] = []
    for word in re.findall(rf"[^\s{_NO_BREAK}]+(?:{_NO_BREAK}+[^\s{_NO_BREAK}]+)*", text):
        # What is written without spaces is broken anywhere; a long address stays whole, so that it can be copied.
        for part in chop_cells(word, room) if cell_len(word) > max(room, len(word)) else [word]:
            if lines and cell_len(lines[-1]) + 1 + cell_len(part) <= room:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
    return lines
