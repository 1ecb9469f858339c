"""`check` says early that a required version will not be out in time (R28)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.model.content.release import Release
from publisher.rules.lint.requirements import late_requirements, too_many_requirements
from publisher.wire.requirement import MOST
from tests.support import build
from tests.support.build import at

UPGRADE = build.event(
    "2026-03-31 12:00",
    "2026-03-31 18:00",
    id="upgrade",
    type="mainnet-upgrade",
    requires=[{"product": "daemon", "channel": "beta", "at_least": "5.0.0-rc.1"}],
)
"""The last safe date is 10 March, 12:00."""


def release(version: str, **fields: Any) -> Release:
    return build.release(version, "protocol", **fields)


def advice(*releases: Release, now: str = "2026-02-01") -> list[tuple[str, str, str]]:
    catalog = build.catalog([UPGRADE], releases)
    return [(lint.about, lint.what, lint.fix) for lint in late_requirements(catalog, at(now), timedelta(days=90))]


SAFE = "Tuesday 10 March 2026, 12:00 UTC, the last safe date"
REQUIRES = "it requires daemon 5.0.0-rc.1 in beta by 31 March 2026, and"


@pytest.mark.parametrize(
    ("known", "what", "fix"),
    [
        ((), "no release meets that", f"add releases/daemon/5.0.0-rc.1.yaml, to ship by {SAFE}"),
        (
            (release("5.0.0-rc.1", shipped_at="2026-01-15T00:00:00Z"),),
            "there are only pre-releases (5.0.0-rc.1), which do not count",
            f"add releases/daemon/5.0.0-rc.1.yaml, to ship by {SAFE}",
        ),
        ((release("5.0.0"),), "5.0.0 has no planned date", f"set `planned_for`, to ship by {SAFE}"),
        (
            (release("5.0.0", planned_for="2026-03-10T12:00:01Z"),),
            "5.0.0 is planned for Tuesday 10 March 2026, 12:00 UTC, after the last safe date",
            f"plan it to ship by {SAFE}; `publish plan daemon@5.0.0` shows how",
        ),
    ],
)
def test_what_does_not_meet_it_is_said_with_what_to_do(known: tuple[Release, ...], what: str, fix: str) -> None:
    assert advice(*known) == [("upgrade", f"{REQUIRES} {what}", fix)]


def test_what_is_out_or_planned_in_time_needs_no_advice() -> None:
    assert advice(release("5.0.0", shipped_at="2026-01-15T00:00:00Z")) == []
    assert advice(release("5.0.0", planned_for="2026-03-10T12:00:00Z")) == []


def test_it_is_said_90_days_before_the_last_safe_date_and_until_the_event() -> None:
    assert advice(now="2025-12-10 11:59") == []
    assert len(advice(now="2025-12-10 12:01")) == 1
    assert advice(now="2026-03-20")[0][2].endswith("to ship at once: the last safe date is over")
    assert advice(now="2026-03-31 12:00") == []


def test_more_than_clients_read_is_said_before_a_release_is_refused() -> None:
    def lines(count: int) -> list[str]:
        events = [
            build.event(
                f"2026-04-{1 + number % 28:02} {number // 28:02}:00",
                "2026-05-01",
                id=f"event-{number}",
                requires=[{"product": "daemon", "channel": "beta", "at_least": "5.0.0"}],
            )
            for number in range(count)
        ]
        return [lint.what for lint in too_many_requirements(build.catalog(events), at("2026-02-01"))]

    assert lines(MOST) == []
    assert lines(MOST + 1) == ["events require 51 versions in beta, and clients read at most 50"]
