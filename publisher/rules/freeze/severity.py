"""How severe an event is taken to be: what people scored, raised by signals that people accepted (R12, R84)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event


def effective_severity(catalog: Catalog, event: Event) -> int:
    """The highest of the event's own severity, 1 to 5, and what its accepted signals propose; never lower than its own.

    An accepted signal counts when its value falls again too, since a freeze must not get shorter by itself (R25).
    """
    return max(event.severity.score, catalog.remember(_accepted).get(event.id, 1))


def _accepted(catalog: Catalog) -> dict[str, int]:
    """By event id, the highest severity of its accepted signals."""
    accepted: dict[str, int] = {}
    for signal in catalog.signals:
        if signal.accepted is not None:
            accepted[signal.event] = max(accepted.get(signal.event, 1), signal.proposes.score)
    return accepted


def risk_index(catalog: Catalog, event: Event) -> int:
    """1 (calm) to 25: the severity that counts, times the lack of time, which is 6 minus the lead time (R15)."""
    return effective_severity(catalog, event) * (6 - event.lead_time.score)
