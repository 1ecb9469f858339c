"""Whether a change of content shortens a freeze that has begun, without saying so (R25, R98).

Policies and events keep what held before (`content/policies/`, `revisions:`), and then a freeze runs to its end. A
change that forgot to is found by comparing the content before and after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass
from publisher.rules import english
from publisher.rules.freeze.matrix import TESTED_ENOUGH, Subject
from publisher.rules.freeze.timeline import Timeline, tested_limits, timeline, timeline_without
from publisher.rules.freeze.windows import Window
from publisher.rules.requirements.required import requirements_of


@dataclass(frozen=True)
class Loosened:
    """A freeze that held and would end earlier."""

    product: str
    classes: tuple[ChangeClass, ...]
    hardness: str
    was: datetime
    """When it would have ended."""
    now_is: datetime
    """When it ends after the change; the moment of the question where it ends at once."""
    cause: str
    """Id of the event or sprint freeze that had held it last."""
    required_by: str | None = None
    """Id of the event whose own freeze would take its place, and does not stop what the event requires; None: none."""

    def __str__(self) -> str:
        whose = f" for what {self.required_by} requires" if self.required_by else ""
        return (
            f"the {self.hardness} freeze for {english.listed(self.classes)} of {self.product} has begun, and would end"
            f"{whose} on {english.moment(self.now_is)} instead of {english.moment(self.was)}"
        )


def loosened(before: Catalog, after: Catalog, now: datetime) -> tuple[Loosened, ...]:
    """Every freeze that holds at `now` by the content before and ends earlier by the content after.

    The freeze of an event does not stop what the event requires, so it takes the place of no other freeze there.
    """
    classes_by_freeze: dict[tuple[str, str, datetime, datetime, str, str | None], list[ChangeClass]] = {}
    # A policy may tell well tested releases from others, so each length of testing that either tells is asked about.
    tests = sorted({TESTED_ENOUGH, timedelta(), *tested_limits(before), *tested_limits(after)}, reverse=True)
    for product in before.products.values():
        kept = after.products.get(product.id)
        for change_class in ChangeClass:
            was, is_now = Subject.of(product, change_class), kept and Subject.of(kept, change_class)
            reported: set[str] = set()
            for tested in tests:
                old = timeline(before, replace(was, tested=tested))
                # Of a product that is gone, or has another id, nothing is frozen any more.
                new = timeline(after, replace(is_now, tested=tested)) if is_now else Timeline(())
                pairs: list[tuple[Timeline, Timeline, str | None]] = [(old, new, None)]
                for event in _lifting(after, product.id, new, now):
                    others = timeline_without(after, replace(is_now or was, tested=tested), event)
                    pairs.append((timeline_without(before, replace(was, tested=tested), event), others, event))
                for old, new, required_by in pairs:
                    for hardness, last, ends in _earlier(old, new, now):
                        if hardness not in reported:  # what ends earlier for the best tested is not told for others
                            reported.add(hardness)
                            key = (product.id, hardness, last.end, ends, last.cause.id, required_by)
                            classes_by_freeze.setdefault(key, []).append(change_class)
    return tuple(
        Loosened(product, tuple(classes), hardness, ended, ends, cause, required_by)
        for (product, hardness, ended, ends, cause, required_by), classes in classes_by_freeze.items()
    )


def _lifting(catalog: Catalog, product: str, frozen: Timeline, now: datetime) -> list[str]:
    """Ids of the events whose freeze holds at `now` and does not stop the version of the product that they require."""
    channels = catalog.products[product].channels if product in catalog.products else ()
    requiring = {each.event.id for channel in channels for each in requirements_of(catalog, product, channel)}
    return sorted(requiring & {window.cause.id for window in frozen.holding(now)})


def _earlier(old: Timeline, new: Timeline, now: datetime) -> Iterator[tuple[str, Window, datetime]]:
    """How hard, the window that held last, and when it ends instead."""
    for hardness, before, after in (("hard", old.hard, new.hard), ("soft", old.soft_stopping, new.stopping)):
        # Only windows that have begun count: what was to follow them may go with the event.
        last = max(before.holding(now), key=lambda window: window.end, default=None)
        ends = after.until(now) or now
        if last is not None and ends < last.end:
            yield hardness, last, ends
