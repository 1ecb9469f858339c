"""What an auditor finds when somebody has been at the bucket. Each test is one attack or one accident."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.audit.channel import Audit, audit
from publisher.channel.ledger.entries import PAYLOAD_TYPE
from publisher.model.config.role import RolePolicy
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.verify import StoreSource
from publisher.signing.envelope import seal
from tests.support.approving import stage
from tests.support.project import Project


def run(project: Project) -> Audit:
    return audit(StoreSource(project.storage()), project.root, project.now)


def errors(project: Project) -> list[str]:
    return [f"{one.where}: {one.what}" for one in run(project).findings if one.level == "error"]


def only_error(project: Project, where: str, what: str) -> None:
    [found] = errors(project)
    assert where in found
    assert what in found


def one(project: Project, pattern: str) -> Path:
    [path] = project.bucket.glob(pattern)
    return path


def put(path: Path, data: bytes) -> None:
    """Replace a file without touching others that share its bytes."""
    path.unlink()
    path.write_bytes(data)


def edit_json(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data))


def test_a_channel_as_we_publish_it_is_sound(published: Project) -> None:
    result = run(published)
    assert result.sound
    assert result.findings == ()
    assert result.signatures > 15


def test_an_empty_bucket_is_not_sound(project: Project) -> None:
    only_error(project, "timestamp.json", "nothing is published")


def test_another_root_refutes_everything(published: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    root = json.loads(other.root)
    root["signatures"] = []
    result = audit(StoreSource(published.storage()), json.dumps(root).encode(), published.now)
    assert not result.sound


def test_a_changed_target_is_found(published: Project) -> None:
    path = one(published, "tuf/targets/artifacts/node/stable/1.1.0/*linux*")
    put(path, path.read_bytes()[:-1] + b"!")
    only_error(published, path.name, "does not have the bytes that were signed")


def test_a_truncated_target_is_found(published: Project) -> None:
    path = one(published, "tuf/targets/artifacts/node/stable/1.1.0/*linux*")
    put(path, path.read_bytes()[:-10])
    only_error(published, path.name, "bytes instead of")


def test_a_missing_target_is_found(published: Project) -> None:
    path = one(published, "tuf/targets/artifacts/node/stable/1.1.0/*linux*")
    path.unlink()
    only_error(published, path.name, "missing")


def test_a_zero_byte_feed_is_found(published: Project) -> None:
    for path in published.bucket.glob("tuf/targets/feed/node/stable/*.linux-amd64.json"):
        path.write_bytes(b"")
    assert any("bytes instead of" in error for error in errors(published))


def test_a_changed_binary_for_people_is_found(published: Project) -> None:
    path = published.bucket / "releases/node/1.0.0/node-1.0.0-windows-amd64.zip"
    path.write_bytes(b"poisoned")
    found = errors(published)
    assert any("does not have the digest that SHA256SUMS lists" in error for error in found)
    assert any("minisig" in error for error in found)


def test_a_changed_checksum_list_is_found(published: Project) -> None:
    path = published.bucket / "releases/node/1.0.0/SHA256SUMS"
    path.write_bytes(path.read_bytes().replace(b"0", b"1"))
    only_error(published, "releases/node/1.0.0/SHA256SUMS", "cannot be verified")


def test_a_signature_of_another_version_is_found(published: Project) -> None:
    for suffix in ("", ".minisig"):
        old = published.bucket / f"releases/node/1.0.0/node-1.0.0-windows-amd64.zip{suffix}"
        new = published.bucket / f"releases/node/1.1.0/node-1.1.0-windows-amd64.zip{suffix}"
        new.write_bytes(old.read_bytes())
    assert any("was made for something else" in error for error in errors(published))


def test_a_stray_file_beside_a_release_is_found(published: Project) -> None:
    (published.bucket / "releases/node/1.1.0/node-urgent-fix.exe").write_bytes(b"run me")
    only_error(published, "node-urgent-fix.exe", "nothing signed refers to it")


def test_a_program_planted_among_the_targets_refutes_the_channel(published: Project) -> None:
    (published.bucket / "tuf/targets/artifacts/node/stable/1.1.0/stray").write_bytes(b"x")
    only_error(published, "1.1.0/stray", "nothing signed refers to it, and users may trust it")


def test_what_people_have_staged_is_noted_and_refutes_nothing(published: Project) -> None:
    stage(published, "1.2.0")
    found = run(published)
    assert found.sound
    assert {(str(one.level), "is waiting: it comes with node.stable 1.2.0" in one.what) for one in found.findings} == {
        ("note", True)
    }


@pytest.mark.parametrize("signer", ["timestamp-ben", "brakes-ben", None])
def test_an_entry_that_nobody_of_the_channel_signed_vouches_for_no_planted_program(
    published: Project, signer: str | None
) -> None:
    stage(published, "1.2.0")
    [entry] = [path for path in sorted(published.bucket.glob("ledger/*.json")) if b'"stage"' in payload(path)][-1:]
    told = payload(entry)
    key = published.key(signer or "snapshot-ben")
    sealed = json.loads(seal(told, PAYLOAD_TYPE, key))
    if signer is None:
        sealed["signatures"] = []
    put(entry, json.dumps(sealed).encode())
    assert {error.partition(":")[0].rpartition("/")[0] for error in errors(published)} == {
        "tuf/targets/artifacts/node/stable/1.2.0",
        "tuf/targets/feed/node/stable",
    }


def payload(path: Path) -> bytes:
    return base64.b64decode(json.loads(path.read_bytes())["payload"])


def test_removed_signatures_are_found(published: Project) -> None:
    path = published.bucket / "tuf/metadata/2.node.stable.json"
    edit_json(path, lambda data: data.update(signatures=data["signatures"][:1]))  # type: ignore[index]
    assert any("2.node.stable.json" in error and "does not have the bytes" in error for error in errors(published))


def test_a_replayed_snapshot_version_is_found(published: Project) -> None:
    (published.bucket / "tuf/metadata/2.snapshot.json").write_bytes(
        (published.bucket / "tuf/metadata/1.snapshot.json").read_bytes()
    )
    only_error(published, "", "does not have the bytes")


def test_missing_metadata_is_found(published: Project) -> None:
    (published.bucket / "tuf/metadata/2.node.stable.json").unlink()
    assert any("is missing" in error for error in errors(published))


def test_every_expired_role_is_found(published: Project) -> None:
    published.now += timedelta(days=8)
    found = errors(published)
    assert len(found) == 2
    assert any("timestamp expired" in error for error in found)
    assert any("snapshot expired" in error for error in found)


def expire(project: Project, role: str, days: int) -> None:
    """Let one role expire, and keep the online roles fresh."""
    project.now += timedelta(days=days)
    for key in project.keys.iterdir():
        if not key.name.startswith(("snapshot", "timestamp")):
            key.unlink()
    plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
    plan.apply(project.storage())


def test_expired_brakes_stop_every_channel_as_they_do_for_clients(published: Project) -> None:
    expire(published, "brakes", 15)
    only_error(published, "1.brakes.json", "until it is renewed, clients offer nothing")
    assert not run(published).sound


def test_an_expired_role_that_clients_do_not_ask_is_a_warning(published: Project) -> None:
    published.override(published.with_roles(brakes=RolePolicy(threshold=1, expires=timedelta(days=365))))
    plan_refresh(published.look(), published.catalog, published.key_ring(), published.now).apply(published.storage())
    expire(published, "rollout", 100)
    result = run(published)
    assert result.sound
    assert [(one.level, one.where) for one in result.findings] == [
        ("warning", "tuf/metadata/1.notes.json"),
        ("warning", "tuf/metadata/1.rollout.json"),
    ]
    assert all("clients still offer updates" in one.what for one in result.findings)


def test_an_expired_channel_is_silent_alone(published: Project) -> None:
    published.now += timedelta(days=366)
    assert any(
        "node.stable expired" in error and "clients of node.stable offer" in error for error in errors(published)
    )


def test_a_timestamp_that_is_no_metadata_is_found(published: Project) -> None:
    (published.bucket / "tuf/metadata/timestamp.json").write_bytes(b"{}")
    only_error(published, "", "timestamp.json is not TUF metadata")


@pytest.mark.parametrize("page", [b"<html>captive portal</html>", b"\n <!doctype html><title>Not found</title>"])
def test_a_web_page_where_metadata_should_be_is_named_as_one(published: Project, page: bytes) -> None:
    (published.bucket / "tuf/metadata/timestamp.json").write_bytes(page)
    only_error(published, "", "the server sent a web page instead of timestamp.json; sign in with a browser")


def test_one_broken_role_does_not_hide_another(published: Project) -> None:
    for name in ("1.brakes.json", "1.rollout.json"):
        edit_json(published.bucket / "tuf/metadata" / name, lambda data: data.update(signatures=[]))
    assert len([error for error in errors(published) if "does not have the bytes" in error]) == 2
