"""On-call, comms and support are there during maintenance, and for the first day after it (R62)."""

from __future__ import annotations

from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Ruling
from publisher.rules.maintenance.condition import WindowCondition, policy_of
from publisher.rules.staffing.coverage import DUTIES, lacking, missing
from publisher.rules.staffing.occurrences import Occurrence


def ask(catalog: Catalog, window: Occurrence) -> Ruling:
    """Whether every duty is staffed from the start of the window until some time after it."""
    length_after = policy_of(catalog, window).after
    after = english.length(length_after)
    gaps = missing(catalog, DUTIES, window.start, window.end + length_after)
    if not gaps:
        return Ruling(
            Outcome.PASS,
            public=f"{english.listed(DUTIES).capitalize()} are staffed during it and for {after} after it.",
        )
    return Ruling(
        Outcome.BLOCKED,
        reason=f"{lacking(catalog, gaps)}. {english.listed(DUTIES).capitalize()} must be staffed"
        f" from its start until {after} after its end.",
        public="It waits until the people who may be needed are on duty.",
        who="Operations",
        fix="Choose a time at which all duties are staffed, or fill the gaps in staffing.yaml.",
    )


CONDITION = WindowCondition("maintenance.coverage", ask, profiles=TEAM)
