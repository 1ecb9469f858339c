"""One object planted at a number or a name that comes next: publishing passes it by, and `publish verify` names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from publisher.channel.audit.channel import Audit, audit
from publisher.channel.layout import ledger_key, metadata_key, release_key
from publisher.channel.repository import follow_roots
from publisher.errors import StorageConflict, TidegateError, VerificationError
from publisher.pipeline.bucket_reader import SMALL, reader
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.recover import survey_bucket
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.stage import Supersede
from tests.support.approving import ROLE, promote, stage
from tests.support.planting import live, offered, put, start_over
from tests.support.project import Project, tree
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys

Plant = Callable[[Project, str], None]


def garbage(project: Project, key: str) -> None:
    put(project, key, b"garbage")


def huge(project: Project, key: str) -> None:
    put(project, key, b" " * (SMALL + 1))


def folder(project: Project, key: str) -> None:
    put(project, f"{key}/x", b"x")


def link(project: Project, key: str) -> None:
    (project.bucket / key).symlink_to(project.config / "root.json")


def metadata_of_another(project: Project, key: str) -> None:
    put(project, key, (project.bucket / metadata_key("targets", 1)).read_bytes())


PLANTS = pytest.mark.parametrize("plant", [garbage, huge, folder, link, metadata_of_another])


def next_key(project: Project, role: str) -> str:
    versions = {**live(project).versions, "root": live(project).root.signed.version}
    return metadata_key(role, versions[role] + 1)


def audited(project: Project) -> Audit:
    return audit(StoreSource(project.storage()), project.root, project.now)


def named_by_verify(project: Project, key: str) -> bool:
    found = audited(project)
    return not found.sound and any(one.level == "error" and key in f"{one.where} {one.what}" for one in found.findings)


def refresh(project: Project) -> None:
    project.now += timedelta(days=4)
    storage = project.storage()
    plan = plan_refresh(project.look(storage), project.catalog, project.key_ring(), project.now)
    plan.apply(storage)


@PLANTS
@pytest.mark.parametrize("role", [ROLE, "snapshot"])
def test_an_object_planted_at_the_next_number_does_not_stop_a_release(
    published: Project, role: str, plant: Plant
) -> None:
    key = next_key(published, role)
    plant(published, key)
    assert named_by_verify(published, key)
    published.publish("1.1.0")
    assert offered(published) == "1.1.0"
    assert named_by_verify(published, key)


@PLANTS
def test_an_object_planted_at_the_next_number_of_a_staged_role_is_passed_by_with_replace(
    staged: Project, plant: Plant
) -> None:
    plant(staged, next_key(staged, ROLE))
    staged.approve("1.1.0")
    with pytest.raises(StorageConflict, match="already exists, and is not what was signed here") as refusal:
        promote(staged)
    assert "--replace" in refusal.value.fix
    start_over(staged)


@PLANTS
@pytest.mark.parametrize("role", ["snapshot", "brakes", "rollout"])
def test_an_object_planted_at_the_next_number_does_not_stop_a_refresh(
    published: Project, role: str, plant: Plant
) -> None:
    published.now += timedelta(days=10)
    plant(published, next_key(published, role))
    before = live(published).versions
    refresh(published)
    assert live(published).timestamp.signed.expires > published.now
    assert live(published).versions["snapshot"] > before["snapshot"]


@PLANTS
def test_an_object_planted_at_the_next_targets_does_not_stop_a_change_of_keys(published: Project, plant: Plant) -> None:
    plant(published, next_key(published, "targets"))
    new = replace_key(published, "channels-ben", lost=True)
    stage_keys(published)
    sign_role_as(published, "targets", ("targets-ana", "targets-ben"))
    sign_role_as(published, ROLE, ("channels-ana", new))
    promote_keys(published)
    assert live(published).targets.signed.version == 3


# --- root


@PLANTS
def test_what_lies_in_the_place_of_the_next_root_is_named_with_who_may_delete_it(
    published: Project, plant: Plant
) -> None:
    key = metadata_key("root", 2)
    plant(published, key)
    assert named_by_verify(published, key)
    before = tree(published.bucket)

    def recover() -> object:
        return survey_bucket(published.storage(), published.root, published.catalog.signers)

    for act in (recover, lambda: published.publish("1.1.0")):
        with pytest.raises(VerificationError, match=f"{key} is where the next root belongs") as refusal:
            act()
        assert refusal.value.fix.startswith(f"have the holder of the break-glass identity delete {key}")
    assert tree(published.bucket) == before
    delete(published, key)
    assert audited(published).sound
    published.publish("1.1.0")


def delete(project: Project, key: str) -> None:
    path = project.bucket / key
    if path.is_dir():
        (path / "x").unlink()
        path.rmdir()
    else:
        path.unlink()


def test_a_chain_of_more_than_sixty_four_roots_is_followed_to_its_end(published: Project) -> None:
    last = grow_roots(published, 70)
    assert [root.signed.version for root in follow_roots(reader(published.storage()), published.root)][-1] == last
    assert audited(published).sound


def test_a_chain_of_roots_without_end_is_refused(published: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.channel.repository.MAX_ROOTS", 5)
    grow_roots(published, 5)
    with pytest.raises(VerificationError, match="more than 5 roots follow the trusted one") as refusal:
        live(published)
    assert refusal.value.fix == "give a later root.json that you trust"
    assert not audited(published).sound


def grow_roots(project: Project, count: int) -> int:
    """Roots that differ in nothing but their number, signed as they should be."""
    root = live(project).root
    for _ in range(count):
        root.signed.version += 1
        root.signatures.clear()
        for name in ("root-ana", "root-ben"):
            root.sign(project.key(name), append=True)
        put(project, metadata_key("root", root.signed.version), root.to_bytes())
    return root.signed.version


@pytest.mark.parametrize("role", ["root", "snapshot"])
def test_an_old_number_that_nobody_signed_is_not_taken_for_proven(published: Project, role: str) -> None:
    """A later root is trusted, and 1.root.json is not what it was; or an old snapshot was exchanged."""
    published.publish("1.1.0")
    grow_roots(published, 2)
    trusted = (published.bucket / metadata_key("root", 3)).read_bytes()
    source = StoreSource(published.storage())
    assert audit(source, trusted, published.now).sound
    data = json.loads((published.bucket / metadata_key(role, 1)).read_bytes())
    for signature in data["signatures"]:
        signature["sig"] = "00" * 64
    put(published, metadata_key(role, 1), json.dumps(data).encode())
    found = audit(source, trusted, published.now)
    assert [one.where for one in found.findings if one.level == "error"] == [metadata_key(role, 1)]


# --- the ledger


@pytest.mark.parametrize("plant", [garbage, huge, folder, link])
@pytest.mark.parametrize("ahead", [1, 7, 99_999_999])
def test_an_object_planted_in_the_ledger_does_not_stop_it(published: Project, ahead: int, plant: Plant) -> None:
    last = read_ledger(published.storage()).head.number
    key = ledger_key(last + ahead if ahead < 100 else ahead)
    plant(published, key)
    published.publish("1.1.0")
    refresh(published)
    assert offered(published) == "1.1.0"
    _, check = verify_ledger(published.storage(), published.root, published.catalog.signers)
    assert {one.where.removesuffix("/x") for one in check.findings} == {key}
    if plant is not garbage or ahead > 1000:
        delete(published, key)
        _, check = verify_ledger(published.storage(), published.root, published.catalog.signers)
        assert check.sound, "what entries passed by leaves no gap that speaks against them"


def test_an_entry_that_was_removed_is_still_missed(published: Project) -> None:
    """Passing by strangers' numbers must not excuse a hole."""
    published.publish("1.1.0")
    numbers = [one.number for one in read_ledger(published.storage()).logged]
    (published.bucket / ledger_key(numbers[-2])).unlink()
    _, check = verify_ledger(published.storage(), published.root, published.catalog.signers)
    assert any("comes after a gap" in one.what for one in check.findings)


# --- plain names


def test_files_planted_under_the_next_version_are_told_before_anything_is_written(published: Project) -> None:
    key = release_key("node", "1.1.0", "node-1.1.0-linux-amd64.tar.gz")
    put(published, key, b"evil")
    assert named_by_verify(published, key)
    published.add_release("1.1.0")
    before = tree(published.bucket)
    with pytest.raises(StorageConflict) as refusal:
        published.plan(published.request("1.1.0"))
    assert refusal.value.what == f"{key} already exists with different content; it was not changed"
    assert refusal.value.fix == (
        "publish under a new version, since published files never change; if this one was never published, somebody"
        " else wrote them: the holder of the break-glass identity may delete everything below releases/node/1.1.0/"
    )
    assert tree(published.bucket) == before
    published.publish("1.2.0")
    assert offered(published) == "1.2.0"
    (published.bucket / key).unlink()
    assert audited(published).sound


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("SHA256SUMS", b" " * (SMALL + 1)),
        ("SHA256SUMS", b"garbage"),
        ("SHA256SUMS.minisig", b"untrusted comment: x\n"),
        ("node.exe", b"evil"),
        ("deeper/node.exe", b"evil"),
    ],
)
def test_whatever_is_planted_under_a_version_that_nobody_published_refutes_the_channel(
    published: Project, file: str, data: bytes
) -> None:
    key = release_key("node", "9.9.9", file)
    put(published, key, data)
    assert named_by_verify(published, key)


def test_planted_files_of_the_same_size_do_not_ship(published: Project) -> None:
    built = published.build("1.1.0") / "node-1.1.0-linux-amd64.tar.gz"
    key = release_key("node", "1.1.0", built.name)
    put(published, key, b"x" * built.stat().st_size)
    with pytest.raises(StorageConflict, match="already exists with different content"):
        published.publish("1.1.0")
    assert offered(published) == "1.0.0"


def test_files_planted_while_people_sign_are_told_at_promotion(staged: Project) -> None:
    staged.approve("1.1.0")
    put(staged, release_key("node", "1.1.0", "release.json"), b"evil")
    with pytest.raises(TidegateError, match="already exists with different content"):
        promote(staged)
    assert offered(staged) == "1.0.0"
    delete(staged, release_key("node", "1.1.0", "release.json"))
    stage(staged, "1.1.0", Supersede.ANY)
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"
