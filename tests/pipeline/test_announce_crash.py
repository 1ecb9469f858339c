"""An announcement that is killed before or after any change of the store: clients see a whole state, and a rerun
completes it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.audit.channel import audit
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import apply_stage
from publisher.storage.protocol import Storage
from tests.pipeline.test_announce import take_back
from tests.support.broken_off import refuting
from tests.support.flaky import POINTS, FlakyStorage, Killed
from tests.support.project import Project
from tests.support.requiring import announce_plan, live_feeds, require, required

BEFORE, AFTER = [("fork", "2.0.0")], [("fork", "2.1.0"), ("migration", "3.0.0")]


def ready(base: Path) -> Project:
    """1.1.0 is live, with a way back to 1.0.0, and other versions are required by now."""
    project = Project(base)
    project.publish("1.0.0")
    require(project)
    project.publish("1.1.0")
    require(project, "2.1.0")
    require(project, "3.0.0", event="migration", starts="2027-03-01 12:00")
    return project


def announce_through(project: Project, storage: Storage) -> None:
    plan = announce_plan(project, storage=storage)
    if not plan.nothing_to_do:
        apply_stage(plan, storage)
    if plan.candidate is None:
        return
    project.approve("1.1.0", storage=storage)
    request, bucket = PromoteRequest("node", "stable"), project.look(storage)
    staged = project.staged(storage=storage)
    apply_promote(
        plan_promote(request, staged, project.catalog, bucket, project.key_ring(), project.now),
        project.catalog,
        storage,
        lambda: project.now,
    )


def count_changes(project: Project) -> int:
    storage = FlakyStorage(project.storage())
    announce_through(project, storage)
    return len(storage.changes)


@POINTS
def test_r80_killed_anywhere_an_announcement_is_whole_and_can_be_completed(
    tmp_path: Path, first: int, every: int, after: bool
) -> None:
    for number in range(first, count_changes(ready(tmp_path / "counting")) + 1, every):
        project = ready(tmp_path / f"{number}-{after}")
        before = live_feeds(project)
        assert required(project) == BEFORE
        with pytest.raises(Killed):
            announce_through(project, FlakyStorage(project.storage(), fail_at=number, after=after))

        where = f"killed {'after' if after else 'before'} change {number}"
        told = required(project)
        assert told in (BEFORE, AFTER), where
        assert required(project, "windows-amd64") == told, where
        assert refuting(audit(StoreSource(project.storage()), project.root, project.now).findings) == [], where

        project.now += timedelta(hours=1)
        announce_through(project, project.storage())
        assert required(project) == required(project, "windows-amd64") == AFTER, where
        assert {platform: feed.release for platform, feed in live_feeds(project).items()} == {
            platform: feed.release for platform, feed in before.items()
        }, where
        assert audit(StoreSource(project.storage()), project.root, project.now).findings == (), where
        assert verify_ledger(project.storage(), project.root, project.catalog.signers)[1].findings == (), where
        assert take_back(project, "1.1.0") == "1.0.0", where
        assert required(project) == AFTER, where
