"""Whether a change of content adds or changes what an event requires while the event's own freeze holds (R25, R28).

What an event requires is not stopped by its freeze. So inside a running freeze a new requirement, another version, or a
moment that is to come once more would let a change through that had to wait, unless people answer for it as they do
for every other way through a freeze.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.release import ChangeClass
from publisher.model.content.requirement import RequiredVersion
from publisher.rules.engine.gate import Gate
from publisher.rules.engine.overrides import policy_lack
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.freeze.windows import Hardness
from publisher.rules.gates.environment import hard_freeze, soft_freeze
from publisher.rules.requirements.required import EventRequirement

WAY_OUT = (
    "add an override of freeze.hard or freeze.soft for that version to content/overrides/, or wait for the end of the"
    " freeze"
)
"""What to do about it."""


@dataclass(frozen=True)
class Raised:
    """A requirement that lets through what the content before stopped."""

    event: Event
    required: RequiredVersion
    before: RequiredVersion | None
    """What was required of the same release line; None: nothing."""

    def __str__(self) -> str:
        line = f"{self.required.product} {self.required.channel}"
        if self.before is None:
            was = "where it required nothing"
        elif self.before.at_least == self.required.at_least:
            was = "at a later moment than before, which had passed"
        else:
            was = f"instead of {self.before.at_least}"
        return f"{self.event.id} now requires {line} {self.required.at_least} {was}, and its freeze has begun"


def raised(before: Catalog, after: Catalog, now: datetime) -> tuple[Raised, ...]:
    """Every requirement that is new, of another version or to come once more while the freeze of its event holds.

    That is by the content before; an event that it did not have, or had no freeze of, is for `loosened`. Where an
    override of that freeze that counts at `now` names the version, people have answered for it.
    """
    return tuple(
        Raised(event, required, known)
        for event in after.events
        if (was := before.event(event.id)) is not None
        for required, known in _changed(before, was, after, event, now)
        if (freeze := _freeze(before, event, required, now)) and not _is_overridden(after, required, freeze, now)
    )


def _changed(
    before: Catalog, was: Event, after: Catalog, event: Event, now: datetime
) -> Iterator[tuple[RequiredVersion, RequiredVersion | None]]:
    for required in event.requires:
        line = [
            known
            for known in (was.requires if was.status != "cancelled" else ())
            if (known.product, known.channel) == (required.product, required.channel)
            and (not known.audiences or set(required.audiences) & set(known.audiences))
        ]
        same = [known for known in line if known.at_least == required.at_least]
        reopened = _to_come(after, event, required, now) and not any(
            _to_come(before, was, known, now) or _is_met(before, known, now) for known in same
        )
        if not same or reopened:
            yield required, max(same or line, key=lambda known: known.at_least, default=None)


def _to_come(catalog: Catalog, event: Event, required: RequiredVersion, now: datetime) -> bool:
    return now < EventRequirement(event, required).due(catalog.policy_at(now))


def _is_met(catalog: Catalog, required: RequiredVersion, now: datetime) -> bool:
    """Whether something that was published meets it, so that it lets nothing else through."""
    current = catalog.current(required.product, required.channel, now, frozenset())
    return current is not None and current.version >= required.at_least


def _freeze(catalog: Catalog, event: Event, required: RequiredVersion, now: datetime) -> Gate | None:
    """The gate of the hardest of the event's own freezes that hold for any kind of change of the product."""
    product = catalog.products.get(required.product)
    hardness = {
        window.hardness
        for change_class in ChangeClass
        if product is not None
        for window in timeline(catalog, Subject.of(product, change_class)).holding(now)
        if window.cause.id == event.id
    }
    if Hardness.HARD in hardness:
        return hard_freeze.GATE
    return soft_freeze.GATE if hardness else None


def _is_overridden(catalog: Catalog, required: RequiredVersion, freeze: Gate, now: datetime) -> bool:
    """Whether an override that counts lets the version pass this freeze."""
    return any(
        (override.product, override.channel, override.version)
        == (required.product, required.channel, required.at_least)
        and override.approved_at <= now < override.expires
        and freeze.id in override.rules
        and policy_lack(catalog.policy_at(now), freeze, override) is None
        for override in catalog.overrides
    )
