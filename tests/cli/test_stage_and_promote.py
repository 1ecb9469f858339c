"""publish stage, promote, status and refresh as two people and a timer type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.approving import edit
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys


@pytest.fixture
def ready(tmp_path: Path, publish: Publish) -> Project:
    """A project with keys made at the real time, each person's in a directory of their own, and a release built."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    (project.base / "keys-of-ana").mkdir()
    (project.keys / "channels-ana.pem").rename(project.base / "keys-of-ana/channels-ana.pem")
    return project


def run(publish: Publish, project: Project, command: str, *more: str) -> Ran:
    where = ("--channel", "stable") if command in ("stage", "approve", "promote") else ()
    return publish(command, *more, *where, "--to", project.bucket, cwd=project.base)


def stage(publish: Publish, project: Project, *more: str) -> Ran:
    return run(publish, project, "stage", "node@1.0.0", "--artifacts", "artifacts/1.0.0", *more)


def approve(publish: Publish, project: Project, key: str, *more: str) -> Ran:
    """Read, and sign what was read."""
    read = run(publish, project, "approve", "node@1.0.0", "--json")
    ran = run(
        publish, project, "approve", "node@1.0.0", "--key", key, "--yes", json.loads(read.out)["candidate"], *more
    )
    assert ran.code == 0, ran.err
    return ran


def test_the_passphrase_of_one_of_those_who_may_is_enough_to_stage(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "locked", passphrase="the passphrase of ben")
    project.lock("channels-ana", "the passphrase of ana")
    project.add_release("1.0.0")
    project.build("1.0.0")
    monkeypatch.setenv("TIDEGATE_PASSPHRASE", "the passphrase of ben")
    ran = publish("stage", "node@1.0.0", "--artifacts", "artifacts/1.0.0", "--to", project.bucket, cwd=project.base)
    assert ran.code == 0, ran.err
    assert "Left out: channels-ana, TIDEGATE_PASSPHRASE does not open it" in flat(ran.err)


def test_two_people_and_two_machines_ship_a_release(ready: Project, publish: Publish) -> None:
    staged = stage(publish, ready)
    assert staged.code == 0, staged.err
    assert "publish approve node@1.0.0" in staged.out

    first = approve(publish, ready, "channels-ana", "--keys", "keys-of-ana")
    assert "approved    ana (engineering)" in first.out
    early = run(publish, ready, "promote", "node@1.0.0")
    assert early.code == 3
    assert "still needs the approval of a person with the duty operations (ben)" in flat(early.err)
    waiting = json.loads(run(publish, ready, "status", "--json").out)
    assert waiting["live"] == []
    assert waiting["staged"][0]["approved_by"] == ["ana (engineering)"]
    assert waiting["staged"][0]["missing"] == ["the approval of a person with the duty operations (ben)"]

    second = approve(publish, ready, "channels-ben")
    assert "All required approvals are there." in second.out
    last = run(publish, ready, "promote", "node@1.0.0")
    assert last.code == 0, last.err
    assert "node 1.0.0 is live in stable" in last.out
    assert "Recorded shipped_at in content/releases/node/1.0.0.yaml. Next: commit it" in last.out
    live = json.loads(run(publish, ready, "status", "--json").out)
    assert [one["version"] for one in live["live"]] == ["1.0.0"]
    assert live["staged"] == []

    again = run(publish, ready, "promote", "node@1.0.0")
    assert (again.code, again.out) == (0, "node 1.0.0 is live in stable already.\n")
    said = json.loads(run(publish, ready, "promote", "node@1.0.0", "--json").out)
    assert (said["ok"], said["changed"], said["written"]) == (True, False, [])


def test_promoting_what_is_not_staged_is_refused(ready: Project, publish: Publish) -> None:
    ran = run(publish, ready, "promote", "node@1.0.0")
    assert ran.code == 5
    stage(publish, ready)
    ready.add_release("1.1.0")
    ran = run(publish, ready, "promote", "node@1.1.0")
    assert ran.code == 1
    assert "working on 1.0.0" in flat(ran.err)


def test_staging_twice_says_that_it_was_staged(ready: Project, publish: Publish) -> None:
    stage(publish, ready)
    assert "was staged already" in stage(publish, ready).out


def test_rebase_and_replace_do_not_go_together(ready: Project, publish: Publish) -> None:
    assert stage(publish, ready, "--rebase", "--replace").code == 2


def test_refresh_has_nothing_to_do_on_a_fresh_channel(ready: Project, publish: Publish) -> None:
    stage(publish, ready)
    approve(publish, ready, "channels-ana", "--keys", "keys-of-ana")
    approve(publish, ready, "channels-ben")
    run(publish, ready, "promote", "node@1.0.0")
    ran = run(publish, ready, "refresh")
    assert (ran.code, ran.out) == (0, "Nothing is due.\n")
    said = json.loads(run(publish, ready, "refresh", "--json").out)
    assert said == {
        "ok": True,
        "renewed": {},
        "waiting": [],
        "overdue": [],
        "rollbacks_ending": [],
        "not_staged": None,
        "written": [],
    }


def test_status_reads_at_a_glance(ready: Project, publish: Publish) -> None:
    stage(publish, ready)
    out = run(publish, ready, "status").out
    assert "Live\n  nothing" in out
    assert "missing     the approval of a person with the duty engineering (ana)" in " ".join(out.split("\n"))


AREAS = """\
    areas:
      - {paths: ["src/dht/**"], change_class: dht}
"""


def test_r26_what_the_build_changed_goes_with_the_candidate_and_stops_a_patch_that_is_more(
    ready: Project, publish: Publish
) -> None:
    products = ready.config / "products.yaml"
    products.write_text(products.read_text() + AREAS)
    unknown = stage(publish, ready)
    assert unknown.code == 3
    assert "The change class cannot be checked without the list of what the build changed." in " ".join(
        unknown.err.split()
    )

    paths = ready.base / "changed.txt"
    paths.write_text("src/dht/node.c\n")
    release = ready.content / "releases/node/1.0.0.yaml"
    declared = release.read_text()
    refused = stage(publish, ready, "--changes", str(paths))
    assert refused.code == 3
    assert "the build changed src/dht/node.c (dht)" in flat(refused.err)
    assert not list((ready.base / "bucket").rglob("payload.json"))

    release.write_text(declared.replace("change_class: patch", "change_class: dht"))
    assert stage(publish, ready, "--changes", str(paths)).code == 0
    # Whoever promotes needs no list of paths: it lies beside the candidate. A class that is lowered meanwhile fails.
    paths.unlink()
    release.write_text(declared)
    lowered = run(publish, ready, "promote", "node@1.0.0")
    assert lowered.code == 3
    assert "the build changed src/dht/node.c (dht)" in flat(lowered.err)
    release.write_text(declared.replace("change_class: patch", "change_class: dht"))
    approve(publish, ready, "channels-ana", "--keys", "keys-of-ana")
    approve(publish, ready, "channels-ben")
    assert run(publish, ready, "promote", "node@1.0.0").code == 0


def test_the_review_of_a_first_release_says_that_the_channel_is_new(ready: Project, publish: Publish) -> None:
    stage(publish, ready)
    said = run(publish, ready, "approve", "node@1.0.0").out
    assert "a new channel: nothing has been offered in node.stable so far" in said
    assert "linux-amd64: 1.0.0, new" in said
    assert "nothing -> 1.0.0" not in said


def test_the_channel_may_be_left_out_only_where_there_is_one(ready: Project, publish: Publish) -> None:
    to = ("--to", ready.bucket)
    artifacts = ("--artifacts", "artifacts/1.0.0", *to)
    assert publish("stage", "node@1.0.0", *artifacts, cwd=ready.base).code == 0
    edit(ready.content / "releases/node/1.0.0.yaml", "channels: [stable]", "channels: [stable, beta]")
    before = tree(ready.bucket)
    commands = [("stage", *artifacts), ("release", *artifacts), ("approve", *to), ("promote", *to), ("rollback", *to)]
    for command, *options in commands:
        unclear = publish(command, "node@1.0.0", *options, cwd=ready.base)
        assert unclear.code == 2
        assert "which channel of node is meant: stable or beta?" in flat(unclear.err)
    assert tree(ready.bucket) == before


def test_all_missing_files_come_at_once_with_what_lies_there_instead(ready: Project, publish: Publish) -> None:
    built = ready.base / "artifacts/1.0.0"
    (built / "node-1.0.0-linux-amd64.tar.gz").rename(built / "node-1.0.0-linux_amd64.tar.gz")
    (built / "node-1.0.0-windows-amd64.zip").rename(built / "setup.exe")
    ran = publish("stage", "node@1.0.0", "--artifacts", built, "--to", ready.bucket, cwd=ready.base)
    assert ran.code == 1
    assert "2 files are missing in" in flat(ran.err)
    missing = "node-1.0.0-linux-amd64.tar.gz (linux-amd64); did you mean node-1.0.0-linux_amd64.tar.gz?"
    assert flat(missing) in flat(ran.err)
    assert "  node-1.0.0-windows-amd64.zip (windows-amd64)\n" in ran.err
    assert "found instead: node-1.0.0-linux_amd64.tar.gz, setup.exe" in flat(ran.err)
    assert not any(tree(ready.bucket))


def test_no_line_is_wider_than_the_terminal(ready: Project, publish: Publish) -> None:
    (ready.base / "keys-of-ana/channels-ana.pem").rename(ready.keys / "channels-ana.pem")
    artifacts = ("--artifacts", "artifacts/1.0.0", "--to", "bucket")
    planned = publish("release", "node@1.0.0", *artifacts, "--dry-run", cwd=ready.base)
    staged = publish("stage", "node@1.0.0", *artifacts, cwd=ready.base)
    assert (planned.code, staged.code) == (0, 0), planned.err + staged.err
    done = publish("release", "node@1.0.0", *artifacts, cwd=ready.base)
    (ready.bucket / "releases/node/1.0.0/left-behind-by-somebody-else.tar.gz").write_bytes(b"x")
    verified = publish("verify", "bucket", "--root", "site_config/root.json", cwd=ready.base)
    status = publish("status", "--to", "bucket", cwd=ready.base)
    for ran in (planned, done, verified, status):
        assert ran.out.strip()
        # A path stays whole, so that it can be copied.
        assert [line for line in ran.out.splitlines() if len(line) > 80 and " " in line.strip()] == []
