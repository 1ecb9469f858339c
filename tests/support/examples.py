"""How many examples hypothesis tries: a quarter by day, and by night (`make nightly`) as many as a test says."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

USUAL = 100
DAY, NIGHT = "day", "night"

for name, share in ((DAY, 4), (NIGHT, 1)):
    settings.register_profile(name, deadline=None, max_examples=USUAL // share)  # a busy machine is no failure


def examples(count: int, *, suppress: tuple[HealthCheck, ...] = ()) -> settings:
    """For a test that needs another number than the usual one."""
    share = settings().max_examples / USUAL
    return settings(max_examples=round(count * share), suppress_health_check=suppress)
