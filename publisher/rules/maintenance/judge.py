"""Whether a window of planned maintenance may take place: short, away from users and events, with people (R60-R65).

A window is judged for the moment at which it begins, and not for the moment of asking; so what is said of an event
that was embargoed is never for the public.
"""

from __future__ import annotations

from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.model.content.maintenance import Maintenance
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.visibility import Visibility
from publisher.rules import english
from publisher.rules.maintenance import coverage, eve, freeze, length, night, peak
from publisher.rules.maintenance.condition import WindowCondition
from publisher.rules.staffing.occurrences import Occurrence

CONDITIONS: tuple[WindowCondition, ...] = (
    peak.CONDITION,
    freeze.CONDITION,
    eve.CONDITION,
    coverage.CONDITION,
    length.CONDITION,
    night.CONDITION,
)
"""Every condition, in the order in which verdicts are shown."""


def judge(catalog: Catalog, maintenance: Maintenance, occurrence_start: datetime) -> tuple[Verdict, ...]:
    """What every condition says of the window that begins at `occurrence_start`; the worst outcome is the answer.

    The maintenance's product must be in the catalog. Worked out once for each catalog and window.
    """
    return catalog.remember(_verdicts, Occurrence(maintenance, occurrence_start))


def _verdicts(catalog: Catalog, window: Occurrence) -> tuple[Verdict, ...]:
    return tuple(_approved(window.maintenance, each.verdict(catalog, window)) for each in CONDITIONS)


def may_take_place(catalog: Catalog, window: Occurrence) -> bool:
    """Whether no condition stops the window."""
    return not any(verdict.outcome.stops for verdict in judge(catalog, window.maintenance, window.start))


def _approved(maintenance: Maintenance, verdict: Verdict) -> Verdict:
    """What needs an approval passes with one, and says so."""
    given = maintenance.approval
    if verdict.outcome is not Outcome.NEEDS_APPROVAL or given is None:
        return verdict
    approved = f" It was approved on {english.moment(given.at)}"
    public = verdict.public_reason
    if public is None and maintenance.visibility is not Visibility.PUBLIC:
        public = verdict.reason
    return verdict.model_copy(
        update={
            "outcome": Outcome.PASS_OVERRIDDEN,
            "reason": f"{verdict.reason}{approved}: {given.because}",
            "public_reason": public and f"{public}{approved}.",
            "who": "",
            "fix": "",
        }
    )
