"""Nothing happens without its entry, no writer's entry is lost, and the ledger of a real channel verifies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.channel.layout import TIMESTAMP_KEY, ledger_key
from publisher.channel.ledger.entries import seal_entry, took_effect
from publisher.errors import StorageConflict, StorageError, TidegateError
from publisher.pipeline import ledger_append as module
from publisher.pipeline.ledger_append import Draft, append, read_ledger, verify_ledger
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.signing.digests import digest_bytes
from publisher.signing.key_files import generate_ed25519, open_signer
from publisher.storage.protocol import Body, ObjectMeta, Storage
from tests.support.flaky import FlakyStorage, Killed
from tests.support.ledger import entries, problems, routine
from tests.support.project import Project, tree

TIMESTAMP = "tuf/metadata/timestamp.json"
MANIFEST = Body.from_bytes(b'{"one": 1}\n')
FULL = StorageError("no room is left")


def refresh(project: Project, storage: Storage) -> None:
    plan_refresh(project.look(storage), project.catalog, project.key_ring(), project.now).apply(storage)


def sign_site(project: Project, storage: Storage) -> None:
    plan = plan_signing(MANIFEST, {}, project.look(storage), project.catalog, project.key_ring(), project.now)
    apply_signing(plan, storage)


def stage(project: Project, storage: Storage) -> None:
    project.add_release("1.1.0")
    plan = plan_stage(project.request("1.1.0"), project.catalog, project.look(storage), project.key_ring(), project.now)
    apply_stage(plan, storage)


def release(project: Project, storage: Storage) -> None:
    project.publish("1.1.0", storage=storage)


CHANGES: dict[str, Callable[[Project, Storage], None]] = {
    "stage": stage,
    "release": release,
    "refresh": refresh,
    "sign the site": sign_site,
}


def test_r17_every_change_of_every_kind_is_in_the_ledger(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, project.storage())
    project.publish("1.1.0")
    project.now += timedelta(hours=30)
    refresh(project, project.storage())
    sign_site(project, project.storage())
    found = entries(project)
    assert [str(one.action) for one in found] == [
        "stage", "release", "stage", "release", "refresh", "sign-site",
    ]  # fmt: skip
    assert [(str(one.version), one.channel) for one in found[:4]] == [
        ("1.0.0", "stable"), ("1.0.0", "stable"), ("1.1.0", "stable"), ("1.1.0", "stable"),
    ]  # fmt: skip
    policy = project.catalog.policy
    assert {(one.policy_version, one.policy_digest) for one in found} == {(policy.version, policy.digest())}
    assert found[4].roles == {"timestamp": 3}
    assert [one.result.version if one.result else 0 for one in found] == [0, 1, 0, 2, 3, 4]
    assert [one.base.version if one.base else 0 for one in found] == [0, 0, 1, 1, 2, 3]
    assert problems(project) == []


def test_r17_the_entry_of_a_flip_is_there_before_the_flip(project: Project) -> None:
    project.publish("1.0.0")
    for change in CHANGES.values():
        project.now += timedelta(hours=30)
        watched = FlakyStorage(project.storage())
        change(project, watched)
        flips = [index for index, done in enumerate(watched.changes) if done == f"replace {TIMESTAMP_KEY}"]
        assert all(watched.changes[flip - 1].startswith("create ledger/") for flip in flips)


def test_r17_the_entry_of_a_staging_comes_once_the_pointer_names_its_candidate(project: Project) -> None:
    """So the last entry names the last candidate, whoever raced for the pointer."""
    project.publish("1.0.0")
    watched = FlakyStorage(project.storage())
    CHANGES["stage"](project, watched)
    assert [done.split("/")[0] for done in watched.changes[-2:]] == ["replace staging", "create ledger"]


def test_a_staging_that_the_ledger_has_not_heard_of_is_not_approved_and_a_rerun_tells_it(project: Project) -> None:
    project.publish("1.0.0")
    watched = FlakyStorage(project.storage())
    CHANGES["stage"](project, watched)
    last = read_ledger(project.storage()).logged[-1]
    (project.bucket / ledger_key(last.number)).unlink()
    version = project.staged().candidate.release
    with pytest.raises(StorageConflict, match="the ledger has no entry"):
        project.review(version)
    before = project.staged().candidate.digest
    CHANGES["stage"](project, project.storage())
    assert project.staged().candidate.digest == before
    project.review(version)


@pytest.mark.parametrize("what", CHANGES)
def test_r17_a_ledger_that_cannot_be_written_stops_the_flip_and_nothing_changes(project: Project, what: str) -> None:
    project.publish("1.0.0")
    project.now += timedelta(hours=30)
    before = tree(project.bucket)

    class Unwritable(FlakyStorage):
        def create(self, key: str, body: Body, meta: ObjectMeta, progress: object = None) -> bool:
            if key.startswith("ledger/"):
                raise FULL
            return self.inner.create(key, body, meta)

    with pytest.raises(StorageError, match="no room is left"):
        CHANGES[what](project, Unwritable(project.storage()))
    after = tree(project.bucket)
    assert {key: after[key] for key in before if not key.startswith("staging/")} == {
        key: data for key, data in before.items() if not key.startswith("staging/")
    }
    assert not [key for key in after.keys() - before.keys() if key.startswith("ledger/")]
    assert problems(project) == []


def test_a_run_without_a_key_for_the_ledger_is_refused_before_it_writes(project: Project) -> None:
    for key in project.keys.iterdir():
        if not key.name.startswith("minisign"):
            key.unlink()
    with pytest.raises(TidegateError, match=r"no key that may sign the ledger is available.*node\.stable"):
        stage(project, project.storage())
    assert tree(project.bucket) == {}


@pytest.fixture
def published(project: Project) -> Project:
    project.publish("1.0.0")
    project.publish("1.1.0")
    assert problems(project) == []
    return project


def test_r17_a_removed_last_flip_is_found(published: Project) -> None:
    (published.bucket / "ledger/00000004.json").unlink()
    [found] = problems(published)
    assert found.startswith(f"{TIMESTAMP} is version 2, which no entry announces")


def test_r17_a_removed_entry_is_found(published: Project) -> None:
    (published.bucket / "ledger/00000003.json").unlink()
    assert problems(published) == ["ledger/00000004.json comes after a gap: entry 3 is missing"]


def test_r17_swapped_entries_are_found(published: Project) -> None:
    one, other = (published.bucket / f"ledger/0000000{number}.json" for number in (2, 4))
    first, second = one.read_bytes(), other.read_bytes()
    one.unlink()
    other.unlink()
    one.write_bytes(second)
    other.write_bytes(first)
    found = problems(published)
    assert "ledger/00000002.json contains entry 4" in found
    assert "ledger/00000004.json contains entry 2" in found


def test_r17_an_entry_by_a_stranger_is_found_and_the_next_writer_goes_on(published: Project) -> None:
    signer = published.catalog.signers.signers[0]
    new = generate_ed25519()
    stranger = new.open(signer.model_copy(update={"public": new.public}))
    storage = published.storage()
    name, data = seal_entry(routine(published, 9), read_ledger(storage).head, published.now, stranger)
    storage.create(name, Body.from_bytes(data), module.PRIVATE)
    published.publish("1.2.0")
    [found] = problems(published)
    assert found.startswith("ledger/00000005.json is signed by a key that this channel has never named")


def test_a_minisign_key_signs_no_entry(published: Project) -> None:
    """It signs whole files, so somebody could be asked to sign one that passes for an entry."""
    [signer] = published.catalog.signers.keys_of("minisign")
    key = open_signer(signer, base=published.keys, passphrase=lambda _name: None)
    append(Draft(routine(published, 9), published.now, key), published.storage())
    [found] = problems(published)
    assert found.startswith("ledger/00000005.json is signed by a key that this channel has never named")


def test_a_key_that_was_named_once_has_signed_what_it_has_signed(published: Project) -> None:
    """signers.yaml names it no more; the roots and targets in the bucket do."""
    signers = published.catalog.signers.model_copy(update={"signers": ()})
    _, found = verify_ledger(published.storage(), published.root, signers)
    assert found.sound
    assert {key.unrecognized_fields["x-tidegate-person"] for keys in found.signers.values() for key in keys} == {
        "ana",
        "ben",
    }


# Runs that die, lose or are repeated.


def test_a_run_that_died_between_entry_and_flip_announces_again(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    flip = _number_of_the_flip(project.base / "twin")
    with pytest.raises(Killed):
        project.publish("1.1.0", storage=FlakyStorage(project.storage(), fail_at=flip))
    assert len(entries(project)) == 4
    project.now += timedelta(hours=1)
    project.publish("1.1.0")
    found = entries(project)
    assert [str(one.action) for one in found] == ["stage", "release", "stage", "release", "release"]
    live = digest_bytes((project.bucket / TIMESTAMP).read_bytes()).sha256
    assert took_effect(found, live) == {2, 5}
    assert problems(project) == []


def _number_of_the_flip(base: Path) -> int:
    twin = Project(base)
    twin.publish("1.0.0")
    watched = FlakyStorage(twin.storage())
    twin.publish("1.1.0", storage=watched)
    return watched.changes.index(f"replace {TIMESTAMP}") + 1


def test_whoever_loses_the_race_for_the_flip_stays_in_the_ledger(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(hours=30)
    storage = project.storage()
    late = plan_refresh(project.look(storage), project.catalog, project.key_ring(), project.now)
    project.publish("1.1.0")
    with pytest.raises(StorageConflict, match="somebody else has just published"):
        late.apply(storage)
    found = entries(project)
    assert [str(one.action) for one in found] == ["stage", "release", "stage", "release", "refresh"]
    live = digest_bytes((project.bucket / TIMESTAMP).read_bytes()).sha256
    assert took_effect(found, live) == {2, 4}
    assert problems(project) == []


def test_publishing_again_and_planning_append_nothing(published: Project) -> None:
    before = tree(published.bucket)
    published.publish("1.1.0")
    published.add_release("1.2.0")
    published.plan(published.request("1.2.0"))
    assert tree(published.bucket) == before


def test_r96_a_directory_keeps_the_ledger_from_other_users(published: Project) -> None:
    modes = {path.stat().st_mode & 0o007 for path in (published.bucket / "ledger").iterdir()}
    assert modes == {0}
    assert (published.bucket / TIMESTAMP).stat().st_mode & 0o004
