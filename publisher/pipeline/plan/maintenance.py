"""`publish maintenance`: every planned window, and whether it may take place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules.evaluate import worst
from publisher.rules.maintenance.judge import judge
from publisher.rules.staffing.local_time import local
from publisher.rules.staffing.occurrences import Occurrence, occurrences


@dataclass(frozen=True)
class PlannedWindow:
    """A window with what the rules say of it."""

    window: Occurrence
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        return worst(self.verdicts)

    @property
    def local(self) -> str | None:
        """Its hours by the clocks of its slot; None for a window that happens once, which is planned in UTC."""
        slot = self.window.maintenance.repeats
        return None if slot is None else local(self.window.span, slot.zone)


def planned_windows(
    catalog: Catalog, start: datetime, end: datetime, product: str | None = None
) -> list[PlannedWindow]:
    """Every window that overlaps [start, end), by start, with what the rules say of it."""
    windows = [
        window
        for maintenance in catalog.maintenance
        if product in (None, maintenance.product)
        for window in occurrences(maintenance, start, end)
    ]
    windows.sort(key=lambda window: (window.start, window.maintenance.id))
    return [PlannedWindow(window, judge(catalog, window.maintenance, window.start)) for window in windows]
