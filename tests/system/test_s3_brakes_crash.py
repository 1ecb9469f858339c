"""SIGKILL at every point of hold, withdraw, rollback and reject, on the real S3 server, in a process of its own.

After each, clients (a fresh one, and one that knows the old state) accept a whole old or new channel, and running the
command again completes it. CI tries a few points, `make nightly` every one, and every request to the server.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.brakes import channel_brakes
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.pipeline.ledger_append import verify_ledger
from tests.support.broken_off import refuting
from tests.support.project import Project
from tests.support.publishers import CHANGES, OPERATIONS, REQUESTS, Job
from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system

KILLED = -9
WHAT = {"hold": "1.1.0", "withdraw": "1.1.0", "rollback": "1.1.0", "reject": "1.2.0"}


def ready(base: Path, place: Place) -> Project:
    """1.1.0 is live after 1.0.0, and 1.2.0 is staged."""
    project, storage = Project(base / "project"), place.prepared()
    for version in ("1.0.0", "1.1.0"):
        project.publish(version, storage=storage)
    project.add_release("1.2.0")
    project.stage("1.2.0", storage)
    project.now += timedelta(hours=1)
    return project


def state_of(project: Project, place: Place) -> tuple[object, ...]:
    """What clients are told to stop, and which version the channel ships."""
    look = project.look(place.storage())
    now, offered = channel_brakes(look.live, "node.stable"), look.offered("node", "stable")
    return (
        sorted({str(brake.version) for brake in now.holds}),
        sorted({str(brake.version) for brake in now.withdrawn}),
        now.rejected,
        sorted({str(feed.release.version) for feed in offered.values() if feed.release}),
    )


def accepted(project: Project, place: Place, state: Path) -> None:
    """A client that reads what the public reads accepts it, whole."""
    client = UpdateClient(place.url, project.root, state, fetcher_for(place.url), lambda: project.now)
    client.fetch_feed("node", "stable", "linux-amd64")


def try_points(places: Places, base: Path, command: str, counted: str, every: int) -> None:
    template = places.new()
    project = ready(base, template)
    copy, before = places.copier(template), state_of(project, template)
    job = Job(project, template, places.server.admin.environment, f"{command} {WHAT[command]}", counted)
    whole, steps = replace(job, place=copy()), base / "steps.json"
    assert whole.run(steps) == 0
    done = state_of(project, whole.place)
    assert before != done
    taken = json.loads(steps.read_text())
    points = [(number, after) for number in range(1, len(taken) + 1) for after in (False, True)]
    assert len(points) >= 4
    for number, after in points[::every]:
        where = f"killed {'after' if after else 'before'} step {number}: {taken[number - 1]}"
        try_point(replace(job, place=copy(), at=number, after=after), base / f"{number}-{after}", before, done, where)


def try_point(job: Job, base: Path, before: tuple[object, ...], done: tuple[object, ...], where: str) -> None:
    place, project = job.place, job.project
    accepted(project, place, base / "client")
    assert job.run() == KILLED, where
    seen = state_of(project, place)
    assert seen in (before, done), where
    for state in ("client", "fresh client"):
        accepted(project, place, base / state)
    assert refuting(place.audit(project).findings) == [], where

    if not (job.what.startswith("rollback") and seen == done):  # it has nothing left to take back then
        assert replace(job, at=0).run() == 0, where
    assert state_of(project, place) == done, where
    accepted(project, place, base / "client")
    assert place.audit(project).sound, where
    assert verify_ledger(place.storage(), project.root, project.catalog.signers)[1].sound, where


@pytest.mark.parametrize(("command", "every"), [("hold", 5), ("withdraw", 7), ("rollback", 9), ("reject", 7)])
def test_r80_killed_at_a_change(places: Places, tmp_path: Path, command: str, every: int) -> None:
    try_points(places, tmp_path, command, CHANGES, every)


@pytest.mark.nightly
@pytest.mark.parametrize("command", WHAT)
@pytest.mark.parametrize("counted", [OPERATIONS, REQUESTS])
def test_r80_killed_anywhere(places: Places, tmp_path: Path, command: str, counted: str) -> None:
    try_points(places, tmp_path, command, counted, every=1)
