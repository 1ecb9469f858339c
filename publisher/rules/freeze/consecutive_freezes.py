"""Freezes that follow one another without a gap count as one wait, and are named as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.rules import english
from publisher.rules.freeze.timeline import Part
from publisher.rules.freeze.windows import Window


@dataclass(frozen=True)
class Stretch:
    """Freezes that follow one another without a gap."""

    windows: tuple[Window, ...]
    """The first of them."""
    until: datetime
    """The end of all of them."""

    @property
    def named(self) -> str:
        """What they are around, by title, in quotes."""
        return self._listed([f'"{window.cause.title}"' for window in self.windows])

    def neutrally_named(self, now: datetime) -> str | None:
        """The same with neutral words for what is not public; None where all of it is."""
        causes = {window.cause.id: window.cause for window in self.windows}.values()
        if all(cause.is_public(now) for cause in causes):
            return None
        titles = dict.fromkeys(f'"{c.title if c.is_public(now) else c.public_title}"' for c in causes)
        return self._listed(list(titles))

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of what they are around, once each."""
        return tuple(dict.fromkeys(window.cause.id for window in self.windows))

    def _listed(self, names: Sequence[str]) -> str:
        if self.windows[-1].end < self.until:
            return english.listed([*list(dict.fromkeys(names))[:2], "others"])
        return english.few(names)


def stretch(part: Part, now: datetime) -> Stretch | None:
    """The freezes of a part that hold at a moment, and those that follow at once; None where none holds."""
    until = part.until(now)
    return None if until is None else Stretch(part.stretch(now), until)
