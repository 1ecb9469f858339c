"""Without a key: an older timestamp.json, signed and told of by the ledger, in the place of the newest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.ledger.entries import seal_entry
from publisher.errors import InputError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody, Stamp
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.recover import Recovery, apply_recover, survey_bucket
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import read_status
from tests.pipeline.test_rollback import take_back
from tests.support.flaky import FlakyStorage, Killed
from tests.support.planting import live, offered, put
from tests.support.project import Project, tree


def refresh(project: Project) -> None:
    storage = project.storage()
    plan_refresh(project.look(storage), project.catalog, project.key_ring(), project.now).apply(storage)


@pytest.fixture
def replayed(project: Project) -> Project:
    """1.1.0 was live, and renewed once; that of 1.0.0 lies there again."""
    project.publish("1.0.0")
    older = (project.bucket / TIMESTAMP_KEY).read_bytes()
    project.publish("1.1.0")
    project.now += timedelta(hours=30)
    refresh(project)
    put(project, TIMESTAMP_KEY, older)
    assert offered(project) == "1.0.0"
    return project


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=100)])
@pytest.mark.parametrize("act", [refresh, lambda project: project.publish("1.2.0")], ids=["refresh", "release"])
def test_nobody_signs_an_older_state_anew(
    replayed: Project, act: Callable[[Project], object], later: timedelta
) -> None:
    """The timer would else keep an old build alive for new clients, however long ago it was replaced."""
    replayed.now += later
    timestamp = tree(replayed.bucket)[TIMESTAMP_KEY]
    with pytest.raises(VerificationError, match="is older than entry 4 of the ledger"):
        act(replayed)
    assert tree(replayed.bucket)[TIMESTAMP_KEY] == timestamp


def test_a_rollback_is_not_undone(project: Project) -> None:
    for version in ("1.0.0", "1.1.0"):
        project.publish(version)
    bad = (project.bucket / TIMESTAMP_KEY).read_bytes()
    take_back(project, "1.1.0")
    project.now += timedelta(hours=30)
    refresh(project)
    put(project, TIMESTAMP_KEY, bad)
    with pytest.raises(VerificationError, match="is older than entry 5 of the ledger"):
        refresh(project)


def test_whoever_looks_is_told_and_puts_the_newest_back(replayed: Project) -> None:
    storage, signers = replayed.storage(), replayed.catalog.signers
    assert not read_status(replayed.look(storage), replayed.catalog, replayed.now).sound
    scene = survey_bucket(storage, replayed.root, signers)
    assert not scene.ours
    assert scene.refuted is not None and "is older than entry 4" in scene.refuted
    recovery = Recovery(scene, storage, replayed.root, replayed.catalog, replayed.key_ring(), replayed.now)
    with pytest.raises(InputError, match="cannot be adopted"):
        recovery.adopt()
    plan = recovery.put_back(scene.states[0].head, disown=False)
    assert plan.distrusted == {}, "else whoever can write there could have honest keys removed"
    apply_recover(plan, storage)
    assert offered(replayed) == "1.1.0"
    assert live(replayed).timestamp.signed.version == 4, "clients have seen 3"
    replayed.publish("1.2.0")
    assert verify_ledger(storage, replayed.root, signers)[1].sound


def test_the_audit_of_the_ledger_finds_it(replayed: Project) -> None:
    _, check = verify_ledger(replayed.storage(), replayed.root, replayed.catalog.signers)
    assert [finding.what for finding in check.findings] == [
        "is version 1, which was replaced: entry 4 made version 2 live after it"
    ]


def test_entries_that_nobody_signed_do_not_make_what_is_live_look_old(project: Project) -> None:
    project.publish("1.0.0")
    entry_body = LedgerEntryBody.routine(LedgerAction.REFRESH, project.catalog.policy)
    made_up = Stamp(version=2, sha256="a" * 64)
    for outcomes in ({"result": made_up}, {"base": made_up}):
        head = read_ledger(project.storage()).head
        key = project.key("channels-ana")  # may tell of no such thing
        put(project, *seal_entry(entry_body.model_copy(update=outcomes), head, project.now, key))
    project.now += timedelta(hours=30)
    refresh(project)
    assert live(project).timestamp.signed.version == 2


def test_a_run_that_was_killed_before_its_flip_is_in_nobodys_way(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(hours=30)
    plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
    for _ in range(2):
        with pytest.raises(Killed):
            plan.apply(FlakyStorage(project.storage(), 2))  # the entry, then the timestamp
    assert len(read_ledger(project.storage()).logged) == 4
    refresh(project)
    assert survey_bucket(project.storage(), project.root, project.catalog.signers).ours


UNFINISHED = "announced a change"


def test_a_timer_does_not_undo_the_last_release_for_good(project: Project) -> None:
    """Nothing was planned on it yet, so it looks like a run that was killed; a person knows which it was."""
    project.publish("1.0.0")
    older = (project.bucket / TIMESTAMP_KEY).read_bytes()
    project.publish("1.1.0")
    put(project, TIMESTAMP_KEY, older)
    project.now += timedelta(hours=30)
    with pytest.raises(VerificationError, match=rf"entry 4 of the ledger {UNFINISHED} \(release\)"):
        refresh(project)
    assert (project.bucket / TIMESTAMP_KEY).read_bytes() == older
    project.publish("1.1.0")
    assert offered(project) == "1.1.0"
    refresh(project)


def test_a_timer_does_not_undo_the_last_rollback_for_good(project: Project) -> None:
    for version in ("1.0.0", "1.1.0"):
        project.publish(version)
    bad = (project.bucket / TIMESTAMP_KEY).read_bytes()
    take_back(project, "1.1.0")
    put(project, TIMESTAMP_KEY, bad)
    project.now += timedelta(hours=30)
    with pytest.raises(VerificationError, match=UNFINISHED):
        refresh(project)
    take_back(project, "1.1.0")
    assert offered(project) == "1.0.0"
    refresh(project)


def test_what_was_announced_by_a_killed_run_is_given_up_by_a_person(project: Project) -> None:
    project.publish("1.0.0")
    older = (project.bucket / TIMESTAMP_KEY).read_bytes()
    project.publish("1.1.0")
    put(project, TIMESTAMP_KEY, older)  # as a run leaves it that is killed before the flip
    project.now += timedelta(hours=30)
    with pytest.raises(VerificationError, match=UNFINISHED) as refusal:
        refresh(project)
    status = read_status(project.look(), project.catalog, project.now)
    assert not status.sound
    assert status.unfinished is not None and status.unfinished.what == refusal.value.what
    scene = survey_bucket(project.storage(), project.root, project.catalog.signers)
    recovery = Recovery(scene, project.storage(), project.root, project.catalog, project.key_ring(), project.now)
    certain = next(state for state in scene.states if state.certain)
    assert f"publish recover --disown --entry {certain.head}`" in refusal.value.fix
    apply_recover(recovery.put_back(certain.head, disown=True), project.storage())
    assert offered(project) == "1.0.0"
    refresh(project)
    assert read_status(project.look(), project.catalog, project.now).unfinished is None


def test_a_change_that_is_under_way_does_not_stop_the_timer(project: Project) -> None:
    project.publish("1.0.0")
    older = (project.bucket / TIMESTAMP_KEY).read_bytes()
    project.now += timedelta(hours=30)
    project.publish("1.1.0")
    put(project, TIMESTAMP_KEY, older)  # as it lies there between the entry and the flip
    project.now += timedelta(minutes=59)
    refresh(project)
    assert offered(project) == "1.0.0"
