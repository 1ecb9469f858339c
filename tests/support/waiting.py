"""Time that passes only when somebody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from publisher.client.network.patience import PATIENCE, ServerPatience

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Waiting:
    """A clock, and a sleep that moves it on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def patience(self, *, chance: float = 0.0, seconds: float = PATIENCE) -> ServerPatience:
        """ServerPatience that takes no time."""
        return ServerPatience(self.clock, self.sleep, lambda: chance, seconds)
