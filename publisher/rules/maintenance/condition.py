"""A condition that a window of planned maintenance has to meet, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from publisher.model.catalog import Catalog
from publisher.model.content.policy import MaintenancePolicy
from publisher.model.records.decision import Verdict
from publisher.rules.engine.gate import EVERYBODY, Ruling, not_asked
from publisher.rules.staffing.occurrences import Occurrence


@dataclass(frozen=True)
class WindowCondition:
    """One condition. It stands in a file of its own, and in the list of `judge`."""

    id: str
    """Such as maintenance.peak."""
    ask: Callable[[Catalog, Occurrence], Ruling]
    """Pure; judges the moment at which the window begins."""
    profiles: frozenset[str] = EVERYBODY
    """The profiles of the policy under which it is asked at all."""

    def verdict(self, catalog: Catalog, window: Occurrence) -> Verdict:
        """What it says, or that the policy's profile does not ask for it."""
        policy = catalog.policy_at(window.start)
        return (not_asked(policy, self.profiles) or self.ask(catalog, window)).verdict(self.id)


def policy_of(catalog: Catalog, window: Occurrence) -> MaintenancePolicy:
    """The limits that are in force when the window begins."""
    return catalog.policy_at(window.start).maintenance
