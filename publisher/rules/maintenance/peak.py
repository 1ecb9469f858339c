"""No maintenance while many users are there, unless somebody says why it must be (R60)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.model.visibility import Visibility
from publisher.rules.engine.gate import Ruling
from publisher.rules.maintenance.condition import WindowCondition, policy_of
from publisher.rules.staffing import usage
from publisher.rules.staffing.occurrences import Occurrence


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether the busiest hour of the window is one with few users, or a reason is given."""
    product = catalog.products[window.maintenance.product]
    if not product.usage:
        return Ruling(
            Outcome.UNKNOWN,
            public=f"The busy hours of {product.name} are not known.",
            who="Operations",
            fix="Add `usage` to the product in products.yaml.",
        )
    limit = policy_of(catalog, window).busy_percent
    moment, percent = usage.busiest(product.usage, window.start, window.end)
    if percent < limit:
        return Ruling(
            Outcome.PASS,
            public=f"It has at most {percent} % of the users of the busiest hour; an hour is busy from {limit} %.",
        )
    many = f"{moment:%H:%M} UTC has {percent} % of the users of the busiest hour"
    if window.maintenance.peak_because is not None:
        because = f"It is at a busy hour: {many}. The reason: {window.maintenance.peak_because}"
        if window.maintenance.visibility is Visibility.PUBLIC:
            return Ruling(Outcome.PASS, public=because)
        later = "It is at a busy hour, for a reason that will be published later."
        return Ruling(Outcome.PASS, reason=because, public=later)
    return Ruling(
        Outcome.BLOCKED,
        public=f"It is at a busy hour: {many}, and an hour is busy from {limit} %.",
        who="Operations",
        fix="Choose a quieter hour, or give the reason in `peak_because`.",
    )


CONDITION = WindowCondition("maintenance.peak", ask)
