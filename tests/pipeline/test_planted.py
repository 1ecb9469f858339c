"""Whoever can write into the bucket plants candidates, signatures and ways back: nothing of it is signed or ships."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Snapshot, TargetFile, Targets, Timestamp

from publisher.channel.advance import to_bytes
from publisher.channel.layout import back_key, metadata_key
from publisher.channel.roles import BASE_FIELD, BASIS_FIELD, RELEASE_FIELD
from publisher.errors import (
    RefusedByPolicy,
    StorageConflict,
    TidegateError,
    VerificationError,
)
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.candidates.review import sign
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.rollback import plan_rollback
from publisher.pipeline.release.stage import Supersede
from publisher.wire.stopping.withdrawn import BACK_FIELD, WITHDRAWN_FIELD
from publisher.wire.version import Version
from tests.support.approving import ROLE, edit, promote, refused, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import live, offered, plant, point, put, sign_unseen, start_over
from tests.support.project import Project, tree


def is_refused(project: Project, error: type[TidegateError], words: str, act: Callable[[], object]) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        act()
    assert tree(project.bucket) == before


# --- what a review does not show is not signed


def delegate(signed: Targets, project: Project) -> None:
    key = project.key("brakes-ben").public_key
    paths = ["artifacts/node/stable/*/*", "feed/node/stable/*"]
    signed.delegations = Delegations(
        {key.keyid: key}, {"evil": DelegatedRole("evil", [key.keyid], 1, terminating=True, paths=paths)}
    )


def add_a_file(signed: Targets, _project: Project) -> None:
    path = "artifacts/node/stable/9.9.9/evil.tar.gz"
    signed.targets[path] = TargetFile(4, {"sha256": "0" * 64}, path)


def drop_a_platform(signed: Targets, _project: Project) -> None:
    del signed.targets["feed/node/stable/windows-amd64.json"]


def live_long(signed: Targets, _project: Project) -> None:
    signed.expires = signed.expires.replace(year=9999)


def jump(signed: Targets, _project: Project) -> None:
    signed.version = 2**31 - 1


def fall_behind(signed: Targets, _project: Project) -> None:
    signed.version = 1


def add_a_field(signed: Targets, _project: Project) -> None:
    signed.unrecognized_fields["x-evil"] = "hello"


def pose_as_a_way_back(signed: Targets, _project: Project) -> None:
    signed.unrecognized_fields[BACK_FIELD] = "1.1.0"


def withdraw_what_is_live(signed: Targets, _project: Project) -> None:
    signed.unrecognized_fields[WITHDRAWN_FIELD] = ["1.0.0"]


def withdraw_nonsense(signed: Targets, _project: Project) -> None:
    signed.unrecognized_fields[WITHDRAWN_FIELD] = "everything"


def hide_in_the_basis(signed: Targets, _project: Project) -> None:
    signed.unrecognized_fields[BASIS_FIELD]["more"] = "hello"


@pytest.mark.parametrize(
    "change",
    [
        delegate,
        add_a_file,
        drop_a_platform,
        live_long,
        jump,
        fall_behind,
        add_a_field,
        pose_as_a_way_back,
        withdraw_what_is_live,
        withdraw_nonsense,
        hide_in_the_basis,
    ],
)
def test_a_candidate_that_says_more_than_its_release_is_neither_shown_nor_shipped(
    staged: Project, change: Callable[[Targets, Project], None]
) -> None:
    metadata = staged.staged().candidate.with_signatures(())
    change(metadata.signed, staged)
    plant(staged, to_bytes(metadata))
    is_refused(staged, TidegateError, "candidate", lambda: staged.review("1.1.0"))
    sign_unseen(staged, "channels-ana", "channels-ben")
    refused(staged, TidegateError, "candidate")
    stage(staged, "1.1.0", Supersede.ANY)
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"


@pytest.mark.parametrize("value", [1.5, float("nan"), "\ud800", [[[1.5]]]])
def test_what_has_no_canonical_form_is_a_damaged_candidate(staged: Project, value: object) -> None:
    payload = json.loads(to_bytes(staged.staged().candidate.with_signatures(())))
    payload["signed"]["x-evil"] = value
    plant(staged, json.dumps(payload).encode())
    is_refused(staged, VerificationError, "is not TUF metadata", lambda: staged.review("1.1.0"))


@pytest.mark.parametrize("field", [RELEASE_FIELD, BASE_FIELD])
def test_fields_that_reach_a_terminal_hold_what_they_should(staged: Project, field: str) -> None:
    metadata = staged.staged().candidate.with_signatures(())
    metadata.signed.unrecognized_fields[field] = "\x1b[2J1.1.0\nApproved by ana and ben"
    plant(staged, to_bytes(metadata))
    is_refused(staged, VerificationError, "does not say what it", lambda: staged.review("1.1.0"))


def test_a_role_that_delegates_is_not_read(staged: Project) -> None:
    """Nobody's candidate can do it any more; so here the people of the role themselves did."""
    metadata = live(staged).roles[ROLE]
    delegate(metadata.signed, staged)
    metadata.signatures.clear()
    for name in ("channels-ana", "channels-ben"):
        metadata.sign(staged.key(name), append=True)
    put(staged, metadata_key(ROLE, 1), to_bytes(metadata))
    announce(staged, to_bytes(metadata))
    with pytest.raises(VerificationError, match="delegates to others"):
        live(staged)


def announce(project: Project, data: bytes) -> None:
    """Snapshot and timestamp for other bytes of the channel's role."""
    path = project.bucket / metadata_key("snapshot", 1)
    snapshot: Metadata[Snapshot] = Metadata.from_bytes(path.read_bytes())
    meta = snapshot.signed.meta[f"{ROLE}.json"]
    meta.length, meta.hashes = len(data), {"sha256": hashlib.sha256(data).hexdigest()}
    snapshot.sign(project.key("snapshot-ben"))
    put(project, metadata_key("snapshot", 1), to_bytes(snapshot))
    stamp: Metadata[Timestamp] = Metadata.from_bytes((project.bucket / "tuf/metadata/timestamp.json").read_bytes())
    named = stamp.signed.snapshot_meta
    named.length, named.hashes = len(to_bytes(snapshot)), {"sha256": hashlib.sha256(to_bytes(snapshot)).hexdigest()}
    stamp.sign(project.key("timestamp-ben"))
    put(project, "tuf/metadata/timestamp.json", to_bytes(stamp))


# --- ways back


def test_a_staged_release_is_no_way_back(staged: Project) -> None:
    """Policy refuses 1.2.0, which everybody has signed; as the way back of 1.1.0 it would ship all the same."""
    staged.approve("1.1.0")
    promote(staged)
    stage(staged, "1.2.0")
    staged.approve("1.2.0")
    staged.add_listing("2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z")
    refused(staged, RefusedByPolicy, "freeze")
    digest = hashlib.sha256(to_bytes(Metadata(live(staged).roles[ROLE].signed))).hexdigest()
    put(staged, back_key(ROLE, digest), to_bytes(staged.staged().metadata))
    is_refused(staged, VerificationError, "was not signed to take node@1.1.0 back", lambda: roll_back(staged))


@pytest.mark.parametrize("value", ["1.5", "NaN", '"\\ud800"'])
def test_a_way_back_without_canonical_form_is_refused(staged: Project, value: str) -> None:
    staged.approve("1.1.0")
    promote(staged)
    [kept] = (staged.bucket / "back" / ROLE).iterdir()
    put(
        staged,
        str(kept.relative_to(staged.bucket)),
        kept.read_bytes().replace(b'"version":3', b'"version":' + value.encode()),
    )
    is_refused(staged, VerificationError, "is not TUF metadata", lambda: roll_back(staged))


def test_what_was_planted_in_the_place_of_a_way_back_costs_one_more_staging(staged: Project) -> None:
    put(staged, back_key(ROLE, staged.staged().candidate.digest), b"{}")
    staged.approve("1.1.0")
    refused(staged, StorageConflict, "is not the rollback metadata that was signed")
    start_over(staged)
    assert roll_back(staged) == "1.0.0"


def roll_back(project: Project) -> str:
    request = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    where, ring = project.storage(), project.key_ring()
    return plan_rollback(
        request, Version.parse("1.1.0"), project.catalog, project.look(where), ring, project.now, "It stops."
    ).back_to


def test_the_way_back_does_not_depend_on_the_moment_that_somebody_planted(staged: Project) -> None:
    """A policy that asked for no way back held before; a candidate that claims that time has one all the same."""
    earlier = staged.content / "policies"
    earlier.mkdir()
    text = (staged.content / "policy.yaml").read_text()
    (earlier / "1.yaml").write_text(text.replace("freeze:", "approvals: {way_back: false}\nfreeze:", 1))
    edit(staged.content / "policy.yaml", "version: 1\neffective: 2026-01-01", "version: 2\neffective: 2026-11-01")
    staged.forget()
    stage(staged, "1.1.0", Supersede.ANY)
    metadata = staged.staged().candidate.with_signatures(())
    metadata.signed.unrecognized_fields[BASIS_FIELD]["at"] = "2026-05-01T00:00:00Z"
    metadata.signed.version += 1
    files = people_files(staged.storage(), ROLE, staged.staged().candidate.digest)
    key = staged.key("channels-ana")
    stage_as_thief(staged.storage(), ROLE, metadata, files, key, staged.root, staged.now)
    assert staged.review("1.1.0").takes_back_to == "1.0.0"


# --- what was replaced, and what was left


def test_a_candidate_that_was_replaced_does_not_ship_by_its_old_signatures(staged: Project) -> None:
    staged.approve("1.1.0")
    first = staged.staged().candidate.digest
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    assert staged.staged().candidate.digest != first
    point(staged, first)
    refused(staged, StorageConflict, "was replaced on")
    start_over(staged)


def test_a_candidate_that_nobody_staged_does_not_ship(staged: Project) -> None:
    metadata = staged.staged().candidate.with_signatures(())
    metadata.signed.expires -= timedelta(days=1)
    plant(staged, to_bytes(metadata))
    is_refused(staged, StorageConflict, "the ledger has no entry", lambda: staged.review("1.1.0"))
    sign_unseen(staged, "channels-ana", "channels-ben")
    refused(staged, StorageConflict, "the ledger has no entry")


def test_left_metadata_counts_only_with_persons_and_duties(project: Project) -> None:
    project.publish("1.0.0")
    stage(project, "1.1.0")
    project.approve("1.1.0", "channels-ana", "channels-eva", "channels-ben")
    left = project.staged().candidate.with_signatures(())
    for name in ("channels-ana", "channels-eva"):
        left.sign(project.key(name), append=True)
    put(project, metadata_key(ROLE, 2), to_bytes(left))
    refused(project, StorageConflict, "is not what was signed here")
    project.now += timedelta(minutes=5)
    stage(project, "1.1.0", Supersede.ANY)
    project.approve("1.1.0")
    promote(project)
    assert live(project).roles[ROLE].signed.version == 3


def test_files_for_people_are_stored_as_they_were_proven(staged: Project) -> None:
    staged.approve("1.1.0")
    request, storage = PromoteRequest("node", "stable"), staged.storage()
    plan = plan_promote(request, staged.staged(), staged.catalog, staged.look(storage), staged.key_ring(), staged.now)
    [people] = (staged.bucket / "staging" / ROLE).glob(f"{staged.staged().candidate.digest}/people")
    for name in ("SHA256SUMS", "release.json"):
        put(staged, str((people / name).relative_to(staged.bucket)), b"evil\n")
    apply_promote(plan, staged.catalog, storage, lambda: staged.now)
    assert b"evil" not in (staged.bucket / "releases/node/1.1.0/SHA256SUMS").read_bytes()


# --- people


def test_a_statement_from_the_future_hides_none_of_today(staged: Project) -> None:
    """A thief of one key dates a statement far ahead; its owner approves today."""
    future = sign(staged.review("1.1.0"), staged.key("channels-ana"), {}, staged.now + timedelta(days=3000))
    write_objects(future, staged.storage(), silent)
    staged.now += timedelta(minutes=5)
    staged.approve("1.1.0")
    promote(staged)
    assert offered(staged) == "1.1.0"


def test_the_product_is_part_of_what_is_approved(staged: Project) -> None:
    staged.approve("1.1.0")
    edit(staged.config / "products.yaml", "blast_radius: 4", "blast_radius: 1")
    staged.forget()
    refused(staged, StorageConflict, "approved before node changed in products.yaml")
