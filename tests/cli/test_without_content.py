"""What keeps a channel alive or stops it reads configuration and bucket: no problem of the content holds it up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.channel.layout import TIMESTAMP_KEY
from tests.support.approving import edit
from tests.support.command import Publish, Ran, flat, publish_here
from tests.support.project import Project, tree, with_todays_keys
from tests.support.thief import FAR, Thief

STABLE = ("--channel", "stable")


def typo(project: Project) -> None:
    edit(project.content / "policy.yaml", "freeze:", "freez:")
    (project.content / "events" / "half.yaml").write_text("id: half\n  type")


def emptied(project: Project) -> None:
    shutil.rmtree(project.content)
    project.content.mkdir()


def absent(project: Project) -> None:
    shutil.rmtree(project.content)


def strange(project: Project) -> None:
    """Nothing that reads a file ends here."""
    loop = project.content / "releases" / "loop"
    loop.symlink_to(loop)
    (project.content / "events" / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    (project.config / "staffing.yaml").write_text("shifts: [")


STATES = (typo, emptied, absent, strange)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project at the real time: 1.0.0 was live, 1.1.0 is."""
    project = with_todays_keys(tmp_path_factory.mktemp("published") / "project", publish_here, "1.0.0", "1.1.0")
    for version in ("1.0.0", "1.1.0"):
        where = ("--channel", "stable", "--artifacts", f"artifacts/{version}", "--to", project.bucket)
        ran = publish_here("release", f"node@{version}", *where, cwd=project.base)
        assert ran.code == 0, ran.err
    return project


@pytest.fixture(params=STATES, ids=lambda spoil: spoil.__name__)
def spoiled(request: pytest.FixtureRequest, published: Project, tmp_path: Path) -> Project:
    """The same with content that cannot be used."""
    project = published.copied(tmp_path / "project")
    project.now = datetime.now(UTC).replace(microsecond=0)
    assert project.catalog.releases  # read while it is sound, for what tests do as a thief
    spoil: Callable[[Project], None] = request.param
    spoil(project)
    return project


def run(publish: Publish, project: Project, *words: str | Path, to: bool = True, code: int = 0) -> Ran:
    where = ("--to", project.bucket) if to else ()
    ran = publish(*words, *where, cwd=project.base)
    assert ran.code == code, ran.err
    if words[0] != "verify":  # it reads no content at all
        warnings = [line for line in ran.err.splitlines() if line.startswith("Warning: ")]
        assert len(warnings) == 1
        assert warnings[0].endswith(", not needed here: publish check")
    return Ran(ran.code, " ".join(ran.out.split()), " ".join(ran.err.split()))


def test_a_release_is_taken_back_by_what_is_signed_in_the_bucket(spoiled: Project, publish: Publish) -> None:
    taken = run(publish, spoiled, "rollback", "node@1.1.0", *STABLE, "--because", "It stops.")
    assert "node@1.1.0 is taken back in stable: 1.0.0 is live, verified as a new client." in taken.out
    assert "node stable: 1.0.0" in run(publish, spoiled, "status").out
    [entry] = json.loads(run(publish, spoiled, "log", "--public", "--last", "1", "--json").out)["entries"]
    assert (entry["action"], entry["version"], entry["visibility"]) == ("rollback", "1.1.0", "public")
    assert (entry["policy_version"], entry["policy_digest"]) == (None, None)
    log = run(publish, spoiled, "log", "--verify")
    assert "No rule was asked; signed by ben (automation)." in log.out
    assert "Sound: " in log.out


def test_only_what_is_live_is_taken_back(spoiled: Project, publish: Publish) -> None:
    before = tree(spoiled.bucket)
    other = run(publish, spoiled, "rollback", "node@1.0.0", *STABLE, "--because", "It stops.", code=1)
    assert "node.stable does not ship node@1.0.0 now: 1.1.0 is live" in flat(other.err)
    nonsense = run(publish, spoiled, "rollback", "node@new", *STABLE, "--because", "It stops.", code=2)
    assert "node@new does not name a version" in flat(nonsense.err)
    assert tree(spoiled.bucket) == before


def test_the_online_roles_are_signed_again(spoiled: Project, publish: Publish) -> None:
    edit(spoiled.config / "roles.yaml", "expires: 48 h", "expires: 90 d")
    refreshed = run(publish, spoiled, "refresh")
    assert "Renewed: timestamp" in refreshed.out
    assert run(publish, spoiled, "verify", spoiled.bucket, "--root", "site_config/root.json", to=False).code == 0
    assert run(publish, spoiled, "log", "--verify").code == 0


def test_the_timer_is_written(spoiled: Project, publish: Publish, tmp_path: Path) -> None:
    run(publish, spoiled, "refresh", "--units", tmp_path / "units")
    assert (tmp_path / "units" / "tidegate-refresh.timer").exists()


def test_it_is_told_what_is_live_and_what_happened(spoiled: Project, publish: Publish) -> None:
    status = run(publish, spoiled, "status")
    assert "node stable: 1.1.0 for linux-amd64, windows-amd64" in status.out
    assert json.loads(run(publish, spoiled, "status", "--json").out)["ok"] is True
    for options in ((), ("--verify",), ("--public",)):
        assert "release: node 1.1.0 to stable" in run(publish, spoiled, "log", *options).out


def test_a_state_is_put_back_after_a_theft(spoiled: Project, publish: Publish) -> None:
    assert "It verifies." in run(publish, spoiled, "recover").out
    Thief.of(spoiled, "snapshot-ben", "timestamp-ben").flip(FAR, FAR)
    looked = run(publish, spoiled, "recover", code=4)
    entry = looked.out.partition("--entry ")[2].split()[0]
    assert "is put back" in run(publish, spoiled, "recover", "--entry", entry).out
    assert run(publish, spoiled, "status").code == 0


def test_what_is_live_is_adopted_when_its_entry_is_gone(spoiled: Project, publish: Publish) -> None:
    last = sorted((spoiled.bucket / "ledger").iterdir())[-1]
    last.unlink()
    run(publish, spoiled, "recover", code=4)
    assert "What is live has its entry" in run(publish, spoiled, "recover", "--adopt").out
    assert run(publish, spoiled, "status").code == 0


def test_keys_are_changed_from_the_first_word_to_the_last(spoiled: Project, publish: Publish) -> None:
    new = ("--new", "--no-passphrase")
    listed = run(publish, spoiled, "keys", "list", to=False)
    assert "timestamp-ben" in listed.out
    person = ("--person", "ana", "--duty", "operations", "--role", "timestamp")
    run(publish, spoiled, "keys", "add", "timestamp-ana", *person, *new, to=False)
    run(publish, spoiled, "keys", "rotate", "snapshot-ben", "--as", "snapshot-ben-2", *new, to=False)
    assert "timestamp" in run(publish, spoiled, "keys", "stage", "--dry-run").out
    run(publish, spoiled, "keys", "stage")
    digest = json.loads(run(publish, spoiled, "approve", "root", "--json").out)["candidate"]
    for key in ("root-ana", "root-ben"):
        run(publish, spoiled, "approve", "root", "--key", key, "--yes", digest)
    assert "Live: root version 2" in run(publish, spoiled, "keys", "promote").out
    run(publish, spoiled, "keys", "remove", "snapshot-ben", to=False)
    assert run(publish, spoiled, "log", "--verify").code == 0


def test_policies_of_a_bucket_are_printed(spoiled: Project, publish: Publish) -> None:
    with (spoiled.config / "endpoints.yaml").open("a") as endpoints:
        endpoints.write("storage: s3://bucket/prefix\n")
    for document in ("policy", "cors", "lifecycle"):
        assert json.loads(run(publish, spoiled, "bucket", document, to=False).out)


def test_the_first_keys_are_made(spoiled: Project, publish: Publish) -> None:
    shutil.rmtree(spoiled.keys)
    (spoiled.config / "root.json").unlink()
    persons = ("--person", "ana:engineering", "--person", "ben:operations,automation", "--person", "coco:comms")
    assert "keys are in" in run(publish, spoiled, "keys", "init", "--no-passphrase", *persons, to=False).out


def test_what_decides_on_a_release_refuses(spoiled: Project, publish: Publish) -> None:
    before = tree(spoiled.bucket)
    to = ("--to", spoiled.bucket)
    artifacts = ("--artifacts", "artifacts/1.1.0", *to)
    for words in (
        ("check",),
        ("why", "node@1.1.0"),
        ("stage", "node@1.1.0", *artifacts),
        ("release", "node@1.1.0", *artifacts),
        ("approve", "node@1.1.0", *to),
        ("promote", "node@1.1.0", *to),
    ):
        ran = publish(*words, cwd=spoiled.base)
        assert (ran.code, "not needed here" in flat(ran.err)) == (1, False), words
    assert tree(spoiled.bucket) == before


def test_a_candidate_is_named_and_not_judged_without_content(
    published: Project, tmp_path: Path, publish: Publish
) -> None:
    project = published.copied(tmp_path / "project")
    project.add_release("1.2.0")
    project.build("1.2.0")
    staged = publish("stage", "node@1.2.0", "--artifacts", "artifacts/1.2.0", "--to", project.bucket, cwd=project.base)
    assert staged.code == 0, staged.err
    typo(project)
    status = run(publish, project, "status")
    assert "node stable: 1.2.0, staged" in status.out
    assert "Approvals cannot be checked while the content has problems." in status.out
    assert "Void" not in status.out


def test_problems_of_the_configuration_still_stop(published: Project, tmp_path: Path, publish: Publish) -> None:
    project = published.copied(tmp_path / "project")
    edit(project.config / "endpoints.yaml", "downloads:", "download:")
    before = (project.bucket / TIMESTAMP_KEY).read_bytes()
    for words in (
        ("refresh",),
        ("rollback", "node@1.1.0", *STABLE, "--because", "It stops."),
        ("status",),
        ("recover",),
        ("log",),
    ):
        ran = publish(*words, "--to", project.bucket, cwd=project.base)
        assert (ran.code, "site_config/endpoints.yaml" in flat(ran.err)) == (1, True)
    assert (project.bucket / TIMESTAMP_KEY).read_bytes() == before


def test_roles_that_are_short_of_keys_let_nothing_expire(published: Project, tmp_path: Path, publish: Publish) -> None:
    project = published.copied(tmp_path / "project")
    edit(project.config / "roles.yaml", "expires: 48 h", "expires: 90 d")
    for name in ("channels-ben", "minisign-ben"):
        removed = publish("keys", "remove", name, "--compromised", cwd=project.base)
        assert removed.code == 0, removed.err
    assert publish("refresh", "--to", project.bucket, cwd=project.base).code == 0
    assert (
        publish(
            "rollback", "node@1.1.0", *STABLE, "--because", "It stops.", "--to", project.bucket, cwd=project.base
        ).code
        == 0
    )
    status = publish("status", "--to", project.bucket, cwd=project.base)
    assert (status.code, "node stable: 1.0.0" in status.out) == (0, True), status.err
    assert "cannot be shown: signers.yaml has no minisign key." in " ".join(status.out.split())
