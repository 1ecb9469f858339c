"""How commands show what rules say."""

from __future__ import annotations

import click

from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.text.terminal import wrapped
from publisher.wire.errors import printable

_COLOURS = {
    Outcome.PASS: "green",
    Outcome.PASS_OVERRIDDEN: "yellow",
    Outcome.WAITING: "yellow",
    Outcome.NEEDS_APPROVAL: "yellow",
    Outcome.UNKNOWN: "red",
    Outcome.BLOCKED: "red",
}


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
        ("What to do", verdict.fix),
        ("Because of", ", ".join(verdict.sources)),
    )
    for name, text in named:
        if text:
            lines += wrapped(printable(f"{name}: {text}" if name else text), width, indent=18)
    return lines
