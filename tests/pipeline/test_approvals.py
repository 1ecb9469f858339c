"""Approvals: whose count, for how long, for what, and every way in which somebody might fake, share or reuse one."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from publisher.channel.candidates.approval import seal_statement
from publisher.channel.layout import back_key
from publisher.channel.repository import read_repository
from publisher.errors import SigningError, StorageConflict, VerificationError
from publisher.model.config.role import RolePolicy
from publisher.model.records.approval import Statement
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.candidates.review import sign
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from tests.support.approving import (
    ROLE,
    edit,
    make_operator,
    promote,
    refused,
    stage,
)
from tests.support.project import PROOFS, Project


def test_r38_two_people_with_two_duties_ship_a_release(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0", "channels-ana")
    project.approve("1.0.0", "channels-ben")
    promote(project)
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    assert live.roles[ROLE].signed.version == 1


# --- attacks, by name


def test_attack_same_person_with_two_keys(project: Project) -> None:
    make_operator(project, "channels-eva", person="ana")
    stage(project, "1.0.0")
    project.approve("1.0.0", "channels-ana", "channels-eva")
    refused(project, SigningError, r"a person with the duty operations \(ben\); approved so far by ana \(engineering\)")


def test_attack_right_count_but_wrong_duties(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0", "channels-ana", "channels-eva")
    refused(project, SigningError, r"duty operations \(ben\); approved so far by ana \(engineering\) and eva")


def test_attack_signature_over_another_candidate(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    first = project.staged()
    stage(project, "1.1.0", Supersede.ANY)
    second = project.staged().candidate
    for folder in ("sig/", "attest/"):
        for path in (project.bucket / first.candidate.key(folder)).iterdir():
            target = project.bucket / second.key(folder) / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    refused(project, SigningError, "approved so far by nobody")


def test_attack_approval_replayed_after_a_rebase(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.2.0")
    project.approve("1.2.0")
    old = project.staged()
    project.add_release("1.1.0")
    stage(project, "1.1.0", Supersede.ANY)
    project.approve("1.1.0")
    promote(project)
    stage(project, "1.2.0")
    new = project.staged().candidate
    assert new.digest != old.candidate.digest
    for folder in ("sig/", "attest/", "back/"):
        for path in (project.bucket / old.candidate.key(folder)).iterdir():
            target = project.bucket / new.key(folder) / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    refused(project, SigningError, "approved so far by nobody")


def test_attack_expired_signer(project: Project) -> None:
    edit(project.config / "signers.yaml", "- name: channels-ben\n", f"- name: channels-ben\n  until: {UNTIL}\n")
    project.forget()
    stage(project, "1.0.0")
    project.approve("1.0.0")
    project.now += timedelta(hours=2)
    refused(project, SigningError, "the key channels-ben stopped counting at 2026-11-20T13:00:00Z")


UNTIL = "2026-11-20T13:00:00Z"


def test_attack_removed_signer(project: Project) -> None:
    make_operator(project, "channels-eva", person="eva")
    project.publish("1.0.0")
    stage(project, "1.1.0")
    project.approve("1.1.0", "channels-ana", "channels-ben")
    text = (project.config / "signers.yaml").read_text()
    removed = re.sub(r"- name: channels-ben\n(  .*\n)+", "", text)
    assert removed != text
    (project.config / "signers.yaml").write_text(removed)
    project.forget()
    refused(
        project, SigningError, r"duty operations \(eva\); approved so far by ana(.|\n)*does not name it for this role"
    )


def test_attack_threshold_lowered_where_the_bucket_is_trusted_only(project: Project) -> None:
    """What is live asks for one person, as a thief of `targets` would have it; the configuration asks for two."""
    project.override(project.with_roles(channels=RolePolicy(threshold=1, expires=timedelta(days=365))))
    project.publish("1.0.0")
    stage(project, "1.1.0")
    project.approve("1.1.0", "channels-ana")
    project.forget()
    refused(project, SigningError, r"still needs the approval of a person with the duty operations \(ben\)")


def test_attack_candidate_swapped_between_review_and_signing(project: Project) -> None:
    stage(project, "1.0.0")
    read = project.review("1.0.0")
    stage(project, "1.1.0", Supersede.ANY)
    objects = sign(read, project.key("channels-ana"), PROOFS, project.now)
    digest = read.staged.candidate.digest
    assert {planned.key.split("/")[2] for planned in objects} == {digest}
    assert project.staged().candidate.digest != digest
    project.approve("1.1.0", "channels-ben")
    refused(project, SigningError, r"duty engineering \(ana\); approved so far by ben")


def test_attack_statement_about_another_candidate_or_by_another_key(project: Project) -> None:
    stage(project, "1.0.0")
    candidate = project.staged().candidate
    project.approve("1.0.0", "channels-ana")
    ben = project.key("channels-ben")
    for digest, key in (("0" * 64, ben.public_key.keyid), (candidate.digest, "1" * 64)):
        statement = Statement(candidate=digest, key=key, at=project.now)
        name, data = seal_statement(statement, candidate, ben)
        (project.bucket / name).write_bytes(data)
    refused(project, SigningError, "approved so far by ana")


def test_a_signature_without_a_statement_does_not_count(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    for path in (project.bucket / project.staged().candidate.key("attest/")).iterdir():
        path.unlink()
    refused(project, SigningError, "signed without a statement")


def test_junk_among_the_statements_is_nobodys_approval(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    folder = project.bucket / project.staged().candidate.key("attest/")
    for name, junk in (("a.json", "{}"), ("b.json", "[" * 10_000), ("c.json", "x" * 100_000), ("d.json", "\xff")):
        (folder / name).write_bytes(junk.encode("latin-1"))
    promote(project)


# --- what voids


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("policy.yaml", "soft_after: 72 h", "soft_after: 73 h", "under another policy"),
        ("releases/node/1.0.0.yaml", "Version 1.0.0 of", "Version 1.0.0  of", "yaml changed"),
        ("releases/node/1.0.0.yaml", "takes a minute.", "takes a minute!", "yaml changed"),
        (
            "../site_config/endpoints.yaml",
            "https://mirror.btfs.test",
            "https://mirror2.btfs.test",
            "does not match the",
        ),
    ],
)
def test_one_changed_byte_of_notes_policy_or_addresses_voids_approvals(
    project: Project, file: str, old: str, new: str, words: str
) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    edit(project.content / file, old, new)
    project.forget()
    refused(project, StorageConflict, f"{words}(.|\n)*--replace")


def test_one_changed_byte_of_a_file_is_another_candidate(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    before = project.staged().candidate.digest
    binary = next((project.base / "artifacts/1.0.0").glob("*.zip"))
    binary.write_bytes(binary.read_bytes().replace(b"node", b"nodf", 1))
    request = project.request("1.0.0", artifacts=binary.parent)
    plan = plan_stage(
        request,
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
        Supersede.SAME_RELEASE,
    )
    apply_stage(plan, project.storage())
    assert project.staged().candidate.digest != before
    assert project.staged().objects() == {}


def test_recording_when_it_shipped_voids_nothing(project: Project) -> None:
    stage(project, "1.0.0")
    digest = project.release("1.0.0").digest()
    path = project.content / "releases/node/1.0.0.yaml"
    path.write_text(path.read_text() + "shipped_at: 2026-11-20T12:00:00Z\n")
    project.forget()
    assert project.release("1.0.0").digest() == digest


def test_an_approval_counts_for_as_long_as_policy_says(project: Project) -> None:
    stage(project, "1.0.0")
    project.approve("1.0.0")
    project.now += timedelta(days=14)
    refused(project, SigningError, "approvals count for 14 d")
    project.approve("1.0.0")
    promote(project)


def test_an_approval_from_the_future_does_not_count(project: Project) -> None:
    stage(project, "1.0.0")
    for name in ("channels-ana", "channels-ben"):
        objects = sign(project.review("1.0.0"), project.key(name), PROOFS, project.now + timedelta(minutes=6))
        write_objects(objects, project.storage(), silent)
    refused(project, SigningError, "one of the two clocks is wrong")


# --- the way back


def test_r85_the_way_back_is_signed_with_its_release(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    project.approve("1.1.0")
    candidate = project.staged().candidate
    promote(project)
    kept = json.loads((project.bucket / back_key(ROLE, candidate.digest)).read_bytes())
    assert kept["signed"]["version"] == 3
    assert kept["signed"]["x-tidegate-release"] == "1.0.0"
    assert len(kept["signatures"]) == 2


def test_a_release_whose_way_back_is_unsigned_is_refused(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    project.approve("1.1.0")
    for path in (project.bucket / project.staged().candidate.key("back/")).iterdir():
        path.unlink()
    refused(project, SigningError, "the rollback metadata of node@1.1.0 lacks signatures")


def test_an_unreadable_payload_is_refused_before_anybody_signs(project: Project) -> None:
    stage(project, "1.0.0")
    payload = project.bucket / project.staged().candidate.key("payload.json")
    payload.write_bytes(payload.read_bytes().replace(b"1.0.0", b"1.0.9"))
    with pytest.raises(VerificationError, match="is not what was staged"):
        project.review("1.0.0")
