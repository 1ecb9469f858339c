"""Freezes of the calendar reach clients: signed by brakes, added and never taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher.channel.brakes import listed_brakes
from publisher.pipeline.brakes.calendar import unsigned_freezes
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import read_status
from publisher.wire.stopping.brakes import Freeze
from tests.support.braking import hold, stopped
from tests.support.project import Project

LISTING = ("2026-12-01T12:00:00Z", "2026-12-01T14:00:00Z")
BEGINS, ENDS = datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 12, 1, 14, tzinfo=UTC)


@pytest.fixture
def planned(project: Project) -> Project:
    """1.0.0 is live; then a listing is announced, whose hard freeze begins seven days before it."""
    project.publish("1.0.0")
    project.add_listing(*LISTING)
    return project


def refresh(project: Project) -> None:
    plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
    plan.apply(project.storage())


def freezes(project: Project) -> tuple[Freeze, ...]:
    return listed_brakes(project.look().live, "node.stable").freezes


def test_r18_a_refresh_with_a_key_of_brakes_signs_the_calendars_freezes(planned: Project) -> None:
    refresh(planned)
    assert freezes(planned) == (Freeze("listing", BEGINS, ENDS),)
    live = planned.look().live
    assert live is not None
    assert unsigned_freezes(planned.catalog, live, planned.now) is None


def test_a_refresh_without_one_says_what_clients_do_not_know(planned: Project) -> None:
    for key in planned.keys.glob("brakes-*"):
        key.unlink()
    refresh(planned)
    assert freezes(planned) == ()
    status = read_status(planned.look(), planned.catalog, planned.now)
    assert status.unsigned_freezes == {"node.stable": (Freeze("listing", BEGINS, ENDS),)}


def test_a_freeze_that_moves_later_is_added_and_the_old_one_stays(planned: Project) -> None:
    refresh(planned)
    planned.add_listing("2026-12-03T12:00:00Z", "2026-12-03T14:00:00Z")
    refresh(planned)
    later = Freeze("listing", BEGINS + timedelta(days=2), ENDS + timedelta(days=2))
    assert freezes(planned) == (Freeze("listing", BEGINS, ENDS), later)


def test_a_freeze_that_is_over_is_forgotten_with_the_next_brake(planned: Project) -> None:
    refresh(planned)
    planned.now = ENDS
    refresh(planned)
    brake = hold(planned, "1.0.0").brake
    assert (freezes(planned), stopped(planned).holds) == ((), (brake,))


def test_an_event_that_the_public_may_not_know_of_is_not_signed(planned: Project) -> None:
    listing = planned.content / "events/listing.yaml"
    listing.write_text(listing.read_text() + "visibility: internal\n")
    planned.forget()
    refresh(planned)
    assert freezes(planned) == ()


def test_a_freeze_far_away_is_not_signed_yet(planned: Project) -> None:
    planned.add_listing("2027-03-01T12:00:00Z", "2027-03-01T14:00:00Z")
    refresh(planned)
    assert freezes(planned) == ()
