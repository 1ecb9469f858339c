"""How commands show what rules say."""

from __future__ import annotations

import shutil
import textwrap

import click

from publisher.model.decision import Outcome, Verdict
from publisher.rules import words

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
        ("Until", words.moment(verdict.until) if verdict.until else ""),
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
    return textwrap.wrap(
        text,
        max(width, indent + 20),
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
