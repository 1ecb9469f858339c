"""Names in reasons: events by their titles, or by neutral words where they are not public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from publisher.model.content.event import Event
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Ruling


def titled(events: Sequence[Event]) -> str:
    """The events by title, in quotes; of many the first two, and how many more there are."""
    return english.few([f'"{event.title}"' for event in events])


def neutral(events: Sequence[Event], now: datetime, what: str) -> str | None:
    """What the public reads where not all events are public: neutral titles, in quotes, and `what`; else None."""
    if all(event.is_public(now) for event in events):
        return None
    titles = [f'"{event.title if event.is_public(now) else event.public_title}"' for event in events]
    return f"{english.few(titles)}: {what}"


def about(
    events: Iterable[Event], now: datetime, outcome: Outcome, reason: str, *, public: str, who: str, fix: str
) -> Ruling:
    """A ruling that names events; `public` ends the neutral words for them, where not all of them are public."""
    events = list(dict.fromkeys(events))
    neutral_words = neutral(events, now, public)
    return Ruling(
        outcome,
        reason="" if neutral_words is None else reason,
        public=reason if neutral_words is None else neutral_words,
        who=who,
        fix=fix,
        sources=ids(events),
    )


def ids(events: Iterable[Event]) -> tuple[str, ...]:
    """Their ids, once each: what a verdict rests on."""
    return tuple(dict.fromkeys(event.id for event in events))
