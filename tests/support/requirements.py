"""Requirements of events, as feeds write them."""

from __future__ import annotations

from typing import Any

NOW = "2027-01-15T00:00:00Z"
"""The moment that tests about them play at."""


def contract_closes(at_least: str = "5.0.0", **changes: Any) -> dict[str, Any]:
    """A date, 75 days from now."""
    return {
        "event": "contract-closes",
        "title": "The old payment contract closes",
        "at_least": at_least,
        "by": "2027-03-31T12:00:00Z",
        "runway_begins": "2027-03-03T12:00:00Z",
        "url": "https://updates.example/events/contract-closes/",
        **changes,
    }


def mainnet_upgrade(at_least: str = "5.0.0", **changes: Any) -> dict[str, Any]:
    """A block, expected a month from now; `changes` are those of the estimate."""
    estimate = {
        "kind": "block",
        "chain": "bttc",
        "height": 41_000_000,
        "seen": 39_000_000,
        "spacing_ms": 2000,
        "as_of": "2027-01-01T00:00:00Z",
        "earliest": "2027-02-15T00:00:00Z",
        "latest": "2027-02-18T00:00:00Z",
        "drift_seconds_per_day": 3600,
        "trusted_until": "2027-01-31T00:00:00Z",
    } | changes
    return {
        "event": "mainnet-upgrade",
        "title": "The mainnet upgrade",
        "at_least": at_least,
        "by": estimate["earliest"],
        "runway_begins": "2027-01-18T00:00:00Z",
        "estimate": estimate,
        "url": "https://updates.example/events/mainnet-upgrade/",
    }
