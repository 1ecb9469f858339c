"""Whoever stops something and is killed at any change of the store: clients see a whole state; a rerun completes it.

The same is done with SIGKILL and a real S3 server in tests/system. `make nightly` tries every single point here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.audit.channel import audit
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import InputError
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource
from publisher.storage.protocol import Storage
from tests.support.approving import promote
from tests.support.braking import hold, reject, stage_lift, stopped, take_back, withdraw
from tests.support.broken_off import refuting
from tests.support.flaky import POINTS, FlakyStorage, Killed
from tests.support.project import Project

Act = Callable[[Project, Storage], object]


def lift(project: Project, storage: Storage) -> None:
    """What the channel's people do, one after the other: stage, approve, promote."""
    stage_lift(project, version="1.1.0", storage=storage)
    project.approve("1.1.0", storage=storage)
    promote(project, storage)


ACTS: dict[str, Act] = {
    "lift": lift,
    "hold": lambda project, storage: hold(project, "1.1.0", storage),
    "withdraw": lambda project, storage: withdraw(project, "1.1.0", storage=storage),
    "rollback": lambda project, storage: take_back(project, "1.1.0", storage),
    "reject": lambda project, storage: reject(project, "1.2.0", storage),
}


def ready(base: Path, what: str) -> Project:
    """1.1.0 is live after 1.0.0, and 1.2.0 is staged; or 1.1.0 is on hold, where that is to be lifted."""
    project = Project(base)
    for version in ("1.0.0", "1.1.0"):
        project.publish(version)
    if what == "lift":
        hold(project, "1.1.0")
    else:
        project.add_release("1.2.0")
        project.stage("1.2.0")
    project.now += timedelta(hours=1)
    return project


def state_of(project: Project) -> tuple[object, ...]:
    """What clients are told to stop, and which version the channel ships."""
    now = stopped(project)
    offered = project.look().offered("node", "stable")
    return (
        sorted({str(brake.version) for brake in now.holds}),
        sorted({str(brake.version) for brake in now.withdrawn}),
        now.rejected,
        sorted({str(feed.release.version) for feed in offered.values() if feed.release}),
    )


def accepted(project: Project, state: Path) -> None:
    """A client accepts what is there, whole."""
    url = project.bucket.as_uri()
    UpdateClient(url, project.root, state, fetcher_for(url), lambda: project.now).fetch_feed(
        "node", "stable", "linux-amd64"
    )


@pytest.mark.parametrize(
    "what", ["hold", *(pytest.param(what, marks=pytest.mark.system) for what in ACTS if what != "hold")]
)
@POINTS
def test_r80_killed_anywhere_what_stops_is_whole_and_can_be_completed(
    tmp_path: Path, what: str, first: int, every: int, after: bool
) -> None:
    act = ACTS[what]
    counting = ready(tmp_path / "counting", what)
    before, changes = state_of(counting), FlakyStorage(counting.storage())
    act(counting, changes)
    done = state_of(counting)
    assert before != done
    for number in range(first, len(changes.changes) + 1, every):
        project = ready(tmp_path / f"{number}", what)
        accepted(project, project.base / "client")
        with pytest.raises(Killed):
            act(project, FlakyStorage(project.storage(), fail_at=number, after=after))
        where = f"killed {'after' if after else 'before'} change {number}: {changes.changes[number - 1]}"
        seen = state_of(project)
        assert seen in (before, done), where
        for state in ("client", "fresh client"):
            accepted(project, project.base / state)
        assert refuting(audit(StoreSource(project.storage()), project.root, project.now).findings) == [], where

        project.now += timedelta(minutes=10)
        try:
            act(project, project.storage())
        except InputError:  # what has taken effect has nothing left to take back, or to lift
            assert what in ("rollback", "lift"), where
            assert seen == done, where
        assert state_of(project) == done, where
        accepted(project, project.base / "client")
        assert audit(StoreSource(project.storage()), project.root, project.now).sound, where
        assert verify_ledger(project.storage(), project.root, project.catalog.signers)[1].sound, where
