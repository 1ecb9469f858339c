"""Changes of keys and thresholds: staged as a set, signed by people, live at once, and no client is stranded."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root

from publisher.channel.audit.channel import audit
from publisher.channel.layout import metadata_key
from publisher.channel.repository import read_repository
from publisher.errors import InputError, SigningError, StorageConflict, StorageError, TidegateError, VerificationError
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.candidates.review import sign
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.publication.staging_pointer import clear_pointer, point_to, read_pointer_version
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.pipeline.roles.approve import review_role
from publisher.pipeline.roles.change import key_set
from tests.support.asking import offered
from tests.support.flaky import POINTS, FlakyStorage, Killed
from tests.support.project import Project, tree
from tests.support.rotating import add_key, edit_roles, promote_keys, replace_key, sign_role_as, stage_keys

ROOTS = ("root-ana", "root-ben")
TARGETS = ("targets-ana", "targets-ben")


@pytest.fixture
def live(project: Project) -> Project:
    """A project with a release."""
    project.publish("1.0.0")
    return project


def newest_root(project: Project) -> Root:
    repository = read_repository(reader(project.storage()), project.root)
    assert repository is not None
    return repository.root.signed


def refused(project: Project, error: type[TidegateError], words: str) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        promote_keys(project)
    assert tree(project.bucket) == before


def sound(project: Project) -> bool:
    ledger = verify_ledger(project.storage(), project.root, project.catalog.signers)[1]
    return audit(StoreSource(project.storage()), project.root, project.now).sound and ledger.sound


def test_nothing_is_staged_while_the_configuration_holds(live: Project) -> None:
    assert stage_keys(live).roles == ()


def test_the_first_targets_are_signed_before_the_first_release_and_go_live_with_it(project: Project) -> None:
    """So that the keys of targets need never be where releases are published."""
    [first] = stage_keys(project).roles
    assert (first.to_sign.role, first.missing) == ("targets", ("2 more persons",))
    assert any(line.startswith("node.stable: new, 2 of 3") for line in first.difference)
    sign_role_as(project, "targets", TARGETS)
    refused(project, StorageError, "nothing is published here yet")
    for name in TARGETS:
        (project.keys / f"{name}.pem").unlink()
    project.publish("1.0.0")
    assert offered(project, "client") == "1.0.0"
    assert stage_keys(project).roles == ()
    assert sound(project)


def test_first_targets_that_lack_signatures_are_not_taken_along(project: Project) -> None:
    stage_keys(project)
    sign_role_as(project, "targets", TARGETS[:1])
    for name in TARGETS:
        (project.keys / f"{name}.pem").unlink()
    before = tree(project.bucket)
    with pytest.raises(SigningError, match="targets needs 2 signatures, and has 0"):
        project.publish("1.0.0")
    assert tree(project.bucket) == before


def test_first_targets_are_not_taken_along_once_the_configuration_has_changed(project: Project) -> None:
    stage_keys(project)
    sign_role_as(project, "targets", TARGETS)
    edit_roles(project, lambda data: data["roles"]["channels"].update(threshold=3))
    project.publish("1.0.0")
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    delegations = live.targets.signed.delegations
    assert delegations is not None
    assert delegations.roles is not None
    assert delegations.roles["node.stable"].threshold == 3


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_an_online_key_is_replaced_and_clients_old_and_new_follow(live: Project, role: str) -> None:
    assert offered(live, "old client") == "1.0.0"
    replace_key(live, f"{role}-ben")
    assert [staged_role.to_sign.role for staged_role in stage_keys(live).roles] == ["root"]
    sign_role_as(live, "root", ROOTS)
    assert promote_keys(live) == 2
    second = (live.bucket / metadata_key("root", 2)).read_bytes()
    assert offered(live, "old client") == "1.0.0"
    assert offered(live, "new client") == "1.0.0"
    assert offered(live, "client of the second root", second) == "1.0.0"
    assert sound(live)
    assert stage_keys(live).roles == ()
    live.publish("1.1.0")
    assert offered(live, "old client") == "1.1.0"


def test_the_old_key_of_a_role_is_worth_nothing_afterwards(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    old = live.key("timestamp-ben").public_key.keyid
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    assert old not in newest_root(live).roles["timestamp"].keyids


def test_people_who_lost_the_old_key_are_not_stranded_either(live: Project) -> None:
    """The old key cannot sign along, so the root comes first; who asks in that moment waits, and then goes on."""
    assert offered(live, "old client") == "1.0.0"
    replace_key(live, "timestamp-ben", lost=True)
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    assert promote_keys(live) == 2
    assert offered(live, "old client") == "1.0.0"
    assert sound(live)


def test_a_key_of_root_itself_is_replaced(live: Project) -> None:
    new = replace_key(live, "root-ana")
    stage_keys(live)
    sign_role_as(live, "root", ("root-ana", "root-ben"))
    refused(live, SigningError, "root needs 1 more person with a key of the new root")
    sign_role_as(live, "root", (new,))
    assert promote_keys(live) == 2
    assert sound(live)


def test_targets_keys_are_replaced_with_targets_itself(live: Project) -> None:
    assert offered(live, "old client") == "1.0.0"
    new = replace_key(live, "targets-ana")
    assert [staged_role.to_sign.role for staged_role in stage_keys(live).roles] == ["root", "targets"]
    sign_role_as(live, "root", ROOTS)
    sign_role_as(live, "targets", ("targets-ana", "targets-ben"))
    refused(live, SigningError, "targets needs 1 more person")
    sign_role_as(live, "targets", (new,))
    assert promote_keys(live) == 2
    assert offered(live, "old client") == offered(live, "new client", live.root) == "1.0.0"
    assert sound(live)


def test_a_signer_of_a_channel_is_replaced_and_its_role_signed_anew_in_the_same_moment(live: Project) -> None:
    new = replace_key(live, "channels-ben")
    assert [staged_role.to_sign.role for staged_role in stage_keys(live).roles] == ["targets", "node.stable"]
    sign_role_as(live, "targets", TARGETS)
    sign_role_as(live, "node.stable", ("channels-ana",))
    refused(live, SigningError, "node.stable needs 1 more person")
    sign_role_as(live, "node.stable", (new,))
    promote_keys(live)
    assert offered(live, "client") == "1.0.0"
    assert sound(live)


def test_a_threshold_is_raised(live: Project) -> None:
    edit_roles(live, lambda data: data["roles"]["root"].update(threshold=3))
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    refused(live, SigningError, "root needs 1 more person with a key of the new root")
    sign_role_as(live, "root", ("root-eva",))
    promote_keys(live)
    assert newest_root(live).roles["root"].threshold == 3


def test_two_keys_of_one_person_are_one_person(live: Project) -> None:
    """Ana gets a second key for root, and signs with both: she is still one of the two who are needed."""
    new = add_key(live, "root-ana")
    stage_keys(live)
    sign_role_as(live, "root", ("root-ana", new))
    refused(live, SigningError, "root needs 1 more person with a key that is trusted now and 1 more person")


def test_staging_again_keeps_what_was_signed(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    sign_role_as(live, "root", ("root-ana",))
    before = tree(live.bucket)
    assert not stage_keys(live).roles[0].fresh
    assert tree(live.bucket) == before


def test_a_signature_over_an_earlier_candidate_does_not_count(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    edit_roles(live, lambda data: data["roles"]["root"].update(expires="200 d"))
    edit_roles(live, lambda data: data["roles"]["snapshot"].update(threshold=1))
    replace_key(live, "snapshot-ben")
    refused(live, SigningError, "root needs 2 more persons")
    with pytest.raises(StorageConflict, match="root is working on candidate"):
        stage_keys(live)
    stage_keys(live, replace=True)
    refused(live, SigningError, "root needs 2 more persons")


def test_a_root_that_somebody_swapped_in_staging_is_neither_signed_nor_taken(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    [payload] = (live.bucket / "staging/root").glob("*/payload.json")
    data = payload.read_bytes()
    payload.chmod(0o600)
    payload.write_bytes(data.replace(b'"threshold":2', b'"threshold":1'))
    refused(live, VerificationError, "is not what was staged")
    with pytest.raises(VerificationError, match="is not what was staged"):
        review_role("root", live.look(), live.catalog, live.now)


def test_a_thief_of_one_targets_key_cannot_lower_a_threshold(live: Project) -> None:
    edit_roles(live, lambda data: data["roles"]["channels"].update(threshold=1, duties=[]))
    stage_keys(live)
    sign_role_as(live, "targets", ("targets-ana",))
    refused(live, SigningError, "targets needs 1 more person")


def test_a_role_on_which_a_release_waits_is_not_taken_over(live: Project) -> None:
    live.add_release("1.1.0")
    plan = plan_stage(live.request("1.1.0"), live.catalog, live.look(), live.key_ring(), live.now)
    apply_stage(plan, live.storage())
    replace_key(live, "channels-ben")
    with pytest.raises(StorageConflict, match=r"node\.stable is working on 1\.1\.0"):
        stage_keys(live)


def test_who_reads_sees_whose_key_comes_and_whose_goes(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    review_seen = review_role("root", live.look(), live.catalog, live.now)
    added, removed, version = review_seen.difference
    assert added.startswith("timestamp: + ben (automation), ed25519, key ")
    assert removed.startswith("timestamp: - ben (automation), key ")
    assert version.startswith("signed metadata: root version 2, replacing version 1, until ")
    with pytest.raises(SigningError, match="may not sign root"):
        sign(review_seen, live.key("targets-ana"), {}, live.now)


@pytest.mark.parametrize("role", ["root", "targets", "nothing", "node.stable"])
def test_what_is_not_staged_cannot_be_signed(live: Project, role: str) -> None:
    with pytest.raises(InputError, match=r"nothing is staged for|no role nothing is live"):
        review_role(role, live.look(), live.catalog, live.now)


def changes_of_everything(base: Path) -> Project:
    """Keys of timestamp, snapshot, targets and a channel are replaced at once; all have signed."""
    project = Project(base)
    project.publish("1.0.0")
    replace_key(project, "timestamp-ben")
    replace_key(project, "snapshot-ben")
    targets, channel = replace_key(project, "targets-ana"), replace_key(project, "channels-ben")
    stage_keys(project)
    sign_role_as(project, "root", ROOTS)
    sign_role_as(project, "targets", (*TARGETS, targets))
    sign_role_as(project, "node.stable", ("channels-ana", channel))
    return project


@POINTS
def test_killed_anywhere_every_client_finds_what_it_accepts_and_a_rerun_completes(
    tmp_path: Path, first: int, every: int, after: bool
) -> None:
    ready = changes_of_everything(tmp_path / "ready")
    counting = ready.copied(tmp_path / "counting")
    storage = FlakyStorage(counting.storage())
    promote_keys(counting, storage)
    assert len(storage.changes) > 6
    for number in range(first, len(storage.changes) + 1, every):
        where = f"killed {'after' if after else 'before'} change {number}"
        project = ready.copied(tmp_path / f"{number}-{after}")
        assert offered(project, "old client") == "1.0.0"
        with pytest.raises(Killed):
            promote_keys(project, FlakyStorage(project.storage(), fail_at=number, after=after))
        assert offered(project, "old client") == "1.0.0", where
        assert offered(project, "fresh client") == "1.0.0", where
        project.now += timedelta(minutes=5)
        if key_set(project.look(), project.catalog, project.now).roles:
            promote_keys(project)
        assert newest_root(project).version == 2, where
        assert offered(project, "old client") == "1.0.0", where
        assert sound(project), where
        assert stage_keys(project).roles == (), where


def test_every_root_is_signed_by_the_one_before_it(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    second = Metadata[Root].from_file(str(live.bucket / metadata_key("root", 2)))
    Metadata[Root].from_bytes(live.root).signed.verify_delegate("root", second.signed_bytes, second.signatures)


def plant_signature(project: Project, keyid: str) -> None:
    """Somebody with the bucket puts a signature beside the candidate of root."""
    [payload] = (project.bucket / "staging/root").glob("*/payload.json")
    place = payload.parent / "sig" / keyid
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps({"keyid": keyid, "sig": "00" * 64}))


def test_a_strangers_signature_never_gets_into_a_root(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    plant_signature(live, "f" * 64)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    root = json.loads((live.bucket / metadata_key("root", 2)).read_bytes())
    assert "f" * 64 not in {one["keyid"] for one in root["signatures"]}


def test_a_bad_signature_in_somebodys_place_is_not_taken_for_theirs(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    stage_keys(live)
    plant_signature(live, live.key("root-ana").public_key.keyid)
    with pytest.raises(StorageConflict, match="already exists with different content"):
        sign_role_as(live, "root", ("root-ana",))
    refused(live, SigningError, "root needs 2 more persons")


def test_what_somebody_stages_meanwhile_is_not_overwritten_nor_cleared(live: Project) -> None:
    replace_key(live, "timestamp-ben")
    storage = live.storage()
    keys_to_sign = key_set(live.look(storage), live.catalog, live.now)
    held = read_pointer_version(storage, "root")
    stage_keys(live)
    with pytest.raises(StorageConflict):
        point_to(held, storage, "0" * 64)
    clear_pointer("root", "0" * 64, storage)
    digest = keys_to_sign.roles[0].candidate.digest
    assert read_pointer_version(storage, "root").pointer.candidate == digest
    clear_pointer("root", digest, storage)
    assert read_pointer_version(storage, "root").pointer.candidate is None


def test_a_release_says_that_a_change_of_keys_has_to_be_signed_first(live: Project) -> None:
    replace_key(live, "channels-ben")
    live.add_release("1.1.0")
    for name in TARGETS:
        (live.keys / f"{name}.pem").unlink()
    before = tree(live.bucket)
    with pytest.raises(SigningError, match=r"`targets` is not signed for that yet(.|\n)*publish keys stage"):
        live.publish("1.1.0")
    assert tree(live.bucket) == before
