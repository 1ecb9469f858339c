"""Words of the client's answers, which programs read (answer-1, readiness-1 and explanation-1 in schemas/)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome", "Readiness", "StepKind"]


class Outcome(StrEnum):
    """How the running version stands to what is published."""

    UPDATE_AVAILABLE = "update-available"
    UP_TO_DATE = "up-to-date"
    AHEAD = "ahead"
    HELD = "held"
    """A newer version is out, and somebody has put it on hold."""
    WITHDRAWN = "withdrawn"
    """Nobody should run the running version."""
    TAKEN_BACK = "taken-back"
    """The channel has taken the running version back, and no brakes withdraw it."""
    NOTHING_PUBLISHED = "nothing-published"


class Readiness(StrEnum):
    """How the running version stands to what events require, from the best to the worst."""

    READY = "ready"
    UPDATE = "update"
    HELD = "held"
    UNKNOWN = "unknown"
    TOO_LATE = "too-late"
    WITHDRAWN = "withdrawn"


class StepKind(StrEnum):
    """What one step of an explanation is about."""

    PUBLISHED = "published"
    NOTHING_PUBLISHED = "nothing-published"
    EXPIRED = "expired"
    """The signatures of the state, at the moment that is asked about."""
    BRAKES_EXPIRED = "brakes-expired"
    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken-back"
    BELOW_FLOOR = "below-floor"
    HELD = "held"
    NOT_NEWER = "not-newer"
    FREEZE = "freeze"
    RAMP = "ramp"
    REQUIRED = "required"
