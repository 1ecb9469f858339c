"""The release that a feed names beside the one that it offers: from what is live, and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, TargetFile, Targets

from publisher.channel.layout import target_key
from publisher.channel.state import read_target
from publisher.errors import StorageConflict, TidegateError
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.release.stage import Supersede
from publisher.signing.digests import digest_bytes
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE, edit, promote, stage
from tests.support.braking import hold, withdraw
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import live, put, sign_unseen
from tests.support.project import Project, tree
from tests.support.requiring import live_feeds, require, stage_announcement

Json = dict[str, Any]
LINUX = "linux-amd64"


def previous(project: Project, platform: str = LINUX) -> str | None:
    """The version that the live feed names beside the one that it offers."""
    release = live_feeds(project)[platform].previous
    return None if release is None else str(release.version)


def named_files(project: Project) -> set[str]:
    """Versions whose files the channel's metadata lists."""
    return {path.split("/")[3] for path in live(project).roles[ROLE].signed.targets if path.startswith("artifacts/")}


def without_windows(project: Project, version: str) -> None:
    project.add_release(version)
    file = project.content / f"releases/node/{version}.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "windows" not in line))


def test_r81_a_feed_names_the_release_that_it_replaces_with_its_files(project: Project) -> None:
    project.publish("1.0.0")
    before = live_feeds(project)
    assert previous(project) is None
    project.publish("1.1.0")
    after = live_feeds(project)
    assert {platform: feed.previous for platform, feed in after.items()} == {
        platform: feed.release for platform, feed in before.items()
    }
    assert named_files(project) == {"1.0.0", "1.1.0"}


def test_metadata_lists_no_older_files_however_many_releases_there_were(project: Project) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        project.publish(version)
    assert (previous(project), named_files(project)) == ("1.2.0", {"1.2.0", "1.3.0"})


def test_what_it_says_is_what_people_have_signed_whatever_the_content_says_by_now(project: Project) -> None:
    project.publish("1.0.0")
    signed = live_feeds(project)[LINUX].release
    edit(project.content / "releases/node/1.0.0.yaml", "Version 1.0.0 of the node.", "Another sentence.")
    project.publish("1.1.0")
    assert live_feeds(project)[LINUX].previous == signed
    (project.content / "releases/node/1.0.0.yaml").unlink()
    project.publish("1.1.1")
    assert previous(project) == "1.1.0"


def test_its_addresses_are_those_that_are_pinned_now(project: Project) -> None:
    project.publish("1.0.0")
    edit(project.config / "endpoints.yaml", "https://mirror.btfs.test/tidegate", "https://other.btfs.test")
    project.forget()
    project.publish("1.1.0")
    release = live_feeds(project)[LINUX].previous
    assert release is not None
    assert [url.split("/tuf")[0] for url in release.artifact.urls] == [
        "https://dl.btfs.test",
        "https://other.btfs.test",
    ]


def test_the_same_version_published_again_keeps_the_previous_one(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    edit(project.content / "releases/node/1.1.0.yaml", "Version 1.1.0 of the node.", "A better sentence.")
    project.forget()
    project.publish("1.1.0")
    feed = live_feeds(project)[LINUX]
    assert feed.release is not None
    assert (feed.release.sentence, previous(project)) == ("A better sentence.", "1.0.0")
    assert named_files(project) == {"1.0.0", "1.1.0"}


def test_each_platform_has_its_own_and_one_that_is_not_carried_keeps_it(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    without_windows(project, "1.2.0")
    project.publish("1.2.0")
    assert (previous(project, LINUX), previous(project, "windows-amd64")) == ("1.1.0", "1.0.0")
    assert named_files(project) == {"1.0.0", "1.1.0", "1.2.0"}
    project.publish("1.3.0")
    assert (previous(project, LINUX), previous(project, "windows-amd64")) == ("1.2.0", "1.1.0")
    assert named_files(project) == {"1.1.0", "1.2.0", "1.3.0"}


def test_none_is_named_that_is_below_the_security_floor(project: Project) -> None:
    project.publish("1.0.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + '    min_secure: "1.1.0"\n')
    project.publish("1.1.0")
    assert (previous(project), named_files(project)) == (None, {"1.1.0"})
    project.publish("1.2.0")
    assert previous(project) == "1.1.0"


def test_r81_none_is_named_that_was_taken_back(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    assert previous(project) is None
    project.publish("1.1.1")
    assert (previous(project), named_files(project)) == ("1.0.0", {"1.0.0", "1.1.1"})


def test_r81_none_is_named_that_brakes_withdraw_on_its_platform(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    withdraw(project, "1.1.0", platforms=(LINUX,))
    project.publish("1.1.1")
    assert (previous(project, LINUX), previous(project, "windows-amd64")) == ("1.0.0", "1.1.0")
    assert named_files(project) == {"1.0.0", "1.1.0", "1.1.1"}


def test_one_that_is_on_hold_is_named_since_a_hold_may_end(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    hold(project, "1.1.0")
    project.publish("1.1.1")
    assert previous(project) == "1.1.0"


def test_a_withdrawal_of_the_live_version_voids_a_candidate_that_names_it(staged: Project) -> None:
    staged.approve("1.1.0")
    withdraw(staged, "1.0.0")
    with pytest.raises(StorageConflict, match="or what is withdrawn by now"):
        promote(staged)
    stage(staged, "1.1.0", Supersede.ANY)
    staged.approve("1.1.0")
    promote(staged)
    assert previous(staged) is None


def test_an_announcement_keeps_it_and_so_does_a_rollback_with_requirements(project: Project) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        project.publish(version)
    require(project)
    stage_announcement(project)
    project.approve("1.2.0")
    promote(project)
    assert (previous(project), named_files(project)) == ("1.1.0", {"1.1.0", "1.2.0"})
    take_back(project, "1.2.0")
    assert (previous(project), named_files(project)) == ("1.0.0", {"1.0.0", "1.1.0"})


def test_whoever_approves_reads_which_one_it_is(staged: Project) -> None:
    assert "  if it is held or withdrawn: nothing -> 1.0.0" in staged.review("1.1.0").difference


# --- what a thief cannot smuggle in


def bend(project: Project, change: Callable[[Json, Targets], None]) -> None:
    """What is staged with other feeds, told of by a thief of one channel key."""
    storage, candidate = project.storage(), project.staged().candidate
    metadata = Metadata(candidate.with_signatures(()).signed)
    signed = metadata.signed
    for path in [path for path in signed.targets if path.startswith("feed/")]:
        target = signed.targets[path]
        feed = json.loads(read_target(reader(storage), path, target.length, target.hashes["sha256"]))
        change(feed, signed)
        data = json.dumps(feed, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        sha256 = digest_bytes(data).sha256
        put(project, target_key(path, sha256), data)
        signed.targets[path] = TargetFile(len(data), {"sha256": sha256}, path)
    signed.version += 1
    files = people_files(storage, ROLE, candidate.digest)
    stage_as_thief(storage, ROLE, metadata, files, project.key("channels-ana"), project.root, project.now)


def an_older_one(feed: Json, signed: Targets) -> None:
    """A release that was once live, as its people signed it, with a file that is still there."""
    feed["previous"] = json.loads(json.dumps(feed["previous"]).replace("1.1.0", "1.0.0"))


def none_at_all(feed: Json, signed: Targets) -> None:
    del feed["previous"]


def another_file(feed: Json, signed: Targets) -> None:
    artifact = feed["previous"]["artifact"]
    artifact["sha256"] = "0" * 64
    signed.targets[artifact["target"]] = TargetFile(artifact["size"], {"sha256": "0" * 64}, artifact["target"])


def other_words(feed: Json, signed: Targets) -> None:
    feed["previous"]["sentence"] = "Send us your keys."


def an_older_address(feed: Json, signed: Targets) -> None:
    feed["previous"]["artifact"]["urls"] = ["https://evil.test/node"]


@pytest.mark.parametrize("change", [an_older_one, none_at_all, another_file, other_words, an_older_address])
def test_no_candidate_brings_another_previous_release(
    project: Project, change: Callable[[Json, Targets], None]
) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    stage(project, "1.2.0")
    bend(project, change)
    before = tree(project.bucket)
    words = "does not match the content for linux-amd64, or the live feed"
    with pytest.raises(TidegateError, match=words):
        project.review("1.2.0")
    assert tree(project.bucket) == before
    sign_unseen(project, "channels-ana", "channels-ben")
    before = tree(project.bucket)
    with pytest.raises(TidegateError, match=words):
        promote(project)
    assert tree(project.bucket) == before
    project.now += timedelta(minutes=5)
    stage(project, "1.2.0", Supersede.ANY)
    project.approve("1.2.0")
    promote(project)
    assert previous(project) == "1.1.0"


def test_no_candidate_lists_a_file_of_a_previous_release_that_no_feed_names(staged: Project) -> None:
    def more(feed: Json, signed: Targets) -> None:
        path = "artifacts/node/stable/0.9.0/node-0.9.0-linux-amd64.tar.gz"
        signed.targets[path] = TargetFile(4, {"sha256": "0" * 64}, path)

    bend(staged, more)
    before = tree(staged.bucket)
    with pytest.raises(TidegateError, match="differs from what the release, its files and the live metadata give"):
        staged.review("1.1.0")
    assert tree(staged.bucket) == before


def test_a_floor_that_rises_while_a_candidate_waits_voids_it(staged: Project) -> None:
    staged.approve("1.1.0")
    products = staged.config / "products.yaml"
    products.write_text(products.read_text() + '    min_secure: "1.1.0"\n')
    staged.forget()
    with pytest.raises(StorageConflict, match=r"was approved before node changed in products\.yaml"):
        promote(staged)
