"""Every gate, in the order in which verdicts are shown. A new one is its file, its test, and its line here."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.rules.engine.gate import Gate
from publisher.rules.gates.environment import (
    assumptions,
    calendar_review,
    comms_lead,
    estimate,
    hard_freeze,
    hotfix,
    maintenance_window,
    monitors,
    named_risks,
    overdue_fix,
    rollout_pattern,
    runway,
    scenario,
    score,
    signal,
    soft_freeze,
    staffing,
)
from publisher.rules.gates.technical import artifacts, audit, change_class, channel, plane_order, version, withdrawn

GATES: tuple[Gate, ...] = (
    channel.GATE,
    version.GATE,
    artifacts.GATE,
    withdrawn.GATE,
    audit.GATE,
    change_class.GATE,
    hard_freeze.GATE,
    soft_freeze.GATE,
    monitors.GATE,
    hotfix.GATE,
    overdue_fix.GATE,
    runway.GATE,
    score.GATE,
    estimate.GATE,
    signal.GATE,
    scenario.GATE,
    named_risks.GATE,
    comms_lead.GATE,
    assumptions.GATE,
    rollout_pattern.GATE,
    plane_order.GATE,
    calendar_review.GATE,
    staffing.GATE,
    maintenance_window.GATE,
)

BY_ID: Mapping[str, Gate] = {gate.id: gate for gate in GATES}
