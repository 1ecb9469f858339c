"""Gate profiles: `team` asks for everything, `solo` for what one person can prove (policy.yaml, `profile`)."""

from __future__ import annotations

from publisher.model.content.policy import Policy
from publisher.model.records.decision import Outcome, Verdict

TEAM_ONLY = frozenset(
    {
        "changes.class",
        "freeze.monitors",
        "risk.scenario",
        "risk.named",
        "risk.comms-lead",
        "calendar.review",
        "environment.coverage",
        "maintenance.window",
        "maintenance.coverage",
    }
)
"""Rules that ask for people or work that one person does not have. What fails closed, what users need to be told and
what costs one line is asked of everybody."""


def not_required(rule: str, policy: Policy) -> Verdict | None:
    """The verdict of a rule that the policy's profile does not ask for, never a pass; None where it asks."""
    if policy.profile == "team" or rule not in TEAM_ONLY:
        return None
    return Verdict(
        rule=rule, outcome=Outcome.NOT_APPLICABLE, reason=f"Not required by policy profile {policy.profile}."
    )
