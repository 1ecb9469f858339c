"""What a release was decided on lies beside its candidate, is signed by its digest, and is decided on again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import Targets

from publisher.channel.candidates.evidence import MANIFEST, evidence_objects
from publisher.channel.roles import BASIS_FIELD, CHANGES_FIELD
from publisher.errors import RefusedByPolicy, StorageConflict, VerificationError
from publisher.evidence.bundle import LIMIT, EvidenceBundle, EvidenceFile
from publisher.evidence.changes import ChangeFacts
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.candidates.offline import Recorder, pack, unpack
from publisher.pipeline.release.approve import review
from publisher.pipeline.release.promote import PromoteRequest, plan_promote
from publisher.pipeline.release.stage import Supersede
from publisher.storage.protocol import Body, ObjectMeta
from tests.support.approving import ROLE, edit, promote, refused, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import offered, put
from tests.support.project import Project, tree

AREAS = """\
    areas:
      - {paths: ["src/dht/**"], change_class: dht}
      - {paths: ["doc/**"], change_class: docs}
"""
SECRET = b"src/dht/node.c\n"
CHANGES = EvidenceBundle.of([EvidenceFile("changes", "changed.txt", SECRET)])
HARMLESS = EvidenceBundle.of([EvidenceFile("changes", "changed.txt", b"doc/start.md\n")])


@pytest.fixture
def proven(project: Project) -> Project:
    """1.0.0 is live; 1.1.0 is staged with what its build changed."""
    project.publish("1.0.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + AREAS)
    project.add_release("1.1.0", change_class="dht")
    stage(project, "1.1.0", evidence=CHANGES)
    return project


def beside(project: Project, name: str = "") -> Path:
    """An object of the candidate's evidence."""
    return project.bucket / project.staged().candidate.key(f"evidence/{name}")


def read_back(project: Project) -> tuple[str, ...]:
    """The changed paths that a promotion decides on."""
    plan = plan_promote(
        PromoteRequest("node", "stable"),
        project.staged(),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
    )
    (changes,) = plan.evidence.of(ChangeFacts)
    assert plan.evidence.given_at == project.now
    return changes.paths


# --- it travels


def test_promote_on_another_machine_decides_from_what_was_staged(proven: Project, tmp_path: Path) -> None:
    proven.approve("1.1.0")
    other = proven.copied(tmp_path / "other")
    shutil.rmtree(proven.base)
    shutil.rmtree(other.base / "artifacts")
    yaml = other.content / "releases/node/1.1.0.yaml"
    edit(yaml, "change_class: dht", "change_class: patch")
    other.forget()
    refused(other, RefusedByPolicy, r"the build changed src/dht/node\.c \(dht\)")
    edit(yaml, "change_class: patch", "change_class: dht")
    other.forget()
    assert read_back(other) == ("src/dht/node.c",)
    promote(other)
    assert offered(other) == "1.1.0"


def test_the_signed_basis_names_the_manifest_and_a_review_shows_its_files(proven: Project) -> None:
    candidate = proven.staged().candidate
    assert candidate.signed.unrecognized_fields[BASIS_FIELD]["evidence"] == CHANGES.digest
    assert candidate.changed_classes == ("dht",)
    shown = "\n".join(proven.review("1.1.0").difference)
    assert f"decided on changed.txt (changes)\n  sha256 {hashlib.sha256(SECRET).hexdigest()}" in shown


def test_nothing_that_was_handed_over_shows_in_what_is_public(proven: Project) -> None:
    proven.approve("1.1.0")
    promote(proven)
    holders = {name for name, data in tree(proven.bucket).items() if SECRET.strip() in data or b"changed.txt" in data}
    assert holders
    assert all(name.startswith("staging/") and "/evidence/" in name for name in holders)


def test_what_was_handed_over_is_stored_as_private(proven: Project) -> None:
    modes = {path.name: path.stat().st_mode & 0o007 for path in beside(proven).iterdir()}
    assert modes == {"manifest.json": 0, hashlib.sha256(SECRET).hexdigest(): 0}


def test_a_candidate_without_evidence_says_nothing_of_it(staged: Project) -> None:
    assert not beside(staged).exists()
    assert "evidence" not in staged.staged().candidate.signed.unrecognized_fields[BASIS_FIELD]


def test_staging_again_goes_on_with_the_same_evidence_and_with_no_other(proven: Project) -> None:
    digest, before = proven.staged().candidate.digest, tree(proven.bucket)
    stage(proven, "1.1.0", evidence=CHANGES)
    assert tree(proven.bucket) == before
    renamed = EvidenceBundle.of([EvidenceFile("changes", "other.txt", SECRET)])
    with pytest.raises(StorageConflict, match="is working on"):
        stage(proven, "1.1.0", evidence=renamed)
    assert tree(proven.bucket) == before
    stage(proven, "1.1.0", Supersede.ANY, evidence=renamed)
    assert proven.staged().candidate.digest != digest


def test_a_killed_staging_that_left_out_the_evidence_is_finished_by_running_it_again(proven: Project) -> None:
    shutil.rmtree(beside(proven))
    stage(proven, "1.1.0", evidence=CHANGES)
    assert read_back_after_approval(proven) == ("src/dht/node.c",)


def read_back_after_approval(project: Project) -> tuple[str, ...]:
    project.approve("1.1.0")
    return read_back(project)


# --- whoever can write to the bucket exchanges it


def lose_the_manifest(project: Project) -> None:
    beside(project, "manifest.json").unlink()


def lose_a_file(project: Project) -> None:
    beside(project, hashlib.sha256(SECRET).hexdigest()).unlink()


def swap_a_file(project: Project) -> None:
    put(project, project.staged().candidate.key("evidence/" + hashlib.sha256(SECRET).hexdigest()), b"doc/start.md\n")


def swap_all(project: Project) -> None:
    """With a manifest that fits."""
    for key, data in evidence_objects(project.staged().candidate, HARMLESS).items():
        put(project, key, data)


def rename_a_file(project: Project) -> None:
    renamed = CHANGES.manifest.replace(b"changed.txt", b"another.txt")
    put(project, project.staged().candidate.key(MANIFEST), renamed)


def spoil_the_manifest(project: Project) -> None:
    put(project, project.staged().candidate.key(MANIFEST), b"{")


def too_large(project: Project) -> None:
    put(project, project.staged().candidate.key("evidence/" + hashlib.sha256(SECRET).hexdigest()), b"x" * (LIMIT + 1))


def endless(project: Project) -> None:
    put(project, project.staged().candidate.key("evidence/" + hashlib.sha256(SECRET).hexdigest()), b"x" * (SMALL + 1))


def lead_elsewhere(project: Project) -> None:
    beside(project, "manifest.json").unlink()
    beside(project, "manifest.json").symlink_to("/etc/passwd")


DAMAGES = [
    lose_the_manifest,
    lose_a_file,
    swap_a_file,
    swap_all,
    rename_a_file,
    spoil_the_manifest,
    too_large,
    endless,
    lead_elsewhere,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_evidence_that_is_not_what_was_staged_is_neither_approved_nor_promoted(
    proven: Project, damage: Callable[[Project], None]
) -> None:
    proven.approve("1.1.0")
    damage(proven)
    refused(proven, VerificationError, "the evidence of candidate")
    before = tree(proven.bucket)
    with pytest.raises(VerificationError, match="the evidence of candidate") as caught:
        proven.review("1.1.0")
    assert "stage it again with --replace" in caught.value.fix
    assert tree(proven.bucket) == before
    stage(proven, "1.1.0", Supersede.ANY, evidence=CHANGES)
    proven.approve("1.1.0")
    promote(proven)
    assert offered(proven) == "1.1.0"


def leave_the_evidence_out(signed: Targets) -> None:
    """As candidates were staged before evidence travelled with them."""
    del signed.unrecognized_fields[BASIS_FIELD]["evidence"]


def name_other_evidence(signed: Targets) -> None:
    signed.unrecognized_fields[BASIS_FIELD]["evidence"] = HARMLESS.digest


def claim_other_classes(signed: Targets) -> None:
    signed.unrecognized_fields[CHANGES_FIELD] = ["docs"]


def claim_no_classes(signed: Targets) -> None:
    del signed.unrecognized_fields[CHANGES_FIELD]


@pytest.mark.parametrize("change", [leave_the_evidence_out, name_other_evidence, claim_other_classes, claim_no_classes])
def test_classes_that_are_not_those_of_the_evidence_are_refused(
    proven: Project, change: Callable[[Targets], None]
) -> None:
    """By somebody with the key of a channel, who lays out evidence that fits."""
    honest = proven.staged().candidate
    metadata, files = honest.with_signatures(()), people_files(proven.storage(), ROLE, honest.digest)
    change(metadata.signed)
    metadata.signed.version += 1
    key = proven.key("channels-ana")
    stage_as_thief(proven.storage(), ROLE, metadata, files, key, proven.root, proven.now)
    bundle = HARMLESS if change is name_other_evidence else CHANGES
    for name, data in evidence_objects(proven.staged().candidate, bundle).items():
        put(proven, name, data)
    before = tree(proven.bucket)
    with pytest.raises(VerificationError, match="names other change classes than its evidence gives"):
        proven.review("1.1.0")
    assert tree(proven.bucket) == before


# --- a machine without network


def test_a_bundle_for_an_offline_machine_carries_it(proven: Project) -> None:
    recorder = Recorder(proven.storage())
    shown = review(proven.release("1.1.0"), "stable", proven.look(recorder), proven.catalog, proven.now)
    _, memory = unpack(pack(ROLE, shown.staged.candidate.digest, recorder.seen), "a bundle")
    again = review(proven.release("1.1.0"), "stable", proven.look(memory), proven.catalog, proven.now)
    assert again.decision == shown.decision
    assert "changed.txt (changes)" in "\n".join(again.difference)
    key = shown.staged.candidate.key("evidence/" + hashlib.sha256(SECRET).hexdigest())
    stat = memory.stat(key)
    assert stat is not None
    memory.replace(key, Body.from_bytes(b"doc/start.md\n"), ObjectMeta(), stat.tag)
    with pytest.raises(VerificationError, match="the evidence of candidate"):
        review(proven.release("1.1.0"), "stable", proven.look(memory), proven.catalog, proven.now)
