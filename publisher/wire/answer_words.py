"""Words of the client's answers, which programs read (schemas/answer-1.json, schemas/readiness-1.json)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome", "Readiness"]


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
