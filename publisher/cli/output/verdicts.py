"""How commands show what rules say."""

from __future__ import annotations

import shutil
import textwrap

import click

from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english

_COLOURS = {
    Outcome.PASS: "green",
    Outcome.PASS_OVERRIDDEN: "yellow",
    Outcome.WAITING: "yellow",
    Outcome.NEEDS_APPROVAL: "yellow",
    Outcome.UNKNOWN: "red",
    Outcome.BLOCKED: "red",
}


def terminal_width() -> int:
    """Columns of the terminal, but no more than are read with ease."""
    return min(shutil.get_terminal_size().columns, 100)


def verdict_lines(verdict: Verdict, width: int) -> list[str]:
    """One verdict as lines of at most `width` columns: its outcome and rule, and under them the rest in words."""
    word = verdict.outcome.value
    sign = click.style(f"{word:<15}", fg=_COLOURS.get(verdict.outcome), bold=verdict.outcome.stops)
    lines = [f"  {sign} {verdict.rule}"]
    named = (
        ("", verdict.reason),
        ("Until", english.moment(verdict.until) if verdict.until else ""),
        ("Length", verdict.arithmetic),
        ("Who", verdict.who),
        ("What helps", verdict.fix),
        ("Because of", ", ".join(verdict.sources)),
    )
    for name, text in named:
        if text:
            lines += wrapped(f"{name}: {text}" if name else text, width, indent=18)
    return lines


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """A text as lines; words that are longer than a line stay whole."""
    margin = " " * indent
    room = max(width - indent, 20)
    if text.isascii():
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    else:
        lines = _wrapped_by_cells(text, room)
    return [margin + line for line in lines]


def _wrapped_by_cells(text: str, room: int) -> list[str]:
    """The same for letters that take two columns, or none."""
    from rich.cells import cell_len, chop_cells  # noqa: PLC0415 - slow to load, and seldom needed

    lines: list[str] = []
    for word in text.split():
        # What is written without spaces is broken anywhere; a long address stays whole, so that it can be copied.
        for part in chop_cells(word, room) if cell_len(word) > max(room, len(word)) else [word]:
            if lines and cell_len(lines[-1]) + 1 + cell_len(part) <= room:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
    return lines
