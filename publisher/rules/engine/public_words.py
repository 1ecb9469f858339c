"""Names in reasons: the ids of all rules, and events by their titles, or by neutral words where they are not public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from publisher.model.content.event import Event
from publisher.rules import english

RULE_IDS = (
    "integrity.channel",
    "integrity.version",
    "integrity.artifacts",
    "integrity.withdrawn",
    "changes.class",
    "freeze.hard",
    "freeze.soft",
    "freeze.monitors",
    "urgency.hotfix",
    "urgency.delay",
    "risk.score",
    "risk.estimate",
    "risk.signal",
    "risk.scenario",
    "risk.named",
    "risk.comms-lead",
    "risk.assumptions",
    "pattern.fits",
    "planes.order",
    "calendar.review",
    "environment.coverage",
    "maintenance.window",
)
"""Every rule, in the order in which verdicts are shown; overrides and documentation name them, so they never change."""


def titled(events: Sequence[Event]) -> str:
    """The events by title, in quotes; of many the first two, and how many more there are."""
    return few([f'"{event.title}"' for event in events])


def neutral(events: Sequence[Event], now: datetime, what: str) -> str | None:
    """What the public reads where not all events are public: neutral titles, in quotes, and `what`; else None."""
    if all(event.is_public(now) for event in events):
        return None
    titles = [f'"{event.title if event.is_public(now) else event.public_title}"' for event in events]
    return f"{few(titles)}: {what}"


def ids(events: Iterable[Event]) -> tuple[str, ...]:
    """Their ids, once each: what a verdict rests on."""
    return tuple(dict.fromkeys(event.id for event in events))


def few(names: Sequence[str]) -> str:
    """All names of a short list, once each; of a long one the first two and how many more there are."""
    once = list(dict.fromkeys(names))
    return english.listed(once if len(once) <= 3 else [*once[:2], f"{len(once) - 2} more"])


def sentences(all_of_them: Sequence[str]) -> str:
    """The sentences of a short list; of a long one the first two, and how many more there are."""
    if len(all_of_them) <= 3:
        return " ".join(all_of_them)
    return " ".join([*all_of_them[:2], f"The same goes for {len(all_of_them) - 2} more."])
