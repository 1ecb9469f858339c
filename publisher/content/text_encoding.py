"""Bytes of a content file -> text, without what nobody sees: other encodings, invisible characters, half a merge."""

from __future__ import annotations

import re

from publisher.errors import Place, Problem
from publisher.wire.plain_text import find_hidden, name_of

MAX_BYTES = 256 * 1024
"""No content file is larger."""


_ODD = re.compile(r"(?P<quote>[\u2018-\u201f\u00ab\u00bb\u2039\u203a])|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


class Refused(Exception):
    """A problem after which the rest of a file tells nothing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


_MERGE = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|$)", re.MULTILINE)
"""What git leaves at the beginning of a line where two people have changed the same thing."""


def text_of(content: bytes, file: str, smaller: str = "split it, or check that it is the right file") -> str:
    """The text of a file. `smaller` says what to do about one that is too large. Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused(Problem(f"the file is larger than {MAX_BYTES // 1024} KiB", Place(file), smaller))
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        place = Place(file, line, column)
        raise Refused(Problem("is not UTF-8 text", place, "save the file as UTF-8")) from None
    if (at := find_hidden(text)) is not None:
        raise Refused(
            Problem(f"contains {name_of(text[at])}", _position(file, text, at), "delete it, or retype this line")
        )
    if match := _MERGE.search(text):
        what = f"an unfinished merge left {match[1]} here"
        fix = "keep one version, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>"
        raise Refused(Problem(what, _position(file, text, match.start()), fix))
    return text


def odd_character(text: str) -> tuple[int, str, str] | None:
    """Where a text holds a character that is fine in a sentence and hardly meant elsewhere, its name, and what to do.

    Word processors and chat programs put such quotes and spaces in the place of plain ones.
    """
    if (match := _ODD.search(text)) is None:
        return None
    code = f"U+{ord(match[0]):04X}"
    if match["quote"]:
        return match.start(), f"a typographic quote ({code})", "replace it with a straight quote"
    kind = "a no-break space" if match[0] in "\u00a0\u202f" else "a special space"
    return match.start(), f"{kind} ({code})", "replace it with a plain space"


def _position(file: str, text: str, index: int) -> Place:
    return Place(file, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
