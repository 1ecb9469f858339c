"""Parts of sentences that several answers share. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

__all__ = ["listed", "time_text"]


def time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def listed(names: Sequence[str]) -> str:
    """Ana, Ben and Eva."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
