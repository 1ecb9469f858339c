"""What was probably meant by a word that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known words, or all of them when they are few."""
    choices = sorted(known)
    plain = {choice.lower(): choice for choice in choices}
    if close := get_close_matches(word.lower(), plain, n=1, cutoff=0.6) or _in_part(word.lower(), plain):
        return f"did you mean {plain[close[0]]}?"
    if not choices:
        return "none are known yet"
    return "known: " + ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")


def _in_part(word: str, choices: Iterable[str]) -> list[str]:
    """The one choice that the word is a part of, or begins with: hard -> freeze.hard, monday -> mon."""
    fitting = [
        choice
        for choice in choices
        if word in re.split(r"[.-]", choice) or (len(choice) > 2 and word.startswith(choice))
    ]
    return fitting if len(fitting) == 1 else []
