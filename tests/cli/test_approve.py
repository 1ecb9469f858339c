"""publish approve as people type it, at one machine and at two."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys


@pytest.fixture
def staged(tmp_path: Path, publish: Publish) -> Project:
    """A project with real-time keys, and a release staged on top of one that is live."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0", "1.1.0")

    def make() -> None:
        for version, command in (("1.0.0", "release"), ("1.1.0", "stage")):
            where = ("--channel", "stable", "--artifacts", f"artifacts/{version}", "--to", project.bucket)
            ran = publish(command, f"node@{version}", *where, cwd=project.base)
            assert ran.code == 0, ran.err

    project.step("1.0.0 is released and 1.1.0 is staged", make)
    return project


def approve(publish: Publish, project: Project, *words: str | Path, name: str = "node@1.1.0") -> Ran:
    return publish("approve", name, *words, "--to", project.bucket, cwd=project.base)


def digest_of(publish: Publish, project: Project) -> str:
    digest = json.loads(approve(publish, project, "--json").out)["candidate"]
    assert isinstance(digest, str)
    return digest


def test_without_a_key_it_shows_and_signs_nothing(staged: Project, publish: Publish) -> None:
    before = tree(staged.bucket)
    ran = approve(publish, staged)
    assert ran.code == 0
    for said in (
        "linux-amd64: 1.0.0 -> 1.1.0",
        "in one sentence: Version 1.0.0 of the node. -> Version 1.1.0 of the node.",
        "to go back to 1.0.0 if needed",
        "node 1.1.0 may ship now.",
        "missing     the approval of a person with the duty engineering (ana)",
        "name your key with --key",
    ):
        assert said in " ".join(ran.out.split("\n")), said
    assert max(map(len, ran.out.splitlines())) <= 80
    assert tree(staged.bucket) == before


def test_nothing_is_signed_blindly(staged: Project, publish: Publish) -> None:
    before = tree(staged.bucket)
    unread = approve(publish, staged, "--key", "channels-ana")
    assert (unread.code, "nobody is here to read what would be signed" in flat(unread.err)) == (2, True)
    mistyped = approve(publish, staged, "--key", "chanels-ana")
    assert mistyped.code == 1
    assert "signers.yaml has no key that is called chanels-ana" in flat(mistyped.err)
    assert "did you mean channels-ana?" in flat(mistyped.err)
    other = approve(publish, staged, "--key", "channels-ana", "--yes", "0" * 64)
    assert (other.code, "read what this one changes" in flat(other.err)) == (2, True)
    short = approve(publish, staged, "--key", "channels-ana", "--yes", digest_of(publish, staged)[:12])
    assert short.code == 2
    assert tree(staged.bucket) == before


@pytest.mark.parametrize("key", ["channels-ana", "file:channels-ana.pem", "file:keys/channels-ana.pem"])
def test_a_key_is_named_by_its_name_its_uri_or_its_path(staged: Project, publish: Publish, key: str) -> None:
    ran = approve(publish, staged, "--key", key, "--yes", digest_of(publish, staged))
    assert ran.code == 0, ran.err
    assert "approved    ana (engineering)" in ran.out


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("notes-coco", "the key notes-coco may not sign node.stable"),
        ("file:keys/notes-coco.pem", "the key in keys/notes-coco.pem may not sign node.stable"),
        ("nobody", "signers.yaml has no key that is called nobody"),
        ("file:absent.pem", "there is no key file"),
    ],
)
def test_a_key_that_may_not_sign_is_refused_and_those_that_may_are_named(
    staged: Project, publish: Publish, key: str, words: str
) -> None:
    before = tree(staged.bucket)
    ran = approve(publish, staged, "--key", key, "--yes", digest_of(publish, staged))
    assert (ran.code, flat(words) in flat(ran.err)) == (1, True), ran.err
    assert key == "file:absent.pem" or "ana (engineering)" in flat(ran.err)
    assert tree(staged.bucket) == before


def test_a_key_that_may_not_sign_is_refused_before_anybody_types_a_passphrase(
    staged: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = staged.keys / "notes-coco.pem"
    private = load_pem_private_key(path.read_bytes(), None)
    locked = BestAvailableEncryption(b"the passphrase of coco")
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    monkeypatch.delenv("TIDEGATE_PASSPHRASE", raising=False)
    ran = approve(publish, staged, "--key", "notes-coco", "--yes", digest_of(publish, staged))
    assert (ran.code, "the key notes-coco may not sign node.stable" in flat(ran.err)) == (1, True), ran.err


def test_a_release_that_is_live_needs_no_approval(staged: Project, publish: Publish) -> None:
    ran = approve(publish, staged, name="node@1.0.0")
    assert (ran.code, "node@1.0.0 is live already in node.stable" in flat(ran.err)) == (1, True), ran.err


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("support-stafing=x", "did you mean support-staffing"),
        ("alert-routing", "proves nothing"),
        ("alert-routing= ", "proves nothing"),
    ],
)
def test_a_mistyped_fact_is_a_usage_error(staged: Project, publish: Publish, fact: str, words: str) -> None:
    ran = approve(publish, staged, "--key", "channels-ben", "--fact", fact, "--yes", digest_of(publish, staged))
    assert (ran.code, flat(words) in flat(ran.err)) == (2, True), ran.err


def test_an_offline_machine_signs_a_bundle_with_the_same_command(staged: Project, publish: Publish) -> None:
    digest = digest_of(publish, staged)
    offline = staged.base.parent / "offline"
    offline.mkdir()
    for folder in ("content", "site_config", "keys"):
        shutil.move(staged.base / folder, offline / folder) if folder == "keys" else shutil.copytree(
            staged.base / folder, offline / folder
        )
    bundle = offline / "candidate.bundle"
    exported = approve(publish, staged, "--export", bundle)
    assert (exported.code, "--bundle candidate.bundle" in exported.out) == (0, True), exported.err

    for key in ("channels-ana", "channels-ben"):
        signed = publish("approve", "node@1.1.0", "--bundle", bundle, "--key", key, "--yes", digest, cwd=offline)
        assert signed.code == 0, signed.err
    assert "All required approvals are there." in signed.out

    brought = approve(publish, staged, "--import", bundle)
    assert brought.code == 0, brought.err
    assert "Brought back: 6 objects." in brought.out
    assert "It brings nothing new." in approve(publish, staged, "--import", bundle).out
    shutil.copytree(offline / "keys", staged.base / "keys")
    promoted = publish("promote", "node@1.1.0", "--channel", "stable", "--to", staged.bucket, cwd=staged.base)
    assert promoted.code == 0, promoted.err
    back = publish(
        "rollback",
        "node@1.1.0",
        "--because",
        "It stops.",
        "--channel",
        "stable",
        "--to",
        staged.bucket,
        cwd=staged.base,
    )
    assert (back.code, "1.0.0 is live, verified as a new client" in back.out) == (0, True), back.err


@pytest.mark.parametrize("words", [("--export", "a", "--import", "b"), ("--export", "a", "--key", "channels-ana")])
def test_steps_that_exclude_one_another_are_a_usage_error(
    staged: Project, publish: Publish, words: tuple[str, ...]
) -> None:
    assert approve(publish, staged, *words).code == 2


@pytest.mark.parametrize("junk", [b"", b"{}", b"[" * 100_000, b'{"format": "tidegate-bundle/1"}', b"\xff"])
def test_a_file_that_is_no_bundle_is_refused(staged: Project, publish: Publish, junk: bytes) -> None:
    (staged.base / "junk").write_bytes(junk)
    for option in ("--bundle", "--import"):
        ran = approve(publish, staged, option, "junk")
        assert (ran.code, "is not a bundle" in flat(ran.err)) == (1, True), ran.err
    absent = approve(publish, staged, "--import", "absent")
    assert (absent.code, "cannot read the bundle" in flat(absent.err)) == (1, True)


@pytest.mark.parametrize("folder", ["sig", "attest", "back"])
def test_what_a_bundle_brings_back_is_verified(staged: Project, publish: Publish, folder: str) -> None:
    digest = digest_of(publish, staged)
    approve(publish, staged, "--export", "one.bundle")
    key = ("--key", "channels-ana", "--yes", digest)
    assert publish("approve", "node@1.1.0", "--bundle", "one.bundle", *key, cwd=staged.base).code == 0
    path = staged.base / "one.bundle"
    bundle = json.loads(path.read_text())
    name = next(key for key in bundle["objects"] if f"/{folder}/" in key)
    data = json.loads(base64.b64decode(bundle["objects"][name]))
    if folder == "attest":
        data["payload"] = base64.b64encode(b"{}").decode()
    else:
        data["sig"] = "00" * 64
    bundle["objects"][name] = base64.b64encode(json.dumps(data).encode()).decode()
    path.write_text(json.dumps(bundle))
    before = tree(staged.bucket)
    ran = approve(publish, staged, "--import", "one.bundle")
    assert ran.code == 4, ran.err
    assert tree(staged.bucket) == before


def test_a_bundle_of_another_candidate_is_refused(staged: Project, publish: Publish) -> None:
    approve(publish, staged, "--export", "old.bundle")
    staged.add_release("1.2.0")
    staged.build("1.2.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.2.0", "--replace", "--to", staged.bucket)
    assert publish("stage", "node@1.2.0", *where, cwd=staged.base).code == 0
    ran = approve(publish, staged, "--import", "old.bundle", name="node@1.2.0")
    assert (ran.code, "signatures in the old bundle do not fit the new candidate" in flat(ran.err)) == (1, True), (
        ran.err
    )


def test_what_is_not_staged_cannot_be_approved(staged: Project, publish: Publish) -> None:
    staged.add_release("1.2.0")
    ran = approve(publish, staged, name="node@1.2.0")
    assert (ran.code, "is working on 1.1.0" in flat(ran.err)) == (1, True)
