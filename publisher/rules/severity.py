"""How severe an event is, with what people have accepted of its signals (R12, R15, R84)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.event import Event


def effective_severity(catalog: Catalog, event: Event) -> int:
    """The event's own severity or the highest that an accepted signal proposes; a signal never lowers it."""
    if "accepted signals" not in catalog.memo:
        proposed: dict[str, int] = {}
        for signal in catalog.signals:
            if signal.accepted is not None and signal.speaks:
                proposed[signal.event] = max(proposed.get(signal.event, 0), signal.proposes.score)
        catalog.memo["accepted signals"] = proposed
    accepted: dict[str, int] = catalog.memo["accepted signals"]
    return max(event.severity.score, accepted.get(event.id, 0))
