"""What an update check costs while ten events require versions: requests, and bytes of bodies."""

from __future__ import annotations

from datetime import timedelta

from tests.pipeline.test_announce import announce
from tests.support.approving import promote
from tests.support.project import Project
from tests.support.requiring import live_feeds, stage_announcement
from tests.support.wire_cost import KIB, REQUIRED, check, ten_events


def test_an_update_check_stays_within_its_budget_while_ten_events_require_versions(published: Project) -> None:
    yesterday, cold = published.base / "yesterday", published.base / "cold"
    check(published, yesterday)
    ten_events(published)
    announce(published)
    assert len(live_feeds(published)["linux-amd64"].requirements) == REQUIRED

    published.now += timedelta(days=1)
    published.publish("1.1.0", storage=published.storage())
    requests, size = check(published, yesterday)
    assert (requests <= 8, size <= 20 * KIB) == (True, True), (requests, size)
    requests, size = check(published, cold)
    assert (requests <= 11, size <= 40 * KIB) == (True, True), (requests, size)
    requests, size = check(published, cold)
    assert (requests, size <= 2 * KIB) == (2, True), (requests, size)


def test_a_requirement_costs_a_client_that_has_nothing_new_nothing(published: Project) -> None:
    """Feeds that change are fetched once; what is asked each time is the timestamp."""
    state = published.base / "client"
    check(published, state)
    before = check(published, state)
    ten_events(published)
    stage_announcement(published)
    assert check(published, state) == before
    published.approve("1.0.0")
    promote(published)
    check(published, state)
    requests, size = check(published, state)
    assert (requests, abs(size - before[1]) < 64) == (before[0], True)
