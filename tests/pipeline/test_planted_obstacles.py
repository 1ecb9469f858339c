"""Whatever somebody leaves below staging/: a new candidate goes round it, and it hides nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from publisher.channel.advance import to_bytes
from publisher.channel.layout import candidate_key, staging_pointer_key
from publisher.channel.roles import BASIS_FIELD
from publisher.errors import (
    StorageConflict,
    StorageError,
    TidegateError,
    VerificationError,
)
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.candidates.review import sign
from publisher.pipeline.candidates.staged import store_signatures
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.roles.approve import review_role
from publisher.pipeline.roles.renew import find_renewals
from tests.support.approving import ROLE, promote
from tests.support.planting import offered, plant, point, put, start_over
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys

ROOTS = ("root-ana", "root-ben")


def junk_pointer(project: Project) -> None:
    put(project, staging_pointer_key(ROLE), b"{")


def huge_pointer(project: Project) -> None:
    put(project, staging_pointer_key(ROLE), b" " * (SMALL + 1))


def pointer_to_nothing(project: Project) -> None:
    point(project, "0" * 64)


def old_number(project: Project) -> None:
    metadata = project.staged().candidate.with_signatures(())
    metadata.signed.version = 1
    plant(project, to_bytes(metadata))


def bad_signature(project: Project) -> None:
    keyid = project.key("channels-ana").public_key.keyid
    put(
        project, project.staged().candidate.key(f"sig/{keyid}"), json.dumps({"keyid": keyid, "sig": "00" * 64}).encode()
    )


def bad_way_back(project: Project) -> None:
    keyid = project.key("channels-ana").public_key.keyid
    put(project, project.staged().candidate.key(f"back/{keyid}"), b"{}")


@pytest.mark.parametrize(
    "act", [junk_pointer, huge_pointer, pointer_to_nothing, old_number, bad_signature, bad_way_back]
)
def test_whatever_lies_in_staging_a_new_candidate_goes_round_it(
    staged: Project, act: Callable[[Project], None]
) -> None:
    act(staged)
    with pytest.raises((VerificationError, StorageConflict, StorageError)) as refusal:
        approve_and_promote(staged)
    assert "--replace" in refusal.value.fix or "remove it at the store" in refusal.value.fix
    start_over(staged)


def approve_and_promote(project: Project) -> None:
    for name in ("channels-ana", "channels-ben"):
        review = project.review("1.1.0")
        objects = sign(review, project.key(name), {}, project.now)
        store_signatures(objects, project.storage(), review.staged.candidate)
    promote(project)


def nested_shadow(project: Project) -> None:
    keyid = project.key("channels-ana").public_key.keyid
    wrong = json.dumps({"keyid": keyid, "sig": "00" * 64}).encode()
    put(project, project.staged().candidate.key(f"sig/zz/{keyid}"), wrong)


def many_strangers(project: Project) -> None:
    candidate = project.staged().candidate
    for number in range(300):
        keyid = f"{number:064x}"
        put(project, candidate.key(f"sig/{keyid}"), json.dumps({"keyid": keyid, "sig": "00"}).encode())
        put(project, candidate.key(f"attest/{keyid}.20200101T000000Z.json"), b"{}")


def huge_things(project: Project) -> None:
    for name in (f"sig/{'f' * 64}", f"attest/{'f' * 64}.20200101T000000Z.json", "people/big", "people/evil.html"):
        put(project, project.staged().candidate.key(name), b"x" * (SMALL + 1))


@pytest.mark.parametrize("act", [nested_shadow, many_strangers, huge_things])
def test_what_is_heaped_up_beside_signatures_hides_none(staged: Project, act: Callable[[Project], None]) -> None:
    act(staged)
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"
    assert verify_ledger(staged.storage(), staged.root, staged.catalog.signers)[1].sound


# --- changes of keys


def test_a_pointer_that_names_a_release_does_not_hold_up_a_change_of_keys(staged: Project) -> None:
    replace_key(staged, "targets-ana")
    stage_keys(staged)
    point(
        staged,
        json.loads((staged.bucket / staging_pointer_key("targets")).read_bytes())["candidate"],
        "targets",
        release="1.1.0",
    )
    with pytest.raises(StorageConflict, match=r"targets is working on 1\.1\.0"):
        stage_keys(staged)
    finish_change(staged)


@pytest.mark.parametrize("role", ["root", "targets"])
@pytest.mark.parametrize("what", ["old number", "junk pointer", "pointer to nothing", "hidden words", "bad signature"])
def test_whatever_is_planted_for_a_change_of_keys_a_new_candidate_goes_round_it(
    staged: Project, role: str, what: str
) -> None:
    replace_key(staged, "targets-ana")
    stage_keys(staged)
    digest = json.loads((staged.bucket / staging_pointer_key(role)).read_bytes())["candidate"]
    folder = staged.bucket / candidate_key(role, digest, "")
    payload = json.loads((folder / "payload.json").read_bytes())
    if what == "junk pointer":
        put(staged, staging_pointer_key(role), b"{")
    elif what == "pointer to nothing":
        point(staged, "0" * 64, role)
    elif what == "bad signature":
        keyid = staged.key(f"{role}-ben").public_key.keyid
        put(staged, candidate_key(role, digest, f"sig/{keyid}"), json.dumps({"keyid": keyid, "sig": "00"}).encode())
    else:
        if what == "old number":
            payload["signed"]["version"] = 1
        else:
            payload["signed"][BASIS_FIELD] = {"hidden": "words"}
        data = json.dumps(payload).encode()
        planted = hashlib.sha256(data).hexdigest()
        put(staged, candidate_key(role, planted, "payload.json"), data)
        put(staged, candidate_key(role, planted, "decision.json"), (folder / "decision.json").read_bytes())
        point(staged, planted, role)
        with pytest.raises(TidegateError):
            review_role(role, staged.look(), staged.catalog, staged.now)
    staged.now += timedelta(minutes=5)
    finish_change(staged)


def finish_change(project: Project) -> None:
    stage_keys(project, replace=True)
    sign_role_as(project, "root", ROOTS)
    sign_role_as(project, "targets", ("targets-ben", "targets-ana-2"))
    assert promote_keys(project) == 2


def test_one_damaged_pointer_keeps_no_other_role_from_being_renewed(staged: Project) -> None:
    junk_pointer(staged)
    staged.now += timedelta(days=340)
    renewals = find_renewals(staged.look(), staged.catalog, staged.key_ring(), staged.now)
    waiting = {due.role: due.under_way for due in renewals.waiting}
    assert "something unreadable" in str(waiting[ROLE])
    assert {"root", "targets"} <= {staged_role.to_sign.role for staged_role in renewals.staged.roles}
