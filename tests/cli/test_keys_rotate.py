"""Replacing a key as people type it: rotate, stage, approve (on a machine without network too), promote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys


@pytest.fixture
def live(tmp_path: Path, publish: Publish) -> Project:
    """A project with real-time keys, and a release."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    ran = project.step("1.0.0 is released", lambda: publish("release", "node@1.0.0", *where, cwd=project.base))
    assert ran.code == 0, ran.err
    return project


def run(publish: Publish, project: Project, *words: str | Path, to: bool = True, cwd: Path | None = None) -> Ran:
    where = ("--to", project.bucket) if to else ()
    return publish(*words, *where, cwd=cwd or project.base)


def rotate(publish: Publish, project: Project, name: str, successor: str) -> Ran:
    return run(publish, project, "keys", "rotate", name, "--as", successor, "--new", "--no-passphrase", to=False)


def test_a_key_is_replaced_from_the_first_word_to_the_last(live: Project, publish: Publish) -> None:
    assert "Next: publish keys stage" in rotate(publish, live, "timestamp-ben", "timestamp-ben-2").out
    staged = run(publish, live, "keys", "stage")
    assert staged.code == 0, staged.err
    said = " ".join(staged.out.split())
    assert "timestamp: + ben (automation), ed25519, key" in said
    assert "Still needs 2 more persons." in said
    early = run(publish, live, "keys", "promote")
    assert (early.code, "root needs 2 more persons" in flat(early.err)) == (3, True)

    digest = json.loads(run(publish, live, "approve", "root", "--json").out)["candidate"]
    for key in ("root-ana", "root-ben"):
        signed = run(publish, live, "approve", "root", "--key", key, "--yes", digest)
        assert signed.code == 0, signed.err
    assert "All required signatures are there." in signed.out
    done = run(publish, live, "keys", "promote")
    assert done.code == 0, done.err
    assert "Verified as clients of 2 roots, from the first to the newest." in done.out
    assert run(publish, live, "verify", live.bucket, "--root", "site_config/root.json", to=False).code == 0
    assert run(publish, live, "keys", "remove", "timestamp-ben", to=False).code == 0
    assert "Nothing to sign" in run(publish, live, "keys", "stage").out
    assert "Nothing to change" in run(publish, live, "keys", "promote").out
    assert run(publish, live, "refresh").code == 0
    assert run(publish, live, "log", "--verify").code == 0


def test_the_root_ceremony_offline(live: Project, publish: Publish) -> None:
    """Root keys live on a machine without network: a bundle goes there and comes back."""
    offline = live.base.parent / "offline"
    rotate(publish, live, "snapshot-ben", "snapshot-ben-2")
    offline.mkdir()
    for folder in ("content", "site_config"):
        shutil.copytree(live.base / folder, offline / folder)
    (offline / "keys").mkdir(mode=0o700)
    for name in ("root-ana.pem", "root-ben.pem"):
        (live.keys / name).rename(offline / "keys" / name)

    assert run(publish, live, "keys", "stage").code == 0
    exported = run(publish, live, "approve", "root", "--export", offline / "root.bundle")
    assert exported.code == 0, exported.err
    read = run(publish, live, "approve", "root", "--bundle", "root.bundle", "--json", to=False, cwd=offline)
    digest = json.loads(read.out)["candidate"]
    for key in ("root-ana", "file:keys/root-ben.pem"):
        words = ("approve", "root", "--bundle", "root.bundle", "--key", key, "--yes", digest)
        signed = run(publish, live, *words, to=False, cwd=offline)
        assert signed.code == 0, signed.err
    brought = run(publish, live, "approve", "root", "--import", offline / "root.bundle")
    assert (brought.code, "Brought back: 2 objects." in brought.out) == (0, True), brought.err
    done = run(publish, live, "keys", "promote")
    assert done.code == 0, done.err


def test_bad_words_change_nothing(live: Project, publish: Publish) -> None:
    before = (live.config / "signers.yaml").read_bytes(), tree(live.bucket), sorted(live.keys.iterdir())
    absent = rotate(publish, live, "nobody", "nobody-2")
    assert (absent.code, "there is no key nobody" in flat(absent.err)) == (1, True)
    taken = rotate(publish, live, "timestamp-ben", "root-ana")
    assert (taken.code, "is in use" in flat(taken.err)) == (1, True)
    unclear = run(publish, live, "keys", "rotate", "root-ana", "--as", "root-ana-2", to=False)
    assert (unclear.code, "where the key comes from" in flat(unclear.err)) == (2, True)
    unstaged = run(publish, live, "approve", "root")
    assert (unstaged.code, "publish keys stage" in flat(unstaged.err)) == (1, True)
    channel = run(publish, live, "approve", "root", "--channel", "stable")
    assert channel.code == 2
    after = (live.config / "signers.yaml").read_bytes(), tree(live.bucket), sorted(live.keys.iterdir())
    assert after == before


def test_a_key_is_rotated_once(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    again = rotate(publish, live, "timestamp-ben", "timestamp-ben-3")
    assert (again.code, "was replaced before" in flat(again.err)) == (1, True)
    listed = run(publish, live, "keys", "list", to=False).out
    assert "retired" in listed


def test_a_dry_run_of_stage_writes_nothing(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    before = tree(live.bucket)
    ran = run(publish, live, "keys", "stage", "--dry-run", "--json")
    assert json.loads(ran.out)["staged"][0]["role"] == "root"
    assert tree(live.bucket) == before


def test_a_bundle_of_something_else_says_what_it_is_about(live: Project, publish: Publish) -> None:
    rotate(publish, live, "snapshot-ben", "snapshot-ben-2")
    assert run(publish, live, "keys", "stage").code == 0
    assert run(publish, live, "approve", "root", "--export", "root.bundle").code == 0
    other = run(publish, live, "approve", "targets", "--bundle", "root.bundle", to=False)
    assert other.code == 1
    assert "root.bundle is about candidate" in flat(other.err)
    assert "bring content and site_config of the other machine here as well" in " ".join(other.err.split())


def remove(publish: Publish, project: Project, name: str, *words: str) -> Ran:
    ran = run(publish, project, "keys", "remove", name, *words)
    return Ran(ran.code, " ".join(ran.out.split()), " ".join(ran.err.split()))


def make_live(publish: Publish, project: Project) -> None:
    assert run(publish, project, "keys", "stage").code == 0
    digest = json.loads(run(publish, project, "approve", "root", "--json").out)["candidate"]
    for key in ("root-ana", "root-ben"):
        assert run(publish, project, "approve", "root", "--key", key, "--yes", digest).code == 0
    assert run(publish, project, "keys", "promote").code == 0


def test_a_replaced_key_stays_until_its_successor_is_live(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    before = (live.config / "signers.yaml").read_bytes()
    early = remove(publish, live, "timestamp-ben")
    assert early.code == 1
    assert "timestamp-ben was replaced, and root still names it for clients" in early.err
    assert "publish keys promote" in flat(early.err)
    assert (live.config / "signers.yaml").read_bytes() == before
    assert remove(publish, live, "timestamp-ben", "--compromised").code == 0


def test_a_key_that_no_live_metadata_names_needs_no_signature_to_go(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    make_live(publish, live)
    gone = remove(publish, live, "timestamp-ben")
    assert gone.code == 0, gone.err
    assert "Nothing has to be signed: no live metadata lists it." in gone.out
    assert "keys stage" not in gone.out
    assert "Nothing to sign" in run(publish, live, "keys", "stage").out


def test_a_key_that_clients_accept_asks_for_the_signatures_that_are_needed(live: Project, publish: Publish) -> None:
    person = ("--person", "ana", "--duty", "engineering", "--role", "timestamp")
    added = run(publish, live, "keys", "add", "timestamp-ana", *person, "--new", "--no-passphrase", to=False)
    assert added.code == 0, added.err
    assert json.loads(run(publish, live, "keys", "remove", "timestamp-ana", "--json").out)["next"] is None
    kept = remove(publish, live, "notes-coco", "--compromised")
    assert "Next: publish keys stage, since clients accept it until targets is signed again." in kept.out


def test_a_bucket_that_cannot_be_seen_leaves_a_warning(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    before = tree(live.bucket)
    gone = publish("keys", "remove", "timestamp-ben", "--to", "nowhere", cwd=live.base)
    said = " ".join(gone.out.split())
    assert gone.code == 0, gone.err
    assert "Warning: it was not checked whether the change that replaced timestamp-ben is live." in said
    assert "Next: publish keys stage" in said
    assert tree(live.bucket) == before


def test_staging_a_root_opens_no_key_of_root(live: Project, publish: Publish) -> None:
    """Its entry in the ledger is signed by a key that is kept online; root signs when a person approves."""
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    for name in ("root-ana", "root-ben", "root-coco"):
        path = live.keys / f"{name}.pem"
        if path.exists():
            path.write_text("sealed away")
    staged = run(publish, live, "keys", "stage")
    assert staged.code == 0, staged.err


def test_a_mistyped_key_is_told_the_nearest_that_may_sign(live: Project, publish: Publish) -> None:
    rotate(publish, live, "timestamp-ben", "timestamp-ben-2")
    assert run(publish, live, "keys", "stage").code == 0
    digest = json.loads(run(publish, live, "approve", "root", "--json").out)["candidate"]
    mistyped = run(publish, live, "approve", "root", "--key", "root-anna", "--yes", digest)
    assert (mistyped.code, "did you mean root-ana? (those who may: " in flat(mistyped.err)) == (1, True)


def test_paths_are_printed_as_they_are_written(live: Project, publish: Publish) -> None:
    (live.keys / "root-ana.pem").chmod(0o644)
    ran = run(publish, live, "keys", "list", "--keys", "keys", to=False)
    assert "keys/root-ana.pem" in " ".join(ran.out.split())
    assert "Keys/" not in ran.out
