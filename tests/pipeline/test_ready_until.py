"""`publish verify --until EVENT`: what will not be there when an event requires it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.errors import InputError
from publisher.pipeline.operate.ready_until import EventCheck, check_until, find_event
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.release import apply_release
from tests.pipeline.test_announce import take_back
from tests.support.project import Project
from tests.support.requiring import require


def check(project: Project, event: str = "fork") -> EventCheck:
    source = StoreSource(project.storage())
    return check_until(find_event(project.catalog, event), source, project.root, project.catalog, project.now)


def whats(project: Project) -> list[str]:
    return [gap.what for gap in check(project).gaps]


def needed(project: Project, version: str) -> None:
    """The release that an event requires says so itself."""
    if project.catalog.find("node", version) is None:
        project.add_release(version)
    path = project.content / f"releases/node/{version}.yaml"
    path.write_text(path.read_text().replace("action: recommended", "action: required"))
    project.forget()


def without(project: Project, *roles: str) -> list[str]:
    """What is missing but for roles that expire."""
    return [what for what in whats(project) if " expires on " not in what]


def test_r55_what_offers_enough_on_every_platform_is_ready(published: Project) -> None:
    needed(published, "1.1.0")
    require(published, "1.1.0", starts="2026-11-30 12:00")
    published.publish("1.1.0", storage=published.storage())
    event = check(published)
    assert event.gaps == ()
    [requirement] = event.requirements
    assert {platform: str(version) for platform, version in requirement.platforms.items()} == {
        "linux-amd64": "1.1.0",
        "windows-amd64": "1.1.0",
    }


def test_r55_each_platform_that_offers_less_is_named_with_what_to_publish_and_by_when(published: Project) -> None:
    require(published, "2.0.0", starts="2026-12-12 12:00")
    [linux, windows] = check(published).gaps[:2]
    assert linux.what == "node stable for linux-amd64 offers 1.0.0, and 2.0.0 is required"
    assert windows.what == "node stable for windows-amd64 offers 1.0.0, and 2.0.0 is required"
    assert linux.fix == (
        "publish node 2.0.0 or later, no pre-release, to stable by Saturday 5 December 2026, 12:00 UTC"
    )
    published.now += timedelta(days=16)
    assert "at once: the last safe date, 5 December 2026, is past" in check(published).gaps[0].fix
    published.now += timedelta(days=20)
    assert "at once: it was required by Saturday 12 December 2026, 12:00 UTC" in check(published).gaps[0].fix


def test_a_platform_that_keeps_an_older_feed_is_not_ready(published: Project) -> None:
    needed(published, "1.1.0")
    path = published.content / "releases/node/1.1.0.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "windows" not in line))
    published.forget()
    require(published, "1.1.0", starts="2026-11-30 12:00")
    published.build("1.1.0")
    (published.base / "artifacts/1.1.0/node-1.1.0-windows-amd64.zip").unlink()
    request = published.request("1.1.0", artifacts=published.base / "artifacts/1.1.0")
    apply_release(published.plan(request), published.catalog, published.storage(), lambda: published.now)
    assert without(published) == ["node stable for windows-amd64 offers 1.0.0, and 1.1.0 is required"]


def test_a_channel_without_any_release_is_not_ready(published: Project) -> None:
    require(published, channel="beta", starts="2026-11-30 12:00")
    assert whats(published) == ["nothing is published in node.beta"]


def test_r81_what_was_taken_back_does_not_count(published: Project) -> None:
    needed(published, "1.1.0")
    require(published, "1.1.0", starts="2026-11-30 12:00")
    published.publish("1.1.0", storage=published.storage())
    take_back(published, "1.1.0")
    assert without(published)[0] == (
        "node stable for linux-amd64 offers 1.0.0, since 1.1.0 was taken back; 1.1.0 is required"
    )


def test_a_pre_release_does_not_count_but_what_was_shipped_before_it_does(published: Project) -> None:
    published.add_release("1.1.0-rc.1", channels="beta")
    published.publish("1.1.0-rc.1", channel="beta", storage=published.storage())
    require(published, "1.1.0-rc.1", channel="beta", starts="2026-11-30 12:00")
    assert without(published)[0] == (
        "node beta for linux-amd64 offers 1.1.0-rc.1, a pre-release, which does not count for 1.1.0-rc.1"
    )


def test_a_version_that_the_channel_shipped_before_a_pre_release_counts_while_its_files_are_there(
    published: Project,
) -> None:
    needed(published, "1.1.0")
    path = published.content / "releases/node/1.1.0.yaml"
    path.write_text(path.read_text().replace("channels: [stable]", "channels: [beta]"))
    require(published, "1.1.0", channel="beta", starts="2026-11-30 12:00")
    published.publish("1.1.0", channel="beta", storage=published.storage())
    published.add_release("1.2.0-rc.1", channels="beta")
    published.publish("1.2.0-rc.1", channel="beta", storage=published.storage())
    assert without(published) == []
    file = published.bucket / "releases/node/1.1.0/node-1.1.0-linux-amd64.tar.gz"
    file.unlink()
    assert without(published) == [
        "node beta for linux-amd64 offers 1.2.0-rc.1, a pre-release, which does not count for 1.1.0"
    ]


def test_roles_of_people_that_expire_before_are_named_and_those_of_a_timer_are_not(published: Project) -> None:
    needed(published, "1.0.0")
    require(published, "1.0.0", starts="2027-10-20 12:00")
    names = [what.partition(" ")[0] for what in whats(published)]
    assert names == ["brakes"]
    [gap] = check(published).gaps
    assert gap.what == (
        "brakes expires on Friday 4 December 2026, 12:00 UTC, and clients of node.stable then offer nothing"
    )
    assert "`publish refresh` stages it from" in gap.fix
    require(published, "1.0.0", starts="2027-11-21 12:00")
    assert {what.partition(" ")[0] for what in whats(published)} == {"root", "targets", "brakes", "node.stable"}
    published.now += timedelta(days=13, hours=20)
    due = next(gap for gap in check(published).gaps if gap.what.startswith("brakes"))
    assert due.fix == "run `publish refresh`, and have brakes signed with `publish approve brakes`"


def test_r93_an_estimate_counts_by_its_earliest_end_as_it_ages(published: Project) -> None:
    needed(published, "1.0.0")
    require(published, "1.0.0", starts="2026-12-20 12:00")
    path = published.content / "events/fork.yaml"
    path.write_text(
        path.read_text() + "trigger:\n  kind: block\n  chain: btt\n  height: 864010\n  seen: 10\n  spacing_seconds: 3\n"
        "  as_of: 2026-11-20T12:00:00Z\n  earliest: 2026-12-19T12:00:00Z\n  latest: 2026-12-21T12:00:00Z\n"
    )
    published.forget()
    [requirement] = check(published).requirements
    earliest = published.catalog.event("fork").earliest  # type: ignore[union-attr]
    assert requirement.by < earliest


def test_an_event_that_requires_nothing_has_nothing_to_check(published: Project) -> None:
    published.add_listing("2026-12-20T12:00:00Z", "2026-12-20T14:00:00Z")
    assert check(published, "listing").requirements == ()
    require(published, status="cancelled")
    assert check(published).requirements == ()


def test_an_unknown_event_is_refused_with_the_nearest_one(published: Project) -> None:
    require(published)
    with pytest.raises(InputError, match="there is no event forc") as refusal:
        check(published, "forc")
    assert refusal.value.fix == "did you mean fork?"
