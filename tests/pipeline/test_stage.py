"""Candidates: one at a time, taken up again when they say the same, superseded only when asked to."""

from __future__ import annotations

import json
import shutil

import pytest

from publisher.channel.candidates.candidate import is_live
from publisher.channel.repository import read_repository
from publisher.errors import InputError, RefusedByPolicy, SigningError, StorageConflict, VerificationError
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.release.promote import PromotePlan, PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import StagePlan, Supersede, apply_stage, plan_stage
from tests.support.project import Project, tree

ROLE = "node.stable"


def stage(project: Project, version: str, supersede: Supersede = Supersede.NOTHING) -> StagePlan:
    if project.catalog.find("node", version) is None:
        project.add_release(version)
    plan = plan_stage(
        project.request(version),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
        supersede,
    )
    apply_stage(plan, project.storage())
    return plan


def sign(project: Project) -> None:
    project.approve(project.staged().candidate.release)


def promotion(project: Project) -> PromotePlan:
    request = PromoteRequest("node", "stable")
    staged = staged_release(project.storage(), ROLE, project.catalog.signers)
    return plan_promote(request, staged, project.catalog, project.look(), project.key_ring(), project.now)


def promote(project: Project) -> None:
    apply_promote(promotion(project), project.catalog, project.storage(), lambda: project.now)


def visible(project: Project) -> dict[str, bytes]:
    """What the public can be led to: everything but the workshop and targets that nothing lists yet."""
    return {
        key: data
        for key, data in tree(project.bucket).items()
        if not key.startswith(("staging/", "ledger/", "tuf/targets/")) and key != "tuf/metadata/1.root.json"
    }


def test_r79_staging_shows_clients_and_people_nothing(project: Project) -> None:
    project.publish("1.0.0")
    before = visible(project)
    stage(project, "1.1.0")
    assert visible(project) == before
    assert len([key for key in tree(project.bucket) if key.startswith("staging/")]) > 5


def test_r80_a_staged_and_signed_candidate_is_promoted(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    promote(project)
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    assert live.roles[ROLE].signed.version == 1
    assert json.loads((project.bucket / "staging/node.stable/current.json").read_bytes())["candidate"] is None


def test_what_is_promoted_is_exactly_what_was_signed(project: Project) -> None:
    plan = stage(project, "1.0.0")
    sign(project)
    promote(project)
    assert plan.candidate is not None
    assert is_live(plan.candidate, read_repository(reader(project.storage()), project.root))


def test_staging_again_writes_nothing(project: Project) -> None:
    stage(project, "1.0.0")
    before = tree(project.bucket)
    assert stage(project, "1.0.0").nothing_to_do
    assert tree(project.bucket) == before


def test_staging_what_is_live_makes_no_candidate(project: Project) -> None:
    project.publish("1.0.0")
    assert stage(project, "1.0.0").candidate is None


def test_a_second_candidate_is_refused_and_the_first_one_named(project: Project) -> None:
    stage(project, "1.0.0")
    before = tree(project.bucket)
    with pytest.raises(StorageConflict, match=r"node\.stable is working on node 1\.0\.0"):
        stage(project, "1.1.0")
    assert tree(project.bucket) == before


def test_replace_supersedes_a_candidate_and_its_signatures(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    stage(project, "1.1.0", Supersede.ANY)
    staged = staged_release(project.storage(), ROLE, project.catalog.signers)
    assert staged is not None
    assert staged.candidate.release == "1.1.0"
    assert staged.objects() == {}


def test_a_candidate_whose_base_moved_is_refused_until_it_is_rebased(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.2.0")
    stale = staged_release(project.storage(), ROLE, project.catalog.signers)
    assert stale is not None
    stage(project, "1.1.0", Supersede.ANY)
    sign(project)
    promote(project)
    with pytest.raises(StorageConflict, match="has moved on"):
        plan_promote(
            PromoteRequest("node", "stable"),
            stale,
            project.catalog,
            project.look(),
            project.key_ring(),
            project.now,
        )
    stage(project, "1.2.0", Supersede.STALE)
    sign(project)
    promote(project)
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    # 1.2.0 was staged as number 2 before, and 4 was signed to take 1.1.0 back.
    assert live.roles[ROLE].signed.version == 5


def refuse_promotion(project: Project, kind: type[Exception], words: str) -> None:
    before = tree(project.bucket)
    with pytest.raises(kind, match=words):
        promote(project)
    assert tree(project.bucket) == before


def test_an_unsigned_candidate_is_refused(project: Project) -> None:
    stage(project, "1.0.0")
    refuse_promotion(project, SigningError, r"engineering \(ana\).*operations \(ben\); approved so far by nobody")


def test_one_of_two_persons_is_refused(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0", "channels-ana")
    refuse_promotion(project, SigningError, r"operations \(ben\); approved so far by ana \(engineering\)")


def test_two_persons_can_sign_one_after_the_other(project: Project) -> None:
    stage(project, "1.0.0")
    for name in ("channels-ana", "channels-ben"):
        project.approve("1.0.0", name)
    promote(project)


def test_a_signature_over_another_candidate_does_not_count(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    [first] = {path.parent for path in project.bucket.glob("staging/node.stable/*/sig/*")}
    stage(project, "1.1.0", Supersede.ANY)
    [second] = {path.parent for path in project.bucket.glob("staging/node.stable/*/payload.json")} - {first.parent}
    (second / "sig").mkdir()
    for signature in first.iterdir():
        (second / "sig" / signature.name).write_bytes(signature.read_bytes())
    shutil.copytree(first.parent / "attest", second / "attest")
    refuse_promotion(project, SigningError, r"approved so far by nobody")


def test_a_changed_payload_is_refused(project: Project) -> None:
    stage(project, "1.0.0")
    [payload] = project.bucket.glob("staging/node.stable/*/payload.json")
    payload.write_bytes(payload.read_bytes().replace(b"linux", b"linus"))
    refuse_promotion(project, VerificationError, "is not what was staged")


def test_swapped_files_for_people_are_refused(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    [manifest] = project.bucket.glob("staging/node.stable/*/people/release.json")
    manifest.write_text("{}")
    refuse_promotion(project, VerificationError, "does not match what the minisign key has signed")


def test_added_files_for_people_are_not_published(project: Project) -> None:
    """balrog#3836: adding a file to a release skipped the signoff."""
    stage(project, "1.0.0")
    sign(project)
    [folder] = project.bucket.glob("staging/node.stable/*/people")
    for name in ("urgent-fix.exe", "READ-ME-FIRST.minisig"):
        (folder / name).write_bytes(b"run me")
    promote(project)
    published = {path.name for path in (project.bucket / "releases/node/1.0.0").iterdir()}
    assert published & {"urgent-fix.exe", "READ-ME-FIRST.minisig"} == set()


def test_an_exchanged_signature_for_people_is_refused(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    [signature] = project.bucket.glob("staging/node.stable/*/people/node-1.0.0-linux-amd64.tar.gz.minisig")
    signature.chmod(0o600)
    signature.write_bytes(b"untrusted comment: garbage")
    refuse_promotion(project, VerificationError, "does not match what the minisign key has signed")


def test_r40_a_sound_release_does_not_ship_into_a_freeze_that_began_since_staging(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    project.add_listing("2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z")
    refuse_promotion(project, RefusedByPolicy, "freeze")


def test_a_release_that_left_the_content_is_refused(project: Project) -> None:
    stage(project, "1.0.0")
    sign(project)
    (project.content / "releases/node/1.0.0.yaml").unlink()
    project.add_release("1.1.0")
    refuse_promotion(project, InputError, "no longer has it")


def live_twelve_times_as_long(project: Project) -> None:
    """What was staged before is then in the last twelfth of its life, as after eleven months without a signature."""
    channels = project.catalog.signers.roles["channels"]
    project.override(project.with_roles(channels=channels.model_copy(update={"expires": channels.expires * 12.1})))


def test_a_candidate_that_would_strand_clients_is_neither_approved_nor_promoted(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    sign(project)
    live_twelve_times_as_long(project)
    before = tree(project.bucket)
    for act in (promote, sign):
        with pytest.raises(VerificationError, match="which leaves people no time to renew it"):
            act(project)
    assert tree(project.bucket) == before
    old = project.staged().candidate.digest
    stage(project, "1.1.0", Supersede.ANY)
    assert project.staged().candidate.digest != old
    sign(project)
    promote(project)


def test_a_candidate_that_would_strand_clients_is_not_taken_up_again(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    live_twelve_times_as_long(project)
    with pytest.raises(StorageConflict, match=r"1\.1\.0"):
        stage(project, "1.1.0")
