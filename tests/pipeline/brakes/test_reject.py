"""One person says no to a candidate: nobody ships it any more, whoever has signed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.errors import InputError, SigningError, StorageConflict, StorageError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.brakes.reject import Rejection, RejectPlan, plan_reject, reject, staged_digest
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.release import plan_release
from publisher.pipeline.release.stage import Supersede
from publisher.storage.protocol import Storage
from publisher.wire.version import Version
from tests.support.braking import hold, stopped
from tests.support.project import Project, tree

REASON = "The build lost the migration of the index."


@pytest.fixture
def staged(project: Project) -> Project:
    """1.0.0 is live and 1.1.0 is staged, an hour ago, with everybody's approval."""
    project.publish("1.0.0")
    project.add_release("1.1.0")
    project.stage("1.1.0")
    project.approve("1.1.0")
    project.now += timedelta(hours=1)
    return project


def rejection(project: Project, version: str = "1.1.0") -> Rejection:
    parsed = Version.parse(version)
    digest = staged_digest("node", "stable", parsed, project.look())
    return Rejection("node", "stable", parsed, digest, REASON)


def say_no(project: Project, storage: Storage | None = None) -> RejectPlan:
    where = storage or project.storage()
    return reject(rejection(project), project.catalog, where, project.root, project.key_ring(), lambda: project.now)[0]


def promote(project: Project) -> None:
    request = PromoteRequest("node", "stable")
    plan = plan_promote(request, project.staged(), project.catalog, project.look(), project.key_ring(), project.now)
    apply_promote(plan, project.catalog, project.storage(), lambda: project.now)


def test_a_rejected_candidate_is_neither_approved_nor_promoted_and_it_says_who_said_no_and_why(staged: Project) -> None:
    digest = say_no(staged).rejection.candidate
    assert stopped(staged).rejected == (digest,)
    words = (
        f"candidate {digest[:12]} of node.stable was rejected on Friday 20 November 2026, 13:00 UTC by "
        f'ana (engineering) and ben (operations): "{REASON}"'
    )
    before = tree(staged.bucket)
    for refused in (lambda: promote(staged), lambda: staged.review("1.1.0"), lambda: staged.stage("1.1.0")):
        with pytest.raises(StorageConflict) as caught:
            refused()
        assert caught.value.what == words
        assert caught.value.fix == "stage the release again with a change and --replace; it needs new signatures"
    with pytest.raises(StorageConflict, match="was rejected"):
        plan_release(staged.request("1.1.0"), staged.catalog, staged.look(), staged.key_ring(), staged.now)
    assert tree(staged.bucket) == before
    [candidate] = read_status(staged.look(), staged.catalog, staged.now).candidates
    assert candidate.void == words


def test_one_person_with_a_key_of_brakes_is_enough_and_no_content_is_needed(staged: Project) -> None:
    for key in staged.keys.glob("*.pem"):
        if not key.stem.startswith(("brakes-ben", "snapshot", "timestamp")):
            key.unlink()
    (staged.content / "policy.yaml").write_text("not: content")
    assert say_no(staged).rejection.candidate in stopped(staged).rejected


def test_the_ledger_has_the_no_with_its_reason(staged: Project) -> None:
    plan = say_no(staged)
    ledger, check = verify_ledger(staged.storage(), staged.root, staged.catalog.signers)
    entry = ledger.logged[-1].entry
    assert check.sound and entry is not None and entry.public is not None
    assert (entry.action, entry.candidate, entry.because, str(entry.version), entry.visibility) == (
        LedgerAction.REJECT,
        plan.rejection.candidate,
        REASON,
        "1.1.0",
        "public",
    )
    assert verify_channel(StoreSource(staged.storage()), staged.root, staged.now).sound


def test_the_same_release_staged_anew_is_another_candidate_that_can_ship(staged: Project) -> None:
    digest = say_no(staged).rejection.candidate
    staged.stage("1.1.0", supersede=Supersede.ANY)
    assert staged.staged().candidate.digest != digest
    staged.approve("1.1.0")
    promote(staged)
    assert staged.look().offered("node", "stable")["linux-amd64"].release is not None
    assert stopped(staged).rejected == (digest,)
    assert verify_channel(StoreSource(staged.storage()), staged.root, staged.now).sound


def test_rejecting_twice_changes_nothing(staged: Project) -> None:
    say_no(staged)
    before = tree(staged.bucket)
    assert (say_no(staged).already, tree(staged.bucket)) == (True, before)


def test_a_hold_and_a_no_do_not_undo_each_other(staged: Project) -> None:
    held = hold(staged, "1.0.0").brake
    digest = say_no(staged).rejection.candidate
    again = hold(staged, "1.1.0").brake
    assert (stopped(staged).holds, stopped(staged).rejected) == ((held, again), (digest,))


def test_what_is_live_by_then_is_not_rejected(staged: Project) -> None:
    meant = rejection(staged)
    promote(staged)
    before = tree(staged.bucket)
    with pytest.raises(InputError, match="is live already") as caught:
        plan_reject(meant, staged.catalog, staged.look(), staged.key_ring(), staged.now)
    assert "publish hold node@1.1.0 --channel stable" in caught.value.fix
    assert tree(staged.bucket) == before


def test_a_promotion_that_was_planned_before_the_no_loses(staged: Project) -> None:
    request = PromoteRequest("node", "stable")
    plan = plan_promote(request, staged.staged(), staged.catalog, staged.look(), staged.key_ring(), staged.now)
    say_no(staged)
    with pytest.raises(StorageConflict, match="already exists with different content"):
        apply_promote(plan, staged.catalog, staged.storage(), lambda: staged.now)
    with pytest.raises(StorageConflict, match="was rejected"):
        promote(staged)


@pytest.mark.parametrize("version", ["1.0.0", "9.9.9"])
def test_what_is_not_staged_is_not_rejected(staged: Project, version: str) -> None:
    with pytest.raises(InputError, match=r"is not staged: node\.stable is working on 1\.1\.0"):
        rejection(staged, version)


def test_without_a_key_of_brakes_nothing_is_written(staged: Project) -> None:
    for key in staged.keys.glob("brakes-*.pem"):
        key.unlink()
    before = tree(staged.bucket)
    with pytest.raises(SigningError, match="brakes needs 1 signature"):
        say_no(staged)
    assert tree(staged.bucket) == before


def test_before_the_first_release_a_candidate_is_replaced_instead(project: Project) -> None:
    project.add_release("1.0.0")
    project.stage("1.0.0")
    with pytest.raises(StorageError) as caught:
        plan_reject(rejection(project, "1.0.0"), project.catalog, project.look(), project.key_ring(), project.now)
    assert "publish stage --replace" in caught.value.fix


def test_of_a_candidate_that_the_ledger_does_not_tell_of_the_public_is_told_nothing(staged: Project) -> None:
    """Nobody knows whether it is public."""
    meant = replace(rejection(staged), candidate="ab" * 32)
    storage, ring = staged.storage(), staged.key_ring()
    reject(meant, staged.catalog, storage, staged.root, ring, lambda: staged.now)
    entry = verify_ledger(storage, staged.root, staged.catalog.signers)[0].logged[-1].entry
    assert entry is not None
    assert (entry.visibility, entry.public) == ("internal", None)
