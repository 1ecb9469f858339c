"""A release that is killed before or after any change of the store: clients see a whole state, and a rerun completes.

The same is done with SIGKILL and a real S3 server in tests/system. `make nightly` tries every single point here.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.audit.channel import audit
from publisher.channel.findings import Finding
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.release import apply_release
from tests.support.broken_off import refuting
from tests.support.flaky import POINTS, FlakyStorage, Killed
from tests.support.project import Project

PLATFORMS = ("linux-amd64", "windows-amd64")


def client(project: Project, state: Path) -> UpdateClient:
    url = project.bucket.as_uri()
    return UpdateClient(url, project.root, state, fetcher_for(url), lambda: project.now)


def versions(project: Project, state: Path) -> set[str]:
    """What a client is offered on each platform, with the file downloaded and verified."""
    found: set[str] = set()
    for platform in PLATFORMS:
        asking = client(project, state)
        feed = asking.fetch_feed("node", "stable", platform)
        assert feed.release is not None
        asking.download(feed, state / "files")
        found.add(str(feed.release.version))
    return found


def ledger_problems(project: Project) -> tuple[Finding, ...]:
    return verify_ledger(project.storage(), project.root, project.catalog.signers)[1].findings


def publish_through(project: Project, storage: FlakyStorage) -> None:
    plan = project.plan(project.request("1.1.0"), storage)
    apply_release(plan, project.catalog, storage, lambda: project.now)


def count_changes(project: Project) -> int:
    storage = FlakyStorage(project.storage())
    publish_through(project, storage)
    return len(storage.changes)


def ready(base: Path) -> Project:
    project = Project(base)
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.build("1.1.0")
    return project


@pytest.mark.system
@POINTS
def test_r80_killed_anywhere_a_release_is_whole_and_can_be_completed(
    tmp_path: Path, first: int, every: int, after: bool
) -> None:
    for number in range(first, count_changes(ready(tmp_path / "counting")) + 1, every):
        project = ready(tmp_path / f"{number}-{after}")
        old = project.base / "client"
        assert versions(project, old) == {"1.0.0"}
        with pytest.raises(Killed):
            publish_through(project, FlakyStorage(project.storage(), fail_at=number, after=after))

        where = f"killed {'after' if after else 'before'} change {number}"
        seen = versions(project, project.base / "fresh client")
        assert seen in ({"1.0.0"}, {"1.1.0"}), where
        assert versions(project, old) == seen, where
        found = audit(StoreSource(project.storage()), project.root, project.now)
        assert refuting(found.findings) == [], where
        assert ledger_problems(project) == (), where

        project.now += timedelta(hours=1)
        publish_through(project, FlakyStorage(project.storage()))
        assert versions(project, old) == versions(project, project.base / "another client") == {"1.1.0"}, where
        result = audit(StoreSource(project.storage()), project.root, project.now)
        assert result.findings == (), where
        assert ledger_problems(project) == (), where
