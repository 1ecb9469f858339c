"""Requirements announced between two releases on the real S3 server, as clients and strangers see it on the web."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.ready_until import check_until, find_event
from publisher.pipeline.operate.verify import WebSource, verify_channel
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import apply_stage
from tests.support.project import Project
from tests.support.requiring import announce_plan, require
from tests.support.s3_place import PLATFORMS

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system


def requirements(project: Project, place: Place, state: Path) -> set[tuple[str, str, str]]:
    """What a client is told on each platform: event, version, and the release that is offered beside it."""
    told: set[tuple[str, str, str]] = set()
    for platform in PLATFORMS:
        client = UpdateClient(place.url, project.root, state, fetcher_for(place.url), lambda: project.now)
        feed = client.fetch_feed("node", "stable", platform)
        assert feed.release is not None
        told |= {(each.event, str(each.at_least), str(feed.release.version)) for each in feed.requirements}
    return told


def test_r55_a_requirement_is_announced_and_outlives_a_release_that_is_shipped_after_it(
    places: Places, tmp_path: Path
) -> None:
    project, place = Project(tmp_path / "project"), places.new()
    project.publish("1.0.0", storage=place.prepared())
    old = tmp_path / "client"
    assert requirements(project, place, old) == set()

    require(project, "2.0.0", starts="2026-11-30 12:00")
    project.add_listing("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")  # nothing could ship now
    storage = place.storage()
    apply_stage(announce_plan(project, storage=storage), storage)
    assert requirements(project, place, old) == set()
    project.approve("1.0.0", storage=storage)
    staged, bucket = project.staged(storage=storage), project.look(storage)
    plan = plan_promote(
        PromoteRequest("node", "stable"), staged, project.catalog, bucket, project.key_ring(), project.now
    )
    apply_promote(plan, project.catalog, storage, lambda: project.now)
    assert requirements(project, place, old) == {("fork", "2.0.0", "1.0.0")}
    assert announce_plan(project, storage=place.storage()).nothing_to_do

    source = WebSource(place.url, fetcher_for(place.url))
    assert verify_channel(source, project.root, project.now).sound
    missing = check_until(find_event(project.catalog, "fork"), source, project.root, project.catalog, project.now).gaps
    assert [gap.what for gap in missing] == [
        f"node stable for {platform} offers 1.0.0, and 2.0.0 is required" for platform in PLATFORMS
    ]

    (project.content / "events/listing.yaml").unlink()
    project.add_release("2.0.0")
    path = project.content / "releases/node/2.0.0.yaml"
    path.write_text(path.read_text().replace("action: recommended", "action: required"))
    project.forget()
    project.publish("2.0.0", storage=place.storage())
    assert requirements(project, place, old) == {("fork", "2.0.0", "2.0.0")}
    assert (
        check_until(find_event(project.catalog, "fork"), source, project.root, project.catalog, project.now).gaps == ()
    )
    assert place.audit(project).findings == ()
    assert verify_ledger(place.storage(), project.root, project.catalog.signers)[1].sound
