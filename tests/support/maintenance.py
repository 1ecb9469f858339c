"""Windows of maintenance in a quiet catalog, and what one rule says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.config.staffing import Staffing
from publisher.model.content.maintenance import Maintenance
from publisher.model.records.decision import Verdict
from publisher.rules.maintenance.judge import judge
from publisher.rules.staffing.occurrences import upcoming
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
CONFERENCE = build.event("2026-03-10 09:00", "2026-03-11 18:00", type="conference", severity=build.severity(2))
EVENING = "2026-03-09 19:00"
QUIET = "2026-03-05 09:00"


def calm(hour: int = 20) -> list[dict[str, Any]]:
    """Users who are there at one hour of the day in Lisbon and mostly away at others."""
    weights = [100 if one == hour else 10 for one in range(24)]
    return [{"region": "Europe", "zone": "Europe/Lisbon", "share": 100, "weights": weights}]


def catalog(
    *maintenance: Maintenance, staffing: Staffing | None = None, profile: str = "team", **policy: Any
) -> Catalog:
    """A catalog with the conference, in which everybody is there around the clock unless told otherwise."""
    whole = build.catalog([CONFERENCE], maintenance=maintenance, staffing=staffing or around_the_clock())
    rules = whole.policy.model_copy(
        update={"profile": profile, "maintenance": whole.policy.maintenance.model_copy(update=policy)}
    )
    products = {**whole.products, "daemon": build.product("daemon", usage=calm())}
    return replace(whole, policy=rules, products=products)


def around_the_clock() -> Staffing:
    """Three people on call who follow the sun, so that nobody works at night."""
    zones = (("Asia/Singapore", "Mia"), ("Europe/Lisbon", "Ana"), ("America/Los_Angeles", "Joe"))
    return build.staffing(*(build.shift(zone=zone, hours="08:00-17:00", people=[name]) for zone, name in zones))


def verdict(rule: str, one: Maintenance, given: Catalog | None = None) -> Verdict:
    """What one rule says of the first window."""
    window = next(upcoming(one, at("2026-01-01")))
    every = judge(given or catalog(one), one, window.start)
    return next(found for found in every if found.rule == f"maintenance.{rule}")


def moved(moment: str, seconds: int) -> str:
    return f"{at(moment) + seconds * SECOND:%Y-%m-%d %H:%M:%S}"


def on_call(*zones: str) -> Staffing:
    """One person on call, around the clock, with a shift in each of the zones."""
    return build.staffing(*(build.shift(zone=zone) for zone in zones))
