"""What people attest with their signature before a release goes out near an event, and what they are asked (R39)."""

from __future__ import annotations

from enum import StrEnum


class Fact(StrEnum):
    """What operations confirm before a release goes out near an event, each with its proof (R39)."""

    SUPPORT_STAFFING = "support-staffing"
    ALERT_ROUTING = "alert-routing"
    ROLLBACK_ARTIFACTS = "rollback-artifacts"

    @property
    def question(self) -> str:
        """What the signer is asked."""
        return _QUESTIONS[self]


_QUESTIONS = {
    Fact.SUPPORT_STAFFING: "Support is staffed for this release. Where does it say so?",
    Fact.ALERT_ROUTING: "Alerts reach the people on call. How do you know?",
    Fact.ROLLBACK_ARTIFACTS: "What a rollback needs is there and was tried. Where?",
}
