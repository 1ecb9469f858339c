"""Somebody who can write to the bucket, or who stole one key, against the publisher. Named after what they try."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Snapshot

from publisher.channel.audit.channel import audit
from publisher.errors import SigningError, StorageConflict, TidegateError, VerificationError
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.promote import PromoteRequest, plan_promote
from publisher.pipeline.release.release import apply_release, plan_release
from publisher.signing.digests import digest_bytes
from tests.support.approving import stage
from tests.support.asking import offered
from tests.support.planting import sign_unseen
from tests.support.project import Project, tree

STAGING = "staging/node.stable"


def candidate_folder(project: Project) -> Path:
    pointer = json.loads((project.bucket / STAGING / "current.json").read_bytes())
    return project.bucket / STAGING / str(pointer["candidate"])


def plant(project: Project, change: Callable[[dict[str, Any]], None]) -> None:
    """A candidate as the thief of the bucket would have it, under its own digest, and made current."""
    folder = candidate_folder(project)
    payload = json.loads((folder / "payload.json").read_bytes())
    change(payload["signed"])
    data = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
    digest = hashlib.sha256(data).hexdigest()
    planted = folder.parent / digest
    shutil.copytree(folder, planted)
    (planted / "payload.json").write_bytes(data)
    point_to(project, digest)


def point_to(project: Project, digest: str) -> None:
    pointer = project.bucket / STAGING / "current.json"
    data = json.loads(pointer.read_bytes())
    pointer.write_text(json.dumps({**data, "candidate": digest}))


def errors(project: Project) -> list[str]:
    found = audit(StoreSource(project.storage()), project.root, project.now).findings
    return [f"{one.where} {one.what}" for one in found if one.level == "error"]


def publish(project: Project, version: str, *, replace: bool = False) -> None:
    request = project.request(version)
    plan = plan_release(
        request,
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
        replace=replace,
    )
    apply_release(plan, project.catalog, project.storage(), lambda: project.now)


@pytest.mark.parametrize(
    "change",
    [{"version": 10**9}, {"version": 10**200}, {"expires": "9999-01-01T00:00:00Z"}],
    ids=lambda one: str(one)[:24],
)
def test_a_planted_candidate_gets_no_signature_for_its_own_version_or_expiry(
    project: Project, change: dict[str, object]
) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    plant(project, lambda signed: signed.update(change))
    try:
        publish(project, "1.1.0")
    except VerificationError:
        publish(project, "1.1.0", replace=True)
    # Number 2 was used up by the honest candidate that was planted upon.
    signed = json.loads((project.bucket / "tuf/metadata/3.node.stable.json").read_bytes())["signed"]
    assert signed["version"] == 3
    assert signed["expires"] == "2027-11-20T12:00:00Z"
    assert errors(project) == []


def test_an_old_candidate_is_not_promoted_by_running_a_finished_release_again(project: Project) -> None:
    stage(project, "1.0.0")
    old = candidate_folder(project).name
    publish(project, "1.0.0")
    project.publish("1.1.0")
    point_to(project, old)
    before = tree(project.bucket)
    publish(project, "1.1.0")
    assert tree(project.bucket) == before
    assert offered(project, "fresh") == "1.1.0"


def test_an_old_signed_candidate_cannot_be_promoted_again(project: Project) -> None:
    stage(project, "1.0.0")
    old = candidate_folder(project).name
    publish(project, "1.0.0")
    project.publish("1.1.0")
    point_to(project, old)
    staged = staged_release(project.storage(), "node.stable", project.catalog.signers)
    request = PromoteRequest("node", "stable")
    with pytest.raises(StorageConflict, match="has moved on"):
        plan_promote(request, staged, project.catalog, project.look(), project.key_ring(), project.now)


def test_the_release_that_is_decided_on_is_the_one_that_was_signed(project: Project) -> None:
    project.add_release("1.0.0")
    project.publish("1.0.0")
    stage(project, "1.1.0")
    sign_unseen(project)
    plant(project, lambda signed: signed.update({"x-tidegate-release": "1.0.0"}))
    staged = staged_release(project.storage(), "node.stable", project.catalog.signers)
    request = PromoteRequest("node", "stable")
    with pytest.raises(TidegateError, match="the ledger has no entry"):
        plan_promote(request, staged, project.catalog, project.look(), project.key_ring(), project.now)


def test_a_candidate_that_offers_another_release_than_it_says_is_refused(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    plant(project, lambda signed: signed.update({"x-tidegate-release": "1.0.0"}))
    sign_unseen(project)
    staged = staged_release(project.storage(), "node.stable", project.catalog.signers)
    request = PromoteRequest("node", "stable")
    with pytest.raises(StorageConflict, match="the ledger has no entry"):
        plan_promote(request, staged, project.catalog, project.look(), project.key_ring(), project.now)


def test_a_signature_of_a_stranger_never_gets_into_what_is_published(project: Project) -> None:
    stage(project, "1.0.0")
    folder = candidate_folder(project)
    (folder / "sig").mkdir()
    stranger = {"keyid": "f" * 64, "sig": "00" * 64}
    (folder / "sig" / ("f" * 64)).write_text(json.dumps(stranger))
    publish(project, "1.0.0")
    role = json.loads((project.bucket / "tuf/metadata/1.node.stable.json").read_bytes())
    assert stranger["keyid"] not in {one["keyid"] for one in role["signatures"]}


@pytest.mark.parametrize("junk", ['{"keyid": "ab", "sig": "00"}', "[" * 100_000, "x" * 3_000_000, "{}"])
def test_junk_among_the_signatures_is_nobody_s_and_in_nobody_s_way(project: Project, junk: str) -> None:
    stage(project, "1.0.0")
    folder = candidate_folder(project)
    (folder / "sig").mkdir()
    (folder / "sig" / ("f" * 64)).write_text(junk)
    publish(project, "1.0.0")
    role = json.loads((project.bucket / "tuf/metadata/1.node.stable.json").read_bytes())
    assert "f" * 64 not in {one["keyid"] for one in role["signatures"]}


def test_burned_versions_are_passed_over(project: Project) -> None:
    project.publish("1.0.0")
    for number in range(2, 40):
        (project.bucket / f"tuf/metadata/{number}.node.stable.json").write_text("{}")
    project.publish("1.1.0")
    assert offered(project, "fresh") == "1.1.0"


def test_the_minisign_key_alone_cannot_make_a_binary_ours(project: Project) -> None:
    project.publish("1.0.0")
    folder = project.bucket / "releases/node/1.0.0"
    key = project.key_ring().minisign()
    poisoned = b"poisoned"
    name = "node-1.0.0-windows-amd64.zip"
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    sums = [f"{hashlib.sha256(poisoned).hexdigest()}  {name}" if line.endswith(name) else line for line in sums]
    new = {name: poisoned, "SHA256SUMS": ("\n".join(sums) + "\n").encode()}
    for file, data in new.items():
        (folder / file).unlink()
        (folder / file).write_bytes(data)
        comment = f"product:node version:1.0.0 file:{file}"
        (folder / f"{file}.minisig").write_bytes(key.sign(digest_bytes(data).blake2b512, trusted_comment=comment))
    assert any("no channel has ever signed these bytes" in error for error in errors(project))


def test_the_minisign_key_alone_cannot_slip_in_a_file_that_is_called_json(project: Project) -> None:
    project.publish("1.0.0")
    folder = project.bucket / "releases/node/1.0.0"
    key = project.key_ring().minisign()
    sums = (folder / "SHA256SUMS").read_bytes() + f"{hashlib.sha256(b'x').hexdigest()}  run-me.json\n".encode()
    for file, data in {"run-me.json": b"x", "SHA256SUMS": sums}.items():
        (folder / file).unlink(missing_ok=True)
        (folder / file).write_bytes(data)
        comment = f"product:node version:1.0.0 file:{file}"
        (folder / f"{file}.minisig").unlink(missing_ok=True)
        (folder / f"{file}.minisig").write_bytes(key.sign(digest_bytes(data).blake2b512, trusted_comment=comment))
    assert any("run-me.json" in error and "no channel has ever signed" in error for error in errors(project))


def test_the_snapshot_key_alone_cannot_exchange_a_snapshot(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    path = project.bucket / "tuf/metadata/2.snapshot.json"
    metadata = Metadata[Snapshot].from_bytes(path.read_bytes())
    metadata.signed.meta["node.stable.json"].version = 1
    metadata.signed.meta["node.stable.json"].hashes = None
    metadata.signed.meta["node.stable.json"].length = None
    [key] = project.key_ring().of("snapshot")
    metadata.sign(key)
    path.write_bytes(metadata.to_bytes())
    assert any("does not have the bytes" in error for error in errors(project))
    with pytest.raises(Exception, match=r"differs from what was signed|sends too much data"):
        offered(project, "fresh")


def test_padding_that_clients_refuse_is_found(project: Project) -> None:
    project.publish("1.0.0")
    path = project.bucket / "tuf/metadata/timestamp.json"
    data = json.loads(path.read_bytes())
    data["signatures"].append({"keyid": "e" * 64, "sig": "0" * 20_000})
    path.write_text(json.dumps(data))
    assert any("clients read at most" in error for error in errors(project))


def test_signing_needs_the_roles_own_keys(project: Project) -> None:
    stage(project, "1.0.0")
    (project.keys / "channels-ana.pem").rename(project.base / "ana")
    with pytest.raises(SigningError, match=r"duty engineering \(ana\)"):
        publish(project, "1.0.0")


def test_an_executable_that_calls_itself_a_signature_is_found(project: Project) -> None:
    project.publish("1.0.0")
    (project.bucket / "releases/node/1.0.0/release.json.minisig").write_bytes(b"MZ" * 100)
    assert any("release.json.minisig" in error for error in errors(project))


def test_history_that_nobody_signed_hides_no_stray(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    stray = project.bucket / "tuf/targets/artifacts/node/stable/1.0.0" / f"{'a' * 64}.evil.exe"
    stray.write_bytes(b"evil")
    role = json.loads((project.bucket / "tuf/metadata/1.node.stable.json").read_bytes())
    role["signed"]["targets"]["artifacts/node/stable/1.0.0/evil.exe"] = {"length": 4, "hashes": {"sha256": "a" * 64}}
    (project.bucket / "tuf/metadata/1.node.stable.json").write_text(json.dumps(role))
    found = audit(StoreSource(project.storage()), project.root, project.now).findings
    assert any(one.where.endswith("evil.exe") for one in found)
