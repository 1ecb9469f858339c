"""Whether a change of content adds or raises what an event requires while the event's own freeze holds (R25, R28).

What an event requires is not stopped by its freeze. So inside a running freeze a new requirement would let a change
through that had to wait, unless people answer for it as they do for every other way through a freeze.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import ChangeClass
from publisher.model.content.requirement import RequiredVersion
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.gate_order import GATES

WAY_OUT = (
    "add an override of freeze.hard or freeze.soft for that version to content/overrides/, or wait for the end of the"
    " freeze"
)
"""What to do about it."""

FREEZES = frozenset(gate.id for gate in GATES if gate.freeze)


@dataclass(frozen=True)
class Raised:
    """A requirement that the content before did not have, or had lower."""

    event: Event
    required: RequiredVersion
    before: RequiredVersion | None
    """What was required of the same release line; None: nothing."""

    def __str__(self) -> str:
        was = f"instead of {self.before.at_least}" if self.before else "where it required nothing"
        line = f"{self.required.product} {self.required.channel}"
        return f"{self.event.id} now requires {line} {self.required.at_least} {was}, and its freeze has begun"


def raised(before: Catalog, after: Catalog, now: datetime) -> tuple[Raised, ...]:
    """Every requirement that is new or higher while the freeze of its event holds, by the content before.

    Where an override of a freeze that counts at `now` names the version, people have answered for it.
    """
    return tuple(
        Raised(event, required, known)
        for event in after.events
        if (was := before.event(event.id)) is not None
        for required, known in _new_or_higher(was, event)
        if _is_frozen(before, event, required, now) and not _is_overridden(after, required, now)
    )


def _new_or_higher(was: Event, event: Event) -> Iterator[tuple[RequiredVersion, RequiredVersion | None]]:
    for required in event.requires:
        line = [
            known
            for known in was.requires
            if (known.product, known.channel) == (required.product, required.channel)
            and (not known.audiences or set(required.audiences) & set(known.audiences))
        ]
        if not any(known.at_least >= required.at_least for known in line):
            yield required, max(line, key=lambda known: known.at_least, default=None)


def _is_frozen(catalog: Catalog, event: Event, required: RequiredVersion, now: datetime) -> bool:
    """Whether the event's own freeze holds for any kind of change of the product."""
    product = catalog.products.get(required.product)
    return product is not None and any(
        window.cause.id == event.id
        for change_class in ChangeClass
        for window in timeline(catalog, Subject.of(product, change_class)).holding(now)
    )


def _is_overridden(catalog: Catalog, required: RequiredVersion, now: datetime) -> bool:
    return any(
        (override.product, override.channel, override.version)
        == (required.product, required.channel, required.at_least)
        and override.approved_at <= now < override.expires
        and not FREEZES.isdisjoint(override.rules)
        for override in catalog.overrides
    )
