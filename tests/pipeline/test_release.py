"""The whole way of a release into a directory bucket; every failure leaves the bucket as it was."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.channel.audit.channel import audit
from publisher.client.updater import UpdateClient
from publisher.errors import (
    InputError,
    RefusedByPolicy,
    SigningError,
    StorageConflict,
    TidegateError,
)
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.pipeline import decide
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release import stage
from publisher.pipeline.release.release import apply_release
from publisher.rules.evaluate import evaluate
from publisher.wire.feed_parser import ParsedFeed
from tests.support.command import ROOT
from tests.support.flaky import Killed
from tests.support.project import Project, tree


def findings(project: Project) -> list[str]:
    result = audit(StoreSource(project.storage()), project.root, project.now)
    return [f"{one.level} {one.where} {one.what}" for one in result.findings]


def test_r46_a_release_is_published_with_checksums_signatures_and_manifest(project: Project) -> None:
    project.publish("1.0.0")
    names = sorted(path.name for path in (project.bucket / "releases/node/1.0.0").iterdir())
    assert names == [
        "SHA256SUMS",
        "SHA256SUMS.minisig",
        "node-1.0.0-linux-amd64.tar.gz",
        "node-1.0.0-linux-amd64.tar.gz.minisig",
        "node-1.0.0-windows-amd64.zip",
        "node-1.0.0-windows-amd64.zip.minisig",
        "release.json",
    ]
    assert findings(project) == []


def test_a_release_is_decided_as_often_as_the_architecture_says(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[tuple[str, bool]] = []

    def counted(catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence) -> Decision:
        decided.append((release.id, evidence.artifacts is not None))
        return evaluate(catalog, release, channel, now, evidence)

    for module in (decide, stage):
        monkeypatch.setattr(module, "evaluate", counted)
    project.publish("1.0.0")
    files = [known for _, known in decided]
    assert files == [False, True, True, True], "before any work, with the files, of the candidate, at the flip"
    assert "decides four times" in (ROOT / "ARCHITECTURE.md").read_text()


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The platforms whose feeds are fetched from now on, as they come."""
    asked: list[str] = []
    fetch = UpdateClient.fetch_feed

    def fetch_feed(self: UpdateClient, product: str, channel: str, platform: str) -> ParsedFeed:
        asked.append(platform)
        return fetch(self, product, channel, platform)

    monkeypatch.setattr(UpdateClient, "fetch_feed", fetch_feed)
    return asked


def test_r47_what_was_published_is_downloaded_again_as_a_new_client(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = watched(monkeypatch)
    project.publish("1.0.0")
    assert sorted(asked) == ["linux-amd64", "windows-amd64"]


def test_r47_a_run_that_died_between_the_flip_and_its_check_is_checked_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(UpdateClient, "fetch_feed", die)
        with pytest.raises(Killed):
            project.publish("1.0.0")
    asked = watched(monkeypatch)
    project.publish("1.0.0")
    assert sorted(asked) == ["linux-amd64", "windows-amd64"]


def test_r80_the_timestamp_is_the_last_that_clients_see(project: Project) -> None:
    keys = [key for key in project.publish("1.0.0").keys if not key.startswith("staging/")]
    assert keys[-1] == "tuf/metadata/timestamp.json"


def test_publishing_again_writes_nothing(project: Project) -> None:
    project.publish("1.0.0")
    before = tree(project.bucket)
    plan = project.plan(project.request("1.0.0"))
    assert plan.nothing_to_do
    assert tree(project.bucket) == before


def test_a_plan_writes_nothing(project: Project) -> None:
    project.add_release("1.0.0")
    plan = project.plan(project.request("1.0.0"))
    assert len(plan.objects) > 10
    assert tree(project.bucket) == {}


def test_the_next_release_replaces_the_feed_and_keeps_what_was_published(project: Project) -> None:
    project.publish("1.0.0")
    before = tree(project.bucket)
    project.publish("1.1.0")
    after = tree(project.bucket)
    assert {key for key in before if before[key] != after[key]} == {
        "tuf/metadata/timestamp.json",
        "staging/node.stable/current.json",
    }
    role = json.loads(after["tuf/metadata/2.node.stable.json"])["signed"]
    assert {path.split("/")[3] for path in role["targets"] if path.startswith("artifacts/")} == {"1.0.0", "1.1.0"}
    assert findings(project) == []


def test_a_platform_that_a_release_does_not_carry_keeps_its_feed(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    file = project.content / "releases/node/1.1.0.yaml"
    file.write_text("".join(line for line in file.read_text().splitlines(True) if "windows" not in line))
    project.publish("1.1.0")
    role = json.loads((project.bucket / "tuf/metadata/2.node.stable.json").read_bytes())["signed"]
    assert sorted(role["targets"]) == [
        "artifacts/node/stable/1.0.0/node-1.0.0-linux-amd64.tar.gz",
        "artifacts/node/stable/1.0.0/node-1.0.0-windows-amd64.zip",
        "artifacts/node/stable/1.1.0/node-1.1.0-linux-amd64.tar.gz",
        "feed/node/stable/linux-amd64.json",
        "feed/node/stable/windows-amd64.json",
    ]
    assert findings(project) == []


def test_bills_of_materials_are_published_beside_their_binary(project: Project) -> None:
    project.add_release("1.0.0")
    directory = project.build("1.0.0")
    (directory / "node-1.0.0-linux-amd64.tar.gz.cdx.json").write_text('{"bomFormat": "CycloneDX"}')
    plan = project.plan(project.request("1.0.0"))
    apply_release(plan, project.catalog, project.storage(), lambda: project.now)
    manifest = json.loads((project.bucket / "releases/node/1.0.0/release.json").read_bytes())
    assert [one["kind"] for one in manifest["artifacts"][0]["companions"]] == ["cyclonedx"]
    assert "cdx.json" in (project.bucket / "releases/node/1.0.0/SHA256SUMS").read_text()
    assert findings(project) == []


def test_r48_the_feed_sends_clients_to_every_pinned_address_and_nowhere_else(project: Project) -> None:
    project.publish("1.0.0")
    [feed] = (project.bucket / "tuf/targets/feed/node/stable").glob("*.linux-amd64.json")
    urls = json.loads(feed.read_bytes())["release"]["artifact"]["urls"]
    assert [url.split("/tuf/")[0] for url in urls] == ["https://dl.btfs.test", "https://mirror.btfs.test/tidegate"]


def test_a_beta_and_a_stable_channel_live_side_by_side(project: Project) -> None:
    project.add_release("1.0.0", channels="stable, beta")
    project.publish("1.0.0", channel="beta")
    project.publish("1.0.0", channel="stable")
    assert (project.bucket / "tuf/metadata/1.node.beta.json").exists()
    assert (project.bucket / "tuf/metadata/1.node.stable.json").exists()
    assert findings(project) == []


def test_online_roles_are_renewed_at_half_of_their_life(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(hours=25)
    plan = project.plan(project.request("1.0.0"))
    assert plan.promote.publication.changed_roles == (("timestamp", 2),)


def test_what_a_killed_run_left_of_another_release_is_passed_over(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.add_release("1.1.1")
    storage = project.storage()
    for one in project.plan(project.request("1.1.0")).objects:
        if one.body is not None and one.key.startswith("tuf/metadata/"):
            storage.create(one.key, one.body, one.meta)
    project.publish("1.1.1")
    timestamp = json.loads((project.bucket / "tuf/metadata/timestamp.json").read_bytes())["signed"]
    assert timestamp["meta"]["snapshot.json"]["version"] == 3
    assert [one for one in findings(project) if one.startswith("error")] == []


# What must be refused. After each, the bucket is as it was.


def assert_refused(
    project: Project, version: str, kind: type[TidegateError], words: str, artifacts: Path | None = None
) -> None:
    before = tree(project.bucket)
    with pytest.raises(kind, match=words):
        apply_release(
            project.plan(project.request(version, artifacts=artifacts)),
            project.catalog,
            project.storage(),
            lambda: project.now,
        )
    assert tree(project.bucket) == before


def test_r19_a_hard_freeze_refuses(project: Project) -> None:
    project.add_release("1.0.0")
    project.add_listing("2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z")
    assert_refused(project, "1.0.0", RefusedByPolicy, "hard freeze|Hard freeze")


def test_a_freeze_that_begins_while_storing_refuses_at_the_flip(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.add_listing("2026-11-27T12:00:01Z", "2026-11-27T18:00:00Z")
    live = (project.bucket / "tuf/metadata/timestamp.json").read_bytes()
    plan = project.plan(project.request("1.1.0"))
    with pytest.raises(RefusedByPolicy, match="freeze"):
        apply_release(plan, project.catalog, project.storage(), lambda: project.now + timedelta(seconds=1))
    assert (project.bucket / "tuf/metadata/timestamp.json").read_bytes() == live


def test_an_older_version_is_refused(project: Project) -> None:
    project.publish("1.1.0")
    project.add_release("1.0.0")
    assert_refused(project, "1.0.0", RefusedByPolicy, "newer than 1.0.0")


def test_other_bytes_under_a_published_version_conflict(project: Project) -> None:
    project.publish("1.0.0")
    project.build("1.0.0", extra="rebuilt")
    request = project.request("1.0.0", artifacts=project.base / "artifacts/1.0.0")
    before = tree(project.bucket)
    project.build("1.0.0", extra="rebuilt")
    with pytest.raises(StorageConflict, match="already published with other bytes"):
        project.plan(request)
    assert tree(project.bucket) == before


def test_a_digest_that_differs_from_the_recorded_one_is_refused(project: Project) -> None:
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    file.write_text(file.read_text().replace("platform: linux-amd64", f'platform: linux-amd64, sha256: "{"0" * 64}"'))
    assert_refused(project, "1.0.0", RefusedByPolicy, "differs from what the build recorded")


def test_somebody_else_publishing_in_between_wins(project: Project) -> None:
    """iracing-screenshot-tool#82: two publishers at once made one release of two halves."""
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.add_release("1.1.1")
    loser = project.plan(project.request("1.1.0"))
    project.publish("1.1.1")
    live = (project.bucket / "tuf/metadata/timestamp.json").read_bytes()
    words = r"offers 1\.1\.1, live by 2026-11-20T12:00:00Z, signed by ana \(engineering\), ben \(operations\)"
    with pytest.raises(StorageConflict, match=words):
        apply_release(loser, project.catalog, project.storage(), lambda: project.now)
    assert (project.bucket / "tuf/metadata/timestamp.json").read_bytes() == live


def test_too_few_keys_at_hand_are_named(project: Project) -> None:
    project.add_release("1.0.0")
    (project.keys / "channels-ben.pem").unlink()
    assert_refused(
        project,
        "1.0.0",
        SigningError,
        r"still needs the approval of a person with the duty operations \(ben\)",
    )


def test_an_open_key_file_is_refused(project: Project) -> None:
    project.add_release("1.0.0")
    (project.keys / "channels-ben.pem").chmod(0o644)
    assert_refused(project, "1.0.0", SigningError, "chmod 600|others")


def test_a_key_of_another_role_is_refused(project: Project) -> None:
    project.add_release("1.0.0")
    (project.keys / "channels-ben.pem").write_bytes((project.keys / "notes-coco.pem").read_bytes())
    assert_refused(project, "1.0.0", SigningError, "channels-ben")


def test_a_wrong_passphrase_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path / "locked", passphrase="a long enough passphrase")
    project.add_release("1.0.0")
    project.passphrase = "another long passphrase"
    assert_refused(project, "1.0.0", SigningError, "passphrase")


def test_a_product_that_was_published_cannot_be_removed(project: Project) -> None:
    project.publish("1.0.0")
    for name in ("products.yaml",):
        file = project.config / name
        file.write_text(file.read_text().replace("channels: [stable, beta]", "channels: [beta]"))
    project.add_release("1.1.0", channels="beta")
    (project.content / "releases/node/1.0.0.yaml").unlink()
    before = tree(project.bucket)
    with pytest.raises(InputError, match=r"node\.stable has been published"):
        project.plan(project.request("1.1.0", channel="beta"))
    assert tree(project.bucket) == before
