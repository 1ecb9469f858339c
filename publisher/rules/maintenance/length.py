"""A window is short rather than heroic, and shorter where data suffers (R63, R65)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.content.maintenance import Degree
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Ruling
from publisher.rules.maintenance.condition import WindowCondition, policy_of
from publisher.rules.staffing.occurrences import Occurrence


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether the window is longer than may be without an approval."""
    policy, maintenance = policy_of(catalog, window), window.maintenance
    suffers = maintenance.impact.data is not Degree.NONE
    limit = policy.longest_with_data if suffers else policy.longest
    where = " if it affects seeding, sync or storage" if suffers else ""
    if maintenance.length > limit:
        return Ruling(
            Outcome.NEEDS_APPROVAL,
            public=f"It lasts {english.length(maintenance.length)}."
            f" A window of more than {english.length(limit)} needs an approval{where}.",
            who="Operations",
            fix="Split it into shorter windows, or have it approved, and record that under `approval`.",
        )
    advice = "" if maintenance.repeats else " Consider a weekly slot, which users can get used to."
    return Ruling(
        Outcome.PASS,
        public=f"It lasts {english.length(maintenance.length)}."
        f" Up to {english.length(limit)} is allowed{where}.{advice}",
    )


CONDITION = WindowCondition("maintenance.length", ask)
