"""publish announce, approve, promote, status and verify --until, as people and a timer type them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys
from tests.support.requiring import require

SOON = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%d %H:%M")


@pytest.fixture
def shipped(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is live, by keys made at the real time."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    ran = publish("release", "node@1.0.0", *where, cwd=project.base)
    assert ran.code == 0, ran.err
    project.forget()
    return project


def run(publish: Publish, project: Project, *words: str) -> Ran:
    return publish(*words, "--to", project.bucket, cwd=project.base)


def approve(publish: Publish, project: Project, key: str) -> Ran:
    where = ("approve", "node@1.0.0", "--channel", "stable")
    digest = json.loads(run(publish, project, *where, "--json").out)["candidate"]
    ran = run(publish, project, *where, "--key", key, "--yes", digest)
    assert ran.code == 0, ran.err
    return ran


def test_requirements_are_announced_approved_and_made_live(shipped: Project, publish: Publish) -> None:
    require(shipped, starts=SOON)
    status = run(publish, shipped, "status")
    assert "requirements or settings are not announced yet. Next: publish announce node --channel stable" in flat(
        status.out
    )
    unannounced = json.loads(run(publish, shipped, "status", "--json").out)["unannounced"]
    assert [(item["product"], item["channel"]) for item in unannounced] == [("node", "stable")]
    assert 'added: "The fork happens" requires 2.0.0 or later' in unannounced[0]["changes"][1]

    yaml = (shipped.content / "releases/node/1.0.0.yaml").read_text()
    announced = run(publish, shipped, "announce", "node", "--channel", "stable")
    assert announced.code == 0, announced.err
    assert "Requirements of node stable are staged" in flat(announced.out)
    assert 'added: "The fork happens" requires 2.0.0 or later' in flat(announced.out)
    assert "Next: publish approve node@1.0.0 --channel stable --key YOUR-KEY" in announced.out
    again = run(publish, shipped, "announce", "node", "--channel", "stable")
    assert "were staged already" in flat(again.out)

    waiting = run(publish, shipped, "status")
    assert "node stable: requirements on 1.0.0, staged" in waiting.out
    assert "requirements or settings are not announced yet. An announcement is staged, see below." in flat(waiting.out)
    assert json.loads(run(publish, shipped, "status", "--json").out)["staged"][0]["announces"]

    read = run(publish, shipped, "approve", "node@1.0.0", "--channel", "stable")
    assert "Only requirements and settings change" in flat(read.out)
    assert "No files change, so this may be promoted at any time." in flat(read.out)
    assert json.loads(run(publish, shipped, "approve", "node@1.0.0", "--channel", "stable", "--json").out)["announces"]
    approve(publish, shipped, "channels-ana")
    early = run(publish, shipped, "promote", "node@1.0.0", "--channel", "stable")
    assert early.code == 3
    approve(publish, shipped, "channels-ben")
    live = run(publish, shipped, "promote", "node@1.0.0", "--channel", "stable")
    assert live.code == 0, live.err
    assert "What was approved for node.stable is live" in flat(live.out)
    assert (shipped.content / "releases/node/1.0.0.yaml").read_text() == yaml
    assert "not announced" not in run(publish, shipped, "status").out

    nothing = run(publish, shipped, "announce", "node", "--channel", "stable", "--json")
    answer = json.loads(nothing.out)
    assert (nothing.code, answer["candidate"], answer["changed"], answer["written"]) == (0, None, False, [])
    assert "there is nothing to announce" in flat(run(publish, shipped, "announce", "node", "--channel", "stable").out)
    refresh = run(publish, shipped, "refresh")
    assert refresh.code == 0, refresh.err


def test_an_offline_machine_signs_an_announcement(shipped: Project, publish: Publish) -> None:
    require(shipped, starts=SOON)
    assert run(publish, shipped, "announce", "node", "--channel", "stable").code == 0
    where = ("approve", "node@1.0.0", "--channel", "stable")
    offline = shipped.copied(shipped.base.parent / "offline")
    shutil.rmtree(offline.bucket)
    bundle = offline.base / "candidate.bundle"
    assert run(publish, shipped, *where, "--export", str(bundle)).code == 0
    digest = json.loads(run(publish, shipped, *where, "--json").out)["candidate"]
    for key in ("channels-ana", "channels-ben"):
        signed = publish(*where, "--bundle", bundle, "--key", key, "--yes", digest, cwd=offline.base)
        assert signed.code == 0, signed.err
    assert run(publish, shipped, *where, "--import", str(bundle)).code == 0
    assert run(publish, shipped, "promote", "node@1.0.0", "--channel", "stable").code == 0


def test_a_channel_without_a_release_says_that_requirements_travel_with_the_first(
    shipped: Project, publish: Publish
) -> None:
    require(shipped, channel="beta", starts=SOON)
    before = tree(shipped.bucket)
    ran = run(publish, shipped, "announce", "node", "--channel", "beta")
    assert ran.code == 1
    assert "travels with its first release" in flat(ran.err)
    assert tree(shipped.bucket) == before


def test_words_that_name_nothing_are_refused(shipped: Project, publish: Publish) -> None:
    assert "did you mean node" in flat(run(publish, shipped, "announce", "nod", "--channel", "stable").err)
    assert run(publish, shipped, "announce", "node").code == 2
    assert run(publish, shipped, "announce", "node", "--channel", "stable", "--rebase", "--replace").code == 2


def verify(publish: Publish, project: Project, *more: str) -> Ran:
    return publish("verify", project.bucket, "--root", "site_config/root.json", *more, cwd=project.base)


def test_verify_until_an_event_says_what_will_be_missing_and_what_to_do(shipped: Project, publish: Publish) -> None:
    require(shipped, starts=SOON)
    ran = verify(publish, shipped, "--until", "fork")
    assert ran.code == 4
    assert "missing node stable for linux-amd64 offers 1.0.0, and 2.0.0 is required" in flat(ran.out)
    assert "-> publish node 2.0.0 or later, no pre-release, to stable by" in flat(ran.out)
    assert '2 things will be missing when "The fork happens" requires them' in flat(ran.err)
    answer = json.loads(verify(publish, shipped, "--until", "fork", "--json").out)
    [requirement] = answer["until"]["requirements"]
    assert (answer["ok"], answer["until"]["ready"], requirement["at_least"]) == (False, False, "2.0.0")
    assert len(requirement["missing"]) == 2
    assert verify(publish, shipped).code == 0


def test_verify_until_an_event_that_is_provided_for(shipped: Project, publish: Publish) -> None:
    path = shipped.content / "releases/node/1.0.0.yaml"
    path.write_text(path.read_text().replace("action: recommended", "action: required"))
    require(shipped, "1.0.0", starts=SOON)
    ran = verify(publish, shipped, "--until", "fork")
    assert ran.code == 0, ran.out + ran.err
    assert "ready node stable for linux-amd64: 1.0.0, 1.0.0 is required by" in flat(ran.out)
    assert ran.out.endswith("Ready.\n")
    answer = json.loads(verify(publish, shipped, "--until", "fork", "--json").out)
    assert (answer["ok"], answer["until"]["ready"]) == (True, True)
    assert answer["until"]["requirements"][0]["platforms"] == {"linux-amd64": "1.0.0", "windows-amd64": "1.0.0"}


def test_verify_until_an_event_that_requires_nothing_or_is_unknown(shipped: Project, publish: Publish) -> None:
    require(shipped, starts=SOON, status="cancelled")
    cancelled = verify(publish, shipped, "--until", "fork")
    assert (cancelled.code, "was cancelled, so it requires no version" in flat(cancelled.out)) == (0, True)
    unknown = verify(publish, shipped, "--until", "forc")
    assert (unknown.code, "did you mean fork?" in flat(unknown.err)) == (1, True)


def test_verify_until_does_not_speak_of_a_channel_that_is_refuted(shipped: Project, publish: Publish) -> None:
    require(shipped, starts=SOON)
    (shipped.bucket / "releases/node/1.0.0/evil.txt").write_text("evil")
    ran = verify(publish, shipped, "--until", "fork")
    assert ran.code == 4
    assert "was not checked, since the channel is refuted" in flat(ran.out)
